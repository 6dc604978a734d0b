"""Pictures of what the two cards have to cope with."""

from datetime import date, timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.nomos_energy.const import DOMAIN
from simulator import Fault, Household, Step, scenarios
from simulator.households import MODULE_1, MODULE_3
from tests import DAY, pass_time, refresh
from tests.loads.common import a_wallbox, add_load, call

from .pictures import RECENT, Studio, tariff

TODAY = date(2026, 11, 23)
AFTERNOON = "2026-11-23T15:22:00+01:00"
NIGHT = "2026-11-24T03:20:00+01:00"
LENGTHS = (30, 120, 480)
"""Minutes of the windows that are looked for."""

WALLBOX = "input_boolean.wallbox"

PICTURES: dict[str, Any] = {}
"""Pictures by name."""


def picture(function: Any) -> Any:
    """Add a picture; it is called as its function."""
    PICTURES[function.__name__] = function
    return function


# Orders, watched from their beginning: their milestones have dates


def _walk(days: int) -> Any:
    async def walk(studio: Studio) -> None:
        await _watch(studio, scenarios.happy_path(), days)

    return walk


async def _watch(studio: Studio, home: Household, days: float) -> None:
    """Watch an order for some days, until today at noon."""
    studio.freezer.tick(timedelta(days=-days))
    await studio.of(home)
    await pass_time(
        studio.hass, studio.freezer, timedelta(days=days), timedelta(hours=18)
    )


PICTURES |= {
    f"walk_{name}": _walk(days)
    for name, days in {
        "created": 1,
        "placed": 6,
        "check_submitted": 11,
        "check_reviewed": 18,
        "scheduled": 30,
        "installed": 48,
        "activated": 70,
    }.items()
}


@picture
async def walk_appointment_today(studio: Studio) -> None:
    """Show an appointment for today."""
    home = scenarios.happy_path()
    home.timeline = [*home.timeline[:4], *_later(home, 23, 17)]
    await _watch(studio, home, 40)


@picture
async def walk_appointment_missed(studio: Studio) -> None:
    """Show an appointment without an installation after it."""
    home = scenarios.happy_path()
    home.timeline = [*home.timeline[:4], *_later(home, 23, 12)]
    await _watch(studio, home, 40)


def _later(home: Household, after: int, ahead: int) -> list[Step]:
    """Return an appointment, with nothing after it."""
    return [
        Step(
            after=timedelta(days=after),
            status="scheduled",
            appointment_in=timedelta(days=ahead),
        )
    ]


@picture
async def walk_overdue(studio: Studio) -> None:
    """Show a meter that is not active at the expected day."""
    home = scenarios.happy_path()
    home.timeline = home.timeline[:-1]
    await _watch(studio, home, 60)


@picture
async def walk_long_overdue(studio: Studio) -> None:
    """Show an activation that is overdue for more than four weeks."""
    home = scenarios.happy_path()
    home.timeline = home.timeline[:-1]
    await _watch(studio, home, 90)


@picture
async def walk_blocked_details(studio: Studio) -> None:
    """Show an order that waits for details of the meter cabinet."""
    await _watch(studio, scenarios.blocked_then_unblocked(), 8)


@picture
async def walk_blocked_grid_operator(studio: Studio) -> None:
    """Show an order that waits for the grid operator."""
    await _watch(studio, scenarios.blocked_then_unblocked(), 27)


@picture
async def walk_blocked_unknown(studio: Studio) -> None:
    """Show a block for a reason that this version does not know."""
    home = scenarios.happy_path()
    block = Step(after=timedelta(days=5), blocked="a_new_reason")
    home.timeline = [*home.timeline[:2], block]
    await _watch(studio, home, 8)


@picture
async def walk_cancelled(studio: Studio) -> None:
    """Show an order that the customer has cancelled."""
    await _watch(studio, scenarios.cancelled_by_request(), 20)


@picture
async def walk_pre_existing(studio: Studio) -> None:
    """Show the registration of a smart meter that was there before."""
    await _watch(studio, scenarios.pre_existing_then_activated(), 20)


@picture
async def walk_unknown_status(studio: Studio) -> None:
    """Show a status that this version does not know."""
    home = scenarios.happy_path()
    await _watch(studio, home, 11)
    studio.simulator.fail(Fault.UNKNOWN_STATUS)
    await refresh(studio.hass, home)


@picture
async def walk_unavailable(studio: Studio) -> None:
    """Show an order after more than a week without an answer."""
    await _watch(studio, scenarios.happy_path(), 11)
    studio.simulator.fail(Fault.SERVER_ERROR)
    await pass_time(studio.hass, studio.freezer, 8 * DAY, timedelta(hours=18))


# Prices


async def windows(hass: HomeAssistant) -> dict[str, Any]:
    """Return the answers of find_cheapest_window, by minutes; None for a refusal."""
    price = next(
        each
        for each in hass.states.async_all("sensor")
        if "prices" in each.attributes or "payouts" in each.attributes
    )
    answers: dict[str, Any] = {}
    for minutes in LENGTHS:
        data = {
            "entity_id": price.entity_id,
            "duration": {"minutes": minutes},
            "most_expensive": "payouts" in price.attributes,
        }
        answers[str(minutes)] = await _answer(hass, data)
    return {"windows": answers}


async def _answer(hass: HomeAssistant, data: dict[str, Any]) -> Any:

    entry = er.async_get(hass).async_get(data.pop("entity_id"))
    assert entry
    try:
        return await hass.services.async_call(
            DOMAIN,
            "find_cheapest_window",
            {"device_id": entry.device_id, **data},
            blocking=True,
            return_response=True,
        )
    except HomeAssistantError:
        return None


async def _priced(
    studio: Studio, home: Household, moment: str = AFTERNOON
) -> dict[str, Any]:
    studio.at(moment)
    await studio.of(home)
    return await windows(studio.hass)


@picture
async def prices_quarters(studio: Studio) -> dict[str, Any]:
    """Show quarter-hours of both days, with the windows of module 3."""
    return await _priced(studio, tariff())


@picture
async def prices_morning(studio: Studio) -> dict[str, Any]:
    """Show a morning, when tomorrow is not known yet."""
    return await _priced(studio, tariff(), "2026-11-23T09:07:00+01:00")


@picture
async def prices_hours(studio: Studio) -> dict[str, Any]:
    """Show prices by the hour."""
    return await _priced(studio, tariff(hourly=True))


@picture
async def prices_negative(studio: Studio) -> dict[str, Any]:
    """Show prices below zero around noon of both days."""
    for day in (TODAY, TODAY + DAY):
        amounts = [24.0 - 0.9 * max(0, 24 - abs(place - 52)) for place in range(96)]
        studio.simulator.set_prices(day, [round(each - 8, 2) for each in amounts])
    return await _priced(studio, tariff())


@picture
async def prices_gaps(studio: Studio) -> dict[str, Any]:
    """Show gaps in the prices, also at the moment."""
    amounts: list[float | None] = [20.0 + place % 24 for place in range(96)]
    amounts[58:66] = [None] * 8
    studio.simulator.set_prices(TODAY, amounts)
    studio.simulator.set_prices(TODAY + DAY, [None] * 40 + [22.0] * 56)
    return await _priced(studio, tariff())


@picture
async def prices_spring(studio: Studio) -> dict[str, Any]:
    """Show a day with 92 quarter-hours."""
    return await _priced(studio, tariff(), "2027-03-28T15:22:00+02:00")


@picture
async def prices_autumn(studio: Studio) -> dict[str, Any]:
    """Show a day with 100 quarter-hours."""
    return await _priced(studio, tariff(), "2026-10-25T15:22:00+01:00")


@picture
async def prices_standard_only(studio: Studio) -> dict[str, Any]:
    """Show module 3 in a quarter of the year in which all is standard."""
    home = tariff(window_quarters=(1, 2, 3))
    return await _priced(studio, home)


@picture
async def prices_plain(studio: Studio) -> dict[str, Any]:
    """Show a contract without modules, and prices that hardly differ."""
    for day in (TODAY, TODAY + DAY):
        studio.simulator.set_prices(day, [30.0 + place % 2 / 2 for place in range(96)])
    return await _priced(studio, scenarios.smart_already(age=RECENT))


@picture
async def prices_feed_in(studio: Studio) -> dict[str, Any]:
    """Show payouts of a feed-in contract."""
    return await _priced(studio, scenarios.feed_in(age=RECENT))


@picture
async def prices_unavailable(studio: Studio) -> None:
    """Show a contract after three days without an answer."""
    studio.at(AFTERNOON)
    await studio.of(tariff())
    studio.simulator.fail(Fault.SERVER_ERROR)
    await pass_time(studio.hass, studio.freezer, 3 * DAY)


# Planned loads


async def _with_wallbox(
    studio: Studio, until: str = AFTERNOON, **changes: Any
) -> tuple[str, Household, MockConfigEntry]:
    hass = studio.hass
    studio.at("2026-11-23T14:50:00+01:00")
    helpers = {"input_boolean": {"wallbox": {"initial": False}}}
    await async_setup_component(hass, "homeassistant", {})
    await async_setup_component(hass, "input_boolean", helpers)
    home = studio.simulator.add(
        tariff(modules=[], timeline=scenarios.happy_path().timeline)
    )
    home.add_module(MODULE_1)
    home.add_module(MODULE_3)
    entry = await studio.of(home)
    key = await add_load(hass, entry, a_wallbox(home, targets=[WALLBOX], **changes))
    await pass_time(hass, studio.freezer, timedelta(minutes=32), timedelta(minutes=15))
    if until != AFTERNOON:
        await pass_time(hass, studio.freezer, timedelta(hours=10))
        quarter = timedelta(minutes=15)
        await pass_time(hass, studio.freezer, timedelta(hours=2), quarter)
    return key, home, entry


@picture
async def load_planned(studio: Studio) -> dict[str, Any]:
    """Show a wallbox and a boiler that wait for the night."""
    _, home, entry = await _with_wallbox(studio)
    boiler = {
        "name": "Boiler",
        "run_time": {"hours": 4, "minutes": 0},
        "shortest_piece": {"hours": 1, "minutes": 0},
        "earliest": "16:00:00",
        "latest": "15:00:00",
    }
    await add_load(studio.hass, entry, a_wallbox(home, **boiler))
    return await windows(studio.hass)


@picture
async def load_running(studio: Studio) -> dict[str, Any]:
    """Show a wallbox that runs at night."""
    await _with_wallbox(studio, NIGHT)
    return await windows(studio.hass)


@picture
async def load_switched(studio: Studio) -> dict[str, Any]:
    """Show a wallbox that was switched off while it should run."""
    await _with_wallbox(studio, NIGHT)
    await studio.hass.services.async_call(
        "input_boolean", "turn_off", {"entity_id": WALLBOX}, blocking=True
    )
    await studio.hass.async_block_till_done()
    return await windows(studio.hass)


@picture
async def load_provisional(studio: Studio) -> dict[str, Any]:
    """Show a load whose time has no prices yet."""
    studio.simulator.publication_delay = timedelta(days=2)
    await _with_wallbox(studio)
    return await windows(studio.hass)


@picture
async def load_off(studio: Studio) -> dict[str, Any]:
    """Show a load whose planning is off."""
    key, *_ = await _with_wallbox(studio)
    await call(studio.hass, key, "enabled", "turn_off")
    return await windows(studio.hass)


@picture
async def load_cannot_finish(studio: Studio) -> dict[str, Any]:
    """Show a wallbox for which too few hours are cheap enough."""
    await _with_wallbox(studio, upper_price="18,6")
    return await windows(studio.hass)
