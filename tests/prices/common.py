"""Entities, clock and expected prices for the tests of prices and grid fees."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.nomos import BERLIN, HOUR, QUARTER, berlin_day
from custom_components.nomos_energy.prices.optimizer import Pieces
from simulator import Household, Simulator
from simulator.market import prices

TODAY = date(2026, 11, 23)
TOMORROW = date(2026, 11, 24)
BEHIND_THE_GATE = ("price", "payout", "module", "grid_fee", "levies")


def entities(hass: HomeAssistant, home: Household) -> set[str]:
    """Return the keys of a contract's entities that need an open gate."""
    keys = (
        registered.unique_id.removeprefix(f"{home.subscription_id}_")
        for registered in er.async_get(hass).entities.values()
        if registered.unique_id.startswith(home.subscription_id)
    )
    return {key for key in keys if any(word in key for word in BEHIND_THE_GATE)}


def entity_of(hass: HomeAssistant, home: Household, key: str) -> str:
    """Return the entity of a contract, of whichever platform."""
    registry = er.async_get(hass)
    found = registry.async_get_entity_id(
        "sensor", DOMAIN, f"{home.subscription_id}_{key}"
    ) or registry.async_get_entity_id(
        "binary_sensor", DOMAIN, f"{home.subscription_id}_{key}"
    )
    assert found, key
    return found


def state_of(hass: HomeAssistant, home: Household, key: str) -> State:
    """Return the state object of a contract's entity."""
    found = hass.states.get(entity_of(hass, home, key))
    assert found
    return found


def value_of(hass: HomeAssistant, home: Household, key: str = "price") -> str:
    """Return the state of a contract's entity."""
    return state_of(hass, home, key).state


def price_at(simulator: Simulator, home: Household, moment: datetime) -> str:
    """Return the expected state of the price sensor at a moment."""
    day = berlin_day(moment)
    later = moment + timedelta(days=60)
    items = prices(home, day, day, later, simulator.exchange)
    assert items
    length = HOUR if home.hourly else QUARTER
    (amount,) = (
        item["amount"]
        for item in items
        if datetime.fromisoformat(item["timestamp"])
        <= moment
        < datetime.fromisoformat(item["timestamp"]) + length
    )
    return STATE_UNKNOWN if amount is None else str(round(amount / 100, 8))


def price_now(simulator: Simulator, home: Household) -> str:
    """Return the expected state of the price sensor."""
    return price_at(simulator, home, dt_util.utcnow())


def local(text: str) -> datetime:
    """Return a local time (Berlin) as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


async def fire_timers(hass: HomeAssistant) -> None:
    """Fire the timers that are due, and wait for their tasks."""
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


async def move_clock(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, text: str
) -> None:
    """Move the clock to a local time in one step."""
    freezer.move_to(local(text))
    await fire_timers(hass)


def pieces_of(slots: Sequence[int]) -> Pieces:
    """Return the pieces that ascending slots make."""
    begins = [slot for slot in slots if slot - 1 not in slots]
    ends = [slot + 1 for slot in slots if slot + 1 not in slots]
    return tuple(zip(begins, ends, strict=True))
