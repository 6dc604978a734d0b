"""Button that orders a smart meter, where that is possible."""

from datetime import timedelta
import logging

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest

from simulator import Fault, Household, Simulator, scenarios
from simulator.oauth import ORGANISATION, READ_ONLY, Client
from tests import (
    DAY,
    customer_entry,
    key_entry,
    next_start,
    pass_time,
    refresh,
    requests_since,
    start_again,
    state,
    stop,
)
from tests.actions import translations_of
from tests.conftest import SetUp
from tests.orders.common import button, capture_events, steps


def shown(hass: HomeAssistant) -> list[str]:
    """Return the entity IDs of all buttons."""
    return hass.states.async_entity_ids(Platform.BUTTON)


async def press(hass: HomeAssistant, home: Household) -> None:
    """Press the button of a household."""
    await hass.services.async_call(
        "button", "press", {"entity_id": button(hass, home)}, blocking=True
    )
    await hass.async_block_till_done()


async def test_press(hass: HomeAssistant, simulator: Simulator, set_up: SetUp) -> None:
    """Pressing the button orders; then there is nothing left to press."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    heard = capture_events(hass)
    assert shown(hass) == [button(hass, home)]
    found = hass.states.get(shown(hass)[0])
    assert found
    assert found.state == STATE_UNKNOWN
    assert found.name.endswith("Order smart meter")
    requests_since(simulator)
    await press(hass, home)
    assert requests_since(simulator).count("create_meter_order") == 1
    assert home.order
    assert state(hass, home, "order_status") == "created"
    assert heard == steps("not_ordered", "created")
    assert not shown(hass)
    assert button(hass, home) is None


async def test_german(hass: HomeAssistant, simulator: Simulator, set_up: SetUp) -> None:
    """The button has a German name."""
    home = simulator.add(scenarios.no_order())
    hass.config.language = "de"
    await set_up()
    found = hass.states.get(button(hass, home) or "")
    assert found
    assert found.name.endswith("Zähler bestellen")


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("no_order", True),
        # The API tells if the tariff has a smart meter when it is ordered.
        ("unsupported_plan", True),
        ("happy_path", False),
        ("cancelled_by_request", False),
        ("pre_existing_then_activated", False),
        ("smart_already", False),
        ("feed_in", False),
    ],
)
async def test_where_it_is(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    scenario: str,
    expected: bool,
) -> None:
    """The button is only where an order is possible."""
    home = simulator.add(scenarios.ALL[scenario]())
    home.advance(4)
    await set_up()
    assert (button(hass, home) is not None) is expected
    assert len(shown(hass)) is int(expected)


async def test_contract_that_has_ended(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Nothing can be ordered for a contract that has ended."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    home.status = "ended"
    await refresh(hass, home)
    assert button(hass, home) is None
    assert not shown(hass)


async def test_contract_that_begins_later(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """The meter can be ordered before the delivery begins."""
    home = simulator.add(scenarios.no_order(status="pending"))
    await set_up()
    await press(hass, home)
    assert home.order


@pytest.mark.parametrize("login", ["key", "customer"])
async def test_login_that_may_only_read(
    hass: HomeAssistant,
    simulator: Simulator,
    credentials: None,
    set_up: SetUp,
    login: str,
) -> None:
    """A login that may only read has no button."""
    home = simulator.add(scenarios.no_order())
    entry = key_entry(READ_ONLY) if login == "key" else await customer_entry(hass, home)
    await set_up(entry=entry)
    assert entry.state is ConfigEntryState.LOADED
    assert not shown(hass)
    assert button(hass, home) is None


async def test_login_that_may_more_later(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The button comes and goes with the permission of the key."""
    home = simulator.add(scenarios.no_order())
    clients, key = simulator.tokens.clients, ORGANISATION.client_id
    clients[key] = Client(key, scopes=READ_ONLY.scopes)
    await set_up()
    assert not shown(hass)
    clients[key] = ORGANISATION
    await pass_time(hass, freezer, DAY)
    assert shown(hass) == [button(hass, home)]
    clients[key] = Client(key, scopes=READ_ONLY.scopes)
    await pass_time(hass, freezer, DAY)
    assert not shown(hass)
    assert button(hass, home) is None


async def test_other_key(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Reconfiguring with a key that may only read removes the button."""
    home = simulator.add(scenarios.no_order())
    entry = await set_up()
    assert button(hass, home)
    hass.config_entries.async_update_entry(entry, data=dict(key_entry(READ_ONLY).data))
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert not shown(hass)
    assert button(hass, home) is None


async def test_press_in_vain(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A refusal raises the reason, and the button can be pressed again."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    simulator.fail(Fault.SERVER_ERROR, path="/meter-orders")
    with pytest.raises(HomeAssistantError) as caught:
        await press(hass, home)
    assert caught.value.translation_key == "order_failed"
    english, german = await translations_of(hass, caught.value)
    assert str(caught.value) == english != german
    simulator.recover()
    await press(hass, home)
    assert home.order


async def test_press_without_smart_meter(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """An order without a smart meter in the tariff raises that reason."""
    home = simulator.add(scenarios.unsupported_plan())
    await set_up()
    with pytest.raises(HomeAssistantError) as caught:
        await press(hass, home)
    assert caught.value.translation_key == "unsupported_product"


async def test_order_that_was_placed_elsewhere(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """An order that is placed elsewhere removes only the button of its contract."""
    home, other = (simulator.add(scenarios.no_order(index)) for index in (1, 2))
    await set_up()
    home.place_order()
    await pass_time(hass, freezer, DAY)
    assert button(hass, home) is None
    assert shown(hass) == [button(hass, other)]


async def test_new_contract(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A contract that comes later has its button."""
    simulator.add(scenarios.happy_path())
    await set_up()
    assert not shown(hass)
    home = simulator.add(scenarios.no_order())
    await pass_time(hass, freezer, 8 * DAY, timedelta(hours=6))
    assert shown(hass) == [button(hass, home)]
    await press(hass, home)
    assert home.order


async def test_contract_that_comes_back(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A contract that vanishes takes its button with it, and brings it back."""
    home = simulator.add(scenarios.no_order())
    simulator.add(scenarios.happy_path())
    await set_up()
    simulator.remove(home.subscription_id)
    await pass_time(hass, freezer, 8 * DAY, timedelta(hours=6))
    assert not shown(hass)
    assert button(hass, home) is None
    simulator.add(home)
    await pass_time(hass, freezer, 8 * DAY, timedelta(hours=6))
    assert shown(hass) == [button(hass, home)]


# Over a restart


async def test_ordered_while_home_assistant_was_off(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """What was ordered meanwhile can't be ordered again; no dead button is left."""
    home = simulator.add(scenarios.no_order())
    entry = await set_up()
    await stop(hass, entry)
    assert button(hass, home)
    home.place_order()
    await start_again(hass, entry)
    assert button(hass, home) is None
    assert not shown(hass)


async def test_start_while_nomos_is_away(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A renamed button keeps its name when Nomos answers again."""
    home = simulator.add(scenarios.no_order())
    entry = await set_up()
    found = button(hass, home)
    assert found
    er.async_get(hass).async_update_entity(found, new_entity_id="button.order")
    await hass.async_block_till_done()
    await stop(hass, entry)
    simulator.fail(Fault.CONNECTION_RESET)
    await start_again(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert button(hass, home) == "button.order"
    found_state = hass.states.get("button.order")
    assert found_state
    assert found_state.state == STATE_UNAVAILABLE
    await pass_time(hass, freezer, timedelta(hours=2))
    assert button(hass, home) == "button.order"
    simulator.recover()
    await pass_time(hass, freezer, DAY)
    found_state = hass.states.get("button.order")
    assert found_state
    assert found_state.state == STATE_UNKNOWN
    await press(hass, home)
    assert home.order


async def test_next_start(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """The button is there again after a restart, and remembers nothing wrong."""
    home = simulator.add(scenarios.no_order())
    entry = await set_up()
    async with next_start(hass, entry) as (new, _):
        assert await async_setup_component(new, "button", {})
        new.set_state(CoreState.running)
        await press(new, home)
        assert home.order
        assert button(new, home) is None


async def test_no_log(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A button that goes while it is being pressed leaves nothing in the log."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    caplog.clear()
    await press(hass, home)
    assert not [
        record for record in caplog.records if record.levelno >= logging.WARNING
    ]
