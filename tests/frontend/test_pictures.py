"""Pictures of households that the browser tests show: they are as Home Assistant has them.

`scripts/test tests/frontend/test_pictures.py --snapshot-update` records them again.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from importlib.metadata import requires, version
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.nomos_energy.const import SUBENTRY_COMPARISON
from simulator import Fault, Simulator, scenarios
from tests.conftest import SetUp

from . import card_pictures
from .pictures import FOLDER, RECENT, Studio, store, stored, take, tariff

TESTS = "pytest-homeassistant-custom-component"


def is_pinned() -> bool:
    """Return if this is the Home Assistant whose tests this project pins."""
    pinned = f"{TESTS}=={version(TESTS)}"
    project = Path(__file__).parents[2] / "pyproject.toml"
    return pinned in project.read_text(
        encoding="utf-8"
    ) and f"homeassistant=={version('homeassistant')}" in (requires(TESTS) or ())


type Picture = Callable[[Studio], Awaitable[object]]

NOON = "2026-11-23T12:07:00+01:00"
DAYS = {
    "ordered": 1,
    "placed": 4,
    "details_submitted": 11,
    "approved": 18,
    "scheduled": 30,
    "installation_tomorrow": 41,
    "installed": 45,
    "activated_today": 56.1,
    "activated": 70,
}
"""Days since the order, by the picture of an order without delays."""

PICTURES: dict[str, Picture] = dict(card_pictures.PICTURES)
"""Pictures by name."""


def picture(function: Picture) -> Picture:
    """Add a picture; it is called as its function."""
    PICTURES[function.__name__] = function
    return function


def _order(days: float) -> Picture:
    async def order(studio: Studio) -> None:
        await studio.of(scenarios.happy_path(elapsed=timedelta(days=days)))

    return order


PICTURES |= {name: _order(days) for name, days in DAYS.items()}


@picture
async def blocked_check_missing(studio: Studio) -> None:
    """Order blocked: details of the meter cabinet are missing."""
    await studio.of(scenarios.blocked_then_unblocked(elapsed=timedelta(days=8)))


@picture
async def blocked_grid_operator(studio: Studio) -> None:
    """Order blocked: the grid operator has not registered the contract."""
    await studio.of(scenarios.blocked_then_unblocked(elapsed=timedelta(days=27)))


@picture
async def cancelled(studio: Studio) -> None:
    """Order cancelled by the customer."""
    await studio.of(scenarios.cancelled_by_request(elapsed=timedelta(days=20)))


@picture
async def pre_existing(studio: Studio) -> None:
    """Order cancelled because there is a smart meter already."""
    await studio.of(scenarios.pre_existing_then_activated(elapsed=timedelta(days=20)))


@picture
async def no_order(studio: Studio) -> None:
    """Contract without an order."""
    await studio.of(scenarios.no_order())


@picture
async def smart_already(studio: Studio) -> None:
    """Contract whose meter was smart before it, without an order."""
    await studio.of(scenarios.smart_already(age=RECENT))


@picture
async def feed_in(studio: Studio) -> None:
    """Feed-in contract."""
    await studio.of(scenarios.feed_in(age=RECENT))


@picture
async def two_contracts(studio: Studio) -> None:
    """Two contracts: one with prices, and one that waits for its meter."""
    waiting = scenarios.happy_path(elapsed=timedelta(days=30))
    await studio.of(tariff(), waiting)


@picture
async def unknown_status(studio: Studio) -> None:
    """Order with a status that this version does not know."""
    home = studio.simulator.add(scenarios.happy_path(elapsed=timedelta(days=11)))
    studio.simulator.fail(Fault.UNKNOWN_STATUS)
    await studio.of(home)


@picture
async def unavailable(studio: Studio) -> None:
    """Nomos without an answer since yesterday; the gate keeps its state."""
    home = tariff()
    await studio.of(home)
    studio.simulator.fail(Fault.SERVER_ERROR)
    await studio.wait_until("2026-11-25T12:07:00+01:00")


@picture
async def tariff_with_load(studio: Studio) -> None:
    """Contract with modules 1 and 3, and a wallbox planned for the night."""
    await studio.with_load(tariff())


@picture
async def load_by_hand(studio: Studio) -> None:
    """Planned load whose planning is switched off."""
    home = tariff()
    await studio.with_load(home)
    await studio.hass.services.async_call(
        "switch", "turn_off", {"entity_id": "switch.wallbox_planning"}, blocking=True
    )


@picture
async def savings(studio: Studio) -> None:
    """Costs of some months, and what the tariff saves against that of a neighbour."""
    home = tariff(timedelta(days=90))
    entry = await studio.of(home)
    flows = studio.hass.config_entries.subentries
    flow = await flows.async_init(
        (entry.entry_id, SUBENTRY_COMPARISON), context={"source": SOURCE_USER}
    )
    entered = {
        "name": "Stadtwerke",
        "price": "32,5",
        "subscription": home.subscription_id,
        "changes": {},
    }
    done = await flows.async_configure(flow["flow_id"], entered)
    assert done["type"] is FlowResultType.CREATE_ENTRY, done
    await studio.hass.async_block_till_done(wait_background_tasks=True)


@pytest.fixture
async def studio(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    recorder_mock: object,
) -> Studio:
    """Return a studio in Germany, at noon."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    studio = Studio(hass, simulator, freezer, set_up)
    studio.at(NOON)
    return studio


@pytest.mark.skipif(not is_pinned(), reason="Registries and states differ a little")
@pytest.mark.parametrize("name", PICTURES)
async def test_picture(
    hass: HomeAssistant, studio: Studio, request: pytest.FixtureRequest, name: str
) -> None:
    """A picture is what Home Assistant has today."""
    more = await PICTURES[name](studio)
    taken = take(hass) | (more if isinstance(more, dict) else {})
    assert taken["states"]
    if request.config.getoption("--snapshot-update"):
        store(name, taken)
    assert taken == stored(name)


def test_no_other_pictures() -> None:
    """Pictures that are no longer taken are removed."""
    assert {file.stem for file in FOLDER.glob("*.json")} == PICTURES.keys()
