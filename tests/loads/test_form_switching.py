"""Third step of the form of planned loads: what is switched."""

import json
from pathlib import Path
import shutil
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_USER, SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

import custom_components.nomos_energy as integration
from custom_components.nomos_energy.const import SUBENTRY_PLANNED_LOAD
from simulator import Household, Simulator, scenarios
from tests.conftest import SetUp
from tests.forms import Form, open_load
from tests.loads.common import a_wallbox, enter

BLUEPRINT = "ha-nomos-energy/run_a_switch_by_a_planned_load.yaml"


async def third_step(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry
) -> Form:
    """Return the form of a new load at its third step."""
    form = await open_load(hass, hass_client, entry)
    await form.choose("run_time")
    await form.send(name="Wallbox", run_time={"hours": 3, "minutes": 0})
    await form.send(**form.suggested())
    return form


@pytest.mark.parametrize(
    ("entered", "error"),
    [
        ({"number_on": "16", "number_off": None}, "number_value_missing"),
        ({"number_on": "16", "number_off": "16,0"}, "number_value_missing"),
        ({"number_on": "sixteen"}, "not_a_number"),
        ({"number_on": "1e9"}, "number_out_of_range"),
        ({"number": "sensor.current"}, "number_unusable"),
    ],
)
async def test_number(
    hass: HomeAssistant,
    account: MockConfigEntry,
    home: Household,
    hass_client: ClientSessionGenerator,
    entered: dict[str, Any],
    error: str,
) -> None:
    """The form says what is missing, and shows again what was entered."""
    form = await third_step(hass, hass_client, account)
    right = {"number": "number.box", "number_on": "16", "number_off": "0"}
    wrong = {key: each for key, each in (right | entered).items() if each is not None}
    shown = await form.send(advanced=wrong)
    assert shown["errors"] == {"advanced": error}
    assert form.suggested() == {"advanced": wrong}
    done = await form.send(advanced=right)
    assert done["type"] == "create_entry"


@pytest.mark.parametrize(
    "actions",
    [
        [{"action": "no action"}],
        [{"nonsense": 1}],
        "nonsense",
        [{"device_id": "gone", "domain": "light", "type": "turn_on"}],
    ],
)
@pytest.mark.parametrize("field", ["start_actions", "end_actions"])
async def test_actions(
    hass: HomeAssistant,
    account: MockConfigEntry,
    home: Household,
    hass_client: ClientSessionGenerator,
    actions: Any,
    field: str,
) -> None:
    """Actions that can't run are refused in the form, in its language."""
    form = await third_step(hass, hass_client, account)
    shown = await form.send(advanced={field: actions})
    assert shown["errors"] == {"advanced": "actions_unusable"}
    done = await form.send(advanced={field: [{"delay": "00:00:05"}]})
    assert done["type"] == "create_entry"


async def test_automation_that_switches_the_same(
    hass: HomeAssistant,
    automation_of_ours: None,
    account: MockConfigEntry,
    home: Household,
    hass_client: ClientSessionGenerator,
) -> None:
    """A warning names the automation once; sent again, the form is accepted."""
    form = await third_step(hass, hass_client, account)
    shown = await form.send(targets=["switch.other", "switch.box"])
    assert shown["errors"] == {"targets": "switched_by_automation"}
    assert any("„Wallbox günstig“" in each for each in form.texts("de"))
    done = await form.send(targets=["switch.other", "switch.box"])
    assert done["type"] == "create_entry"


async def test_automation_that_switches_something_else(
    hass: HomeAssistant,
    automation_of_ours: None,
    account: MockConfigEntry,
    home: Household,
    hass_client: ClientSessionGenerator,
) -> None:
    """Nothing is asked about other entities."""
    form = await third_step(hass, hass_client, account)
    done = await form.send(targets=["switch.other"])
    assert done["type"] == "create_entry"


@pytest.fixture
async def automation_of_ours(hass: HomeAssistant, tmp_path: Path) -> None:
    """Set up an automation of our blueprint, in the folder of an import."""
    source = Path(integration.__file__).parents[2] / "blueprints/automation"
    target = tmp_path / "blueprints/automation" / BLUEPRINT
    target.parent.mkdir(parents=True)
    shutil.copy(source / "nomos_energy" / target.name, target)
    hass.config.config_dir = str(tmp_path)
    inputs = {"run_now": "binary_sensor.box_should_run", "targets": ["switch.box"]}
    automation = {
        "alias": "Wallbox günstig",
        "use_blueprint": {"path": BLUEPRINT, "input": inputs},
    }
    assert await async_setup_component(hass, "automation", {"automation": automation})
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("now", "entered", "expected"),
    [
        (
            "2026-11-23T20:00+01:00",
            {"targets": ["input_boolean.box"]},
            "Als Nächstes: morgen 02:00–05:00 Uhr, 9 ct/kWh. Schaltet: Wallbox.",
        ),
        (
            "2026-11-24T01:00+01:00",
            {},
            "Als Nächstes: heute 02:00–05:00 Uhr, 9 ct/kWh. Schaltet: –.",
        ),
        (
            "2026-11-23T12:30+01:00",
            {},
            "Vorläufig: 2026-11-24, 04:00–07:00 Uhr. Schaltet: –.",
        ),
    ],
)
async def test_what_happens_next(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
    now: str,
    entered: dict[str, Any],
    expected: str,
) -> None:
    """The end of the form says when the load runs, and what it switches."""
    freezer.move_to(now)
    hass.config.language = "de"
    hass.states.async_set("input_boolean.box", "off", {"friendly_name": "Wallbox"})
    account = await set_up()
    done = await finished(hass, account, a_wallbox(home, **entered))
    assert german(done).startswith(expected)


async def test_nothing_before_the_meter(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Before the meter is active, the form says that nothing runs."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("installed")
    account = await set_up()
    done = await finished(hass, account, a_wallbox(home))
    assert "freigeschaltet" in german(done)


async def test_no_promise_within_a_limit(
    hass: HomeAssistant, set_up: SetUp, home: Household
) -> None:
    """Where other loads share a limit, the form names no time that they may take."""
    account = await set_up()
    limited = {home.subscription_id: {"power_limit": 11.0}}
    hass.config_entries.async_update_entry(account, options={"contracts": limited})
    done = await finished(hass, account, a_wallbox(home, power="11"))
    assert german(done).startswith("Geplant wird innerhalb der Leistungsgrenze")


async def finished(
    hass: HomeAssistant, entry: MockConfigEntry, entered: dict[str, Any]
) -> SubentryFlowResult:
    """Return the end of the form."""
    flow = await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_PLANNED_LOAD), context={"source": SOURCE_USER}
    )
    done = await enter(hass, flow, entered)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    return done


def german(done: SubentryFlowResult) -> str:
    """Return what the frontend shows at the end of the form."""
    folder = Path(integration.__file__).parent / "translations"
    texts = json.loads((folder / "de.json").read_text("utf-8"))
    planned_load = texts["config_subentries"]["planned_load"]
    text: str = planned_load["create_entry"][done["description"]]
    return text.format(**(done["description_placeholders"] or {}))
