"""Triggers and conditions as the automation editor offers them."""

from collections.abc import Callable, Generator
import sys
from typing import Any

from homeassistant.components.websocket_api.automation import (
    async_get_conditions_for_target,
    async_get_triggers_for_target,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    condition as condition_helper,
    entity_registry as er,
    selector,
    trigger as trigger_helper,
)
from homeassistant.setup import async_setup_component
import pytest

import custom_components.nomos_energy as integration
from custom_components.nomos_energy.condition import CONDITIONS
from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.event_trigger import EventTypeTrigger
from custom_components.nomos_energy.trigger import TRIGGERS
from simulator import Simulator, scenarios
from tests import included, warnings
from tests.automations import device_of, listen
from tests.conftest import SetUp
from tests.loads.common import a_wallbox, add_load
from tests.test_translations import ENGLISH, GERMAN, read

KINDS: dict[str, dict[str, type[Any]]] = {
    "triggers": TRIGGERS,
    "conditions": CONDITIONS,
}


async def descriptions(hass: HomeAssistant, kind: str) -> dict[str, Any]:
    """Return our triggers or conditions as Home Assistant reads their files."""
    for needed in ("homeassistant", "automation", DOMAIN):
        assert await async_setup_component(hass, needed, {})
    helper = trigger_helper if kind == "triggers" else condition_helper
    found = await helper.async_get_all_descriptions(hass)
    prefix = f"{DOMAIN}."
    return {
        key.removeprefix(prefix): description
        for key, description in found.items()
        if key.startswith(prefix)
    }


@pytest.mark.parametrize("kind", KINDS)
async def test_each_is_described(hass: HomeAssistant, kind: str) -> None:
    """Each has a target, fields that can be shown, names and an icon."""
    described = await descriptions(hass, kind)
    assert set(described) == set(KINDS[kind]) == set(read("icons.json")[kind])
    texts = {f"{key}.{each}" for key in described for each in ("name", "description")}
    selectors = set()
    for key, description in described.items():
        (entity,) = description["target"]["entity"]
        assert entity["integration"] == DOMAIN
        for field, content in description["fields"].items():
            texts |= {
                f"{key}.fields.{field}.{each}" for each in ("name", "description")
            }
            chosen: Any = selector.selector(content["selector"])
            if "default" in content and field != "for":
                chosen(content["default"])
            if name := chosen.config.get("translation_key"):
                words = "choices" if "choices" in chosen.config else "options"
                selectors |= {
                    f"selector.{name}.{words}.{each}" for each in chosen.config[words]
                }
    for language in (ENGLISH, GERMAN):
        prefix = f"{kind}."
        assert texts == {
            key.removeprefix(prefix) for key in language if key.startswith(prefix)
        }
        assert selectors <= set(language)


@pytest.mark.parametrize("key", ["order_change", "grid_fee_window"])
def test_options_are_named_like_states(key: str) -> None:
    """A choice has the words of the entity."""
    entity = {
        "order_change": "entity.event.order_update.state_attributes.event_type.state",
        "grid_fee_window": "entity.sensor.grid_fee_window.state",
    }[key]
    for language in (ENGLISH, GERMAN):
        choices = {
            name.rpartition(".")[2]: text
            for name, text in language.items()
            if name.startswith(f"selector.{key}.options.")
        }
        assert choices == {
            name.rpartition(".")[2]: text
            for name, text in language.items()
            if name.startswith(f"{entity}.")
        }


@pytest.mark.parametrize("kind", KINDS)
async def test_offered_for_devices(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    kind: str,
) -> None:
    """The editor offers them for the device of a contract, and of a load."""
    home = simulator.add(scenarios.dynamic_tariff())
    entry = await set_up()
    load = await add_load(hass, entry, a_wallbox(home))
    await descriptions(hass, kind)
    find = (
        async_get_triggers_for_target
        if kind == "triggers"
        else async_get_conditions_for_target
    )
    offered = {
        key: {
            each.removeprefix(f"{DOMAIN}.")
            for each in await find(hass, {"device_id": device_of(hass, key)}, True)
            if each.startswith(f"{DOMAIN}.")
        }
        for key in included(hass)
    }
    assert offered[home.subscription_id] == set(KINDS[kind])
    by_event = {
        key for key, each in TRIGGERS.items() if issubclass(each, EventTypeTrigger)
    }
    assert offered[load] | by_event == set(KINDS[kind]) | by_event


@pytest.mark.parametrize("scenario", ["dynamic_tariff", "happy_path"])
@pytest.mark.parametrize("kind", KINDS)
async def test_rest_on_entities_that_targets_find(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    kind: str,
    scenario: str,
) -> None:
    """No entity behind them is diagnostic, hidden or disabled by default."""
    home = simulator.add(getattr(scenarios, scenario)())
    entry = await set_up()
    if scenario == "dynamic_tariff":
        await add_load(hass, entry, a_wallbox(home))
    for each in KINDS[kind].values():
        keys: frozenset[str] = each.translation_keys
        for found in er.async_get(hass).entities.values():
            if found.platform == DOMAIN and found.translation_key in keys:
                assert found.disabled_by is None, found.entity_id
                assert found.hidden_by is None, found.entity_id
                assert found.entity_category is None, found.entity_id


@pytest.fixture
def without() -> Generator[Callable[[Any, str], None]]:
    """Let a Home Assistant have no such interface."""
    ours = [
        name
        for name in sys.modules
        if name.startswith(f"{integration.__name__}.")
        and name.rpartition(".")[2]
        in ("trigger", "triggers", "condition", "conditions", "event_trigger", "target")
    ]
    kept = {name: sys.modules.pop(name) for name in ours}
    with pytest.MonkeyPatch.context() as patch:
        yield lambda module, name: patch.delattr(module, name)
    for name in list(sys.modules):
        if name in ours:
            del sys.modules[name]
    sys.modules.update(kept)


@pytest.mark.parametrize("missing", ["trigger", "condition"])
async def test_home_assistant_without_the_interface(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    without: Callable[[Any, str], None],
    caplog: pytest.LogCaptureFixture,
    missing: str,
) -> None:
    """The integration is set up all the same, without them."""
    if missing == "trigger":
        without(trigger_helper, "StatelessEntityTriggerBase")
    else:
        without(condition_helper, "EntityStateConditionBase")
    simulator.add(scenarios.smart_already())
    assert await async_setup_component(hass, "automation", {})
    entry = await set_up()
    assert entry.state is ConfigEntryState.LOADED
    # One that is missing does not take the other with it, nor the diagnostics.
    assert (f"{DOMAIN}.order_changed" in hass.data[trigger_helper.TRIGGERS]) is (
        missing != "trigger"
    )
    assert (f"{DOMAIN}.price_is_cheap" in hass.data[condition_helper.CONDITIONS]) is (
        missing != "condition"
    )
    assert (
        warnings(caplog)
        == [message for message in warnings(caplog) if f"no such {missing}s" in message]
        != []
    )


async def test_wrong_options_are_refused(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """An automation with an unknown change is refused, and not silent."""
    home = simulator.add(scenarios.happy_path())
    await set_up()
    target = {"device_id": device_of(hass, home.subscription_id)}
    with pytest.raises(AssertionError):
        await listen(hass, "order_changed", target, change="painted")
    (automation,) = hass.states.async_all("automation")
    assert automation.state == STATE_UNAVAILABLE
