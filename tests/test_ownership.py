"""A contract that several accounts have belongs to one config entry at a time."""

from datetime import timedelta
from functools import partial
from itertools import permutations
import json
import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder.history import state_changes_during_period
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.const import CONF_WEBHOOK_ID, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
    recorder,
)
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.nomos_energy.const import DOMAIN
from simulator import READ_ONLY, Client, Fault, Household, Simulator, scenarios
from simulator.webhooks import SIGNATURE, sign

from . import (
    DAY,
    entity_id,
    key_entry,
    logged,
    organisation_entry,
    pass_time,
    requests_since,
    state,
    warnings,
)
from .actions import call, device_id
from .conftest import SetUp

SOON = timedelta(minutes=1)

SECRET = "whsec_0123456789abcdef"

THIRD = Client("third-key")


def first_entry(*homes: Household, **kwargs: Any) -> MockConfigEntry:
    """Return an account that includes some contracts, or all."""
    return organisation_entry(options=_options(homes), **kwargs)


def second_entry(*homes: Household, **options: Any) -> MockConfigEntry:
    """Return an account of another key for the same contracts."""
    return key_entry(
        READ_ONLY, title="Nomos Energy 2", options=_options(homes) | options
    )


def _options(homes: tuple[Household, ...]) -> dict[str, Any]:
    return {"subscriptions": [each.subscription_id for each in homes]} if homes else {}


def owners(hass: HomeAssistant) -> dict[str, list[str]]:
    """Return the entries by subscription ID: of the devices, and of the entities."""
    found: dict[str, set[str]] = {}
    devices = dr.async_get(hass)
    for entity in er.async_get(hass).entities.values():
        device = devices.async_get(entity.device_id or "")
        assert device
        for _, key in device.identifiers:
            found.setdefault(key, set()).update(
                (device.config_entry_id, entity.config_entry_id or "")
            )
    return {key: sorted(each) for key, each in found.items()}


def entity_ids(hass: HomeAssistant, home: Household) -> dict[str, str]:
    """Return the registry IDs of a contract's entities by entity ID."""
    return {
        each.entity_id: each.id
        for each in er.async_get(hass).entities.values()
        if each.unique_id.startswith(home.subscription_id)
    }


async def choose(
    hass: HomeAssistant, entry: MockConfigEntry, *homes: Household
) -> None:
    """Choose other contracts, as a person does."""
    flows = hass.config_entries.flow
    menu = await flows.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )
    form = await flows.async_configure(
        menu["flow_id"], {"next_step_id": "choose_subscriptions"}
    )
    chosen = [each.subscription_id for each in homes]
    result = await flows.async_configure(
        form["flow_id"], {"follow_all": not chosen, "subscriptions": chosen}
    )
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done(wait_background_tasks=True)


async def disable(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Disable an entry, as a person does."""
    await hass.config_entries.async_set_disabled_by(
        entry.entry_id, ConfigEntryDisabler.USER
    )
    await hass.async_block_till_done(wait_background_tasks=True)


async def remove(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Remove an entry, as a person does."""
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.fixture
def homes(simulator: Simulator) -> tuple[Household, Household]:
    """Add two contracts."""
    first, second = (simulator.add(scenarios.happy_path(index)) for index in (1, 2))
    return first, second


@pytest.mark.parametrize("is_chosen", [False, True])
async def test_contract_of_another_entry(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    homes: tuple[Household, Household],
    caplog: pytest.LogCaptureFixture,
    is_chosen: bool,
) -> None:
    """It stays with its entry; the other one leaves it out, and says so once."""
    shared, other = homes
    caplog.set_level(logging.INFO)
    first = await set_up(entry=first_entry(shared))
    simulator.requests.clear()
    second = await set_up(entry=second_entry(*(homes if is_chosen else ())))
    paths = {each.path for each in simulator.requests}
    assert f"/subscriptions/{other.subscription_id}" in paths
    assert f"/subscriptions/{shared.subscription_id}" not in paths
    expected = {
        shared.subscription_id: [first.entry_id],
        other.subscription_id: [second.entry_id],
    }
    assert owners(hass) == expected
    await pass_time(hass, freezer, 8 * DAY, DAY)
    assert owners(hass) == expected
    assert state(hass, shared, "order_status") != STATE_UNAVAILABLE
    line = "Nomos Energy 2 leaves out 1 of its contracts: other entries include them"
    assert logged(caplog).count("leaves out") == 1
    assert line in logged(caplog)

    await remove(hass, second)
    assert owners(hass) == {shared.subscription_id: [first.entry_id]}


@pytest.mark.parametrize("way", ["removed", "disabled and removed", "deselected"])
@pytest.mark.parametrize("is_chosen", [False, True])
async def test_take_over(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    homes: tuple[Household, Household],
    way: str,
    is_chosen: bool,
) -> None:
    """What a person named, placed or disabled stays when the entry changes."""
    shared, other = homes
    last = simulator.add(scenarios.happy_path(3))
    first = await set_up(entry=first_entry(shared, other))
    second = await set_up(entry=second_entry(*((shared, last) if is_chosen else ())))
    devices, entities = dr.async_get(hass), er.async_get(hass)
    area = ar.async_get(hass).async_create("Cellar")
    device = device_id(hass, shared)
    devices.async_update_device(device, area_id=area.id, name_by_user="Mother")
    gate = entities.async_update_entity(
        entity_id(hass, shared, "smart_meter_active"),
        new_entity_id="binary_sensor.meter_of_mother",
        name="Meter",
        icon="mdi:heart",
    )
    off = entity_id(hass, shared, "progress")
    entities.async_update_entity(off, disabled_by=er.RegistryEntryDisabler.USER)
    before = entity_ids(hass, shared)

    if way == "deselected":
        await choose(hass, first, other)
    else:
        if way == "disabled and removed":
            await disable(hass, first)
        await remove(hass, first)
    requests_since(simulator)
    await pass_time(hass, freezer, SOON, timedelta(seconds=5))

    requests = requests_since(simulator)
    assert "list_subscriptions" not in requests
    assert "list_meter_readings" in requests
    expected = {last.subscription_id: [second.entry_id]}
    expected[shared.subscription_id] = [second.entry_id]
    if way == "deselected":
        expected[other.subscription_id] = [first.entry_id]
    elif not is_chosen:
        expected[other.subscription_id] = [second.entry_id]
    assert owners(hass) == expected
    assert entity_ids(hass, shared) == before

    moved = devices.async_get(device)
    assert moved
    assert (moved.area_id, moved.name_by_user) == (area.id, "Mother")
    assert moved.disabled_by is None
    again = entities.async_get("binary_sensor.meter_of_mother")
    assert again
    assert (again.id, again.name, again.icon) == (gate.id, "Meter", "mdi:heart")
    assert state(hass, shared, "smart_meter_active") == "off"
    disabled = entities.async_get(off)
    assert disabled
    assert disabled.disabled_by is er.RegistryEntryDisabler.USER
    order = await call(hass, "get_order", device)
    assert order["order"]["status"] == state(hass, shared, "order_status")

    # It is polled from now on, and nothing goes back by itself.
    shared.advance()
    await pass_time(hass, freezer, 8 * DAY, DAY)
    assert owners(hass) == expected
    order = await call(hass, "get_order", device)
    assert order["order"]["status"] == state(hass, shared, "order_status")


async def test_disabled_entry_keeps_its_contracts(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    homes: tuple[Household, Household],
) -> None:
    """Disabling is no farewell: the contract is there when the entry is enabled."""
    shared, other = homes
    first = await set_up(entry=first_entry(shared))
    second = await set_up(entry=second_entry())
    await disable(hass, first)
    await pass_time(hass, freezer, 8 * DAY, DAY)
    expected = {
        shared.subscription_id: [first.entry_id],
        other.subscription_id: [second.entry_id],
    }
    assert owners(hass) == expected
    await hass.config_entries.async_set_disabled_by(first.entry_id, None)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert owners(hass) == expected
    assert state(hass, shared, "smart_meter_active") == "off"


async def test_taken_over_by_one(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    homes: tuple[Household, Household],
) -> None:
    """Of several entries, one takes the contract over, and keeps it."""
    shared, _ = homes
    simulator.tokens.clients[THIRD.client_id] = THIRD
    first = await set_up(entry=first_entry())
    others = [
        await set_up(entry=second_entry()),
        await set_up(entry=key_entry(THIRD)),
    ]
    assert set(map(tuple, owners(hass).values())) == {(first.entry_id,)}
    await remove(hass, first)
    await pass_time(hass, freezer, SOON, timedelta(seconds=5))
    owned = owners(hass)
    (owner,) = owned[shared.subscription_id]
    assert owner in {each.entry_id for each in others}
    assert state(hass, shared, "smart_meter_active") == "off"

    await pass_time(hass, freezer, 8 * DAY, DAY)
    assert owners(hass) == owned


async def test_back_again(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    homes: tuple[Household, Household],
) -> None:
    """An entry that gave a contract up gets it back once the other one does."""
    shared, other = homes
    first = await set_up(entry=first_entry())
    second = await set_up(entry=second_entry(shared))
    device = device_id(hass, shared)
    for taker, giver, rest in ((second, first, other), (first, second, None)):
        if rest:
            await choose(hass, giver, rest)
            await pass_time(hass, freezer, SOON, timedelta(seconds=5))
            await choose(hass, giver)
        else:
            await remove(hass, giver)
            await pass_time(hass, freezer, SOON, timedelta(seconds=5))
        assert owners(hass) == {
            shared.subscription_id: [taker.entry_id],
            other.subscription_id: [first.entry_id],
        }
        assert device_id(hass, shared) == device
        assert state(hass, shared, "smart_meter_active") == "off"


@pytest.mark.parametrize("order", permutations(range(2)))
async def test_start_of_home_assistant(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    homes: tuple[Household, Household],
    order: tuple[int, int],
) -> None:
    """The order in which entries are set up decides nothing."""
    shared, other = homes
    entries = [
        await set_up(entry=first_entry(shared)),
        await set_up(entry=second_entry()),
    ]
    for entry in entries:
        await hass.config_entries.async_unload(entry.entry_id)
    for place in order:
        await hass.config_entries.async_setup(entries[place].entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
    await pass_time(hass, freezer, 8 * DAY, DAY)
    assert owners(hass) == {
        shared.subscription_id: [entries[0].entry_id],
        other.subscription_id: [entries[1].entry_id],
    }


async def test_registry_decides_over_store(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    homes: tuple[Household, Household],
) -> None:
    """A stored contract is not shown if the registry, say of a backup, differs."""
    shared, other = homes
    first = await set_up(entry=first_entry(shared))
    second = await set_up(entry=second_entry(other))
    assert await hass.config_entries.async_unload(second.entry_id)
    dr.async_get(hass).async_update_device(
        device_id(hass, other), new_config_entry_id=first.entry_id
    )
    simulator.fail(Fault.SERVER_ERROR)
    await hass.config_entries.async_setup(second.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert other.subscription_id not in owners(hass)


async def test_set_up_at_the_same_moment(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    homes: tuple[Household, Household],
) -> None:
    """New entries that read the same contracts at once share nothing."""
    entries = [first_entry(), second_entry()]
    for entry in entries:
        entry.add_to_hass(hass)
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done(wait_background_tasks=True)
    assert [each.state for each in entries] == 2 * [ConfigEntryState.LOADED]
    owned = owners(hass)
    assert owned.keys() == {each.subscription_id for each in homes}
    assert all(len(each) == 1 for each in owned.values())
    for home in homes:
        assert state(hass, home, "smart_meter_active") == "off"
    await pass_time(hass, freezer, 8 * DAY, DAY)
    assert owners(hass) == owned


@pytest.mark.parametrize("order", permutations(range(2)))
async def test_two_devices(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    homes: tuple[Household, Household],
    order: tuple[int, int],
) -> None:
    """Of two devices of a contract, the older one stays, whichever entry comes first.

    A third entry does not take the other one.
    """
    shared, other = homes
    simulator.tokens.clients[THIRD.client_id] = THIRD
    assert await async_setup_component(hass, DOMAIN, {})
    entries = [first_entry(shared), second_entry()]
    for entry in entries:
        entry.add_to_hass(hass)
        dr.async_get(hass).async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={(DOMAIN, shared.subscription_id)},
        )
        freezer.tick(1)
    third = key_entry(THIRD, options=_options((shared,)))
    third.add_to_hass(hass)
    await hass.config_entries.async_setup(third.entry_id)
    for place in order:
        await hass.config_entries.async_setup(entries[place].entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
    assert owners(hass) == {
        shared.subscription_id: [entries[0].entry_id],
        other.subscription_id: [entries[1].entry_id],
    }
    devices = dr.async_get(hass)
    assert not dr.async_entries_for_config_entry(devices, third.entry_id)


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.CONNECTION_RESET])
async def test_take_over_during_an_outage(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    homes: tuple[Household, Household],
    fault: Fault,
) -> None:
    """The contract is taken over at once, and shown when Nomos answers again."""
    shared, _ = homes
    first = await set_up(entry=first_entry(shared))
    second = await set_up(entry=second_entry())
    device = device_id(hass, shared)
    simulator.fail(fault)
    await remove(hass, first)
    await pass_time(hass, freezer, timedelta(hours=3))
    assert device_id(hass, shared) == device
    assert shared.subscription_id not in owners(hass)

    simulator.recover()
    await pass_time(hass, freezer, timedelta(hours=6))
    assert owners(hass)[shared.subscription_id] == [second.entry_id]
    assert device_id(hass, shared) == device
    assert state(hass, shared, "smart_meter_active") == "off"


async def test_take_over_while_not_loaded(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    homes: tuple[Household, Household],
) -> None:
    """Nothing is lost when the other entry is loaded only later."""
    shared, _ = homes
    first = await set_up(entry=first_entry(shared))
    second = await set_up(entry=second_entry())
    device = device_id(hass, shared)
    dr.async_get(hass).async_update_device(device, name_by_user="Mother")
    await hass.config_entries.async_unload(second.entry_id)
    await remove(hass, first)
    assert shared.subscription_id not in owners(hass)
    await hass.config_entries.async_setup(second.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert owners(hass)[shared.subscription_id] == [second.entry_id]
    # Home Assistant restores the device of an entry that is gone.
    assert device_id(hass, shared) == device
    moved = dr.async_get(hass).async_get(device)
    assert moved
    assert moved.name_by_user == "Mother"


async def test_repairs_move_along(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """An issue of the order belongs to the entry that has the contract."""
    shared = simulator.add(scenarios.blocked_then_unblocked())
    shared.advance(2)
    other = simulator.add(scenarios.happy_path(2))
    first = await set_up(entry=first_entry())
    second = await set_up(entry=second_entry())
    issues = ir.async_get(hass)

    def blocked() -> list[Any]:
        return [
            (each.data or {}).get("entry_id")
            for (_, key), each in issues.issues.items()
            if key.startswith("blocked") and each.active
        ]

    assert blocked() == [first.entry_id]
    await choose(hass, first, other)
    assert not blocked()
    await pass_time(hass, freezer, SOON, timedelta(seconds=5))
    assert blocked() == [second.entry_id]


async def test_messages_follow(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    homes: tuple[Household, Household],
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """A message about a contract concerns the entry that has it, and no other."""
    shared, _ = homes
    assert await async_setup_component(hass, "webhook", {})
    first = await set_up(entry=first_entry(shared))
    second = await set_up(entry=second_entry(webhook_secret=SECRET))
    client = await hass_client_no_auth()

    async def deliver(number: int) -> bool:
        """Deliver a message to the second entry; return if it led to a request."""
        event = {
            "id": f"evt_{number}",
            "topic": "meter_order.placed",
            "context": {"subscription": shared.subscription_id},
        }
        body = json.dumps(event).encode()
        now = int(dt_util.utcnow().timestamp())
        requests_since(simulator)
        response = await client.post(
            f"/api/webhook/{second.data[CONF_WEBHOOK_ID]}",
            data=body,
            headers={SIGNATURE: sign(SECRET, body, now)},
        )
        assert response.status == 200
        await pass_time(hass, freezer, timedelta(seconds=5), timedelta(seconds=5))
        return "list_meter_orders" in requests_since(simulator)

    assert not await deliver(1)
    await remove(hass, first)
    await pass_time(hass, freezer, SOON, timedelta(seconds=5))
    assert await deliver(2)


@pytest.mark.usefixtures("recorder_mock")
async def test_history_stays(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """States go on under the same entity, and no statistic changes."""
    from .usage.common import ids, rows

    shared = simulator.add(scenarios.dynamic_tariff())
    first = await set_up(entry=first_entry())
    second = await set_up(entry=second_entry())
    await recorder.get_instance(hass).async_block_till_done()
    found = entity_id(hass, shared, "price")
    before = [await rows(hass, each) for each in ids(shared)]
    assert all(before)
    await remove(hass, first)
    await pass_time(hass, freezer, timedelta(minutes=20), timedelta(minutes=5))
    await recorder.get_instance(hass).async_block_till_done()

    assert owners(hass)[shared.subscription_id] == [second.entry_id]
    assert [await rows(hass, each) for each in ids(shared)] == before
    assert entity_id(hass, shared, "price") == found
    states = await recorder.get_instance(hass).async_add_executor_job(
        partial(
            state_changes_during_period,
            hass,
            dt_util.utc_from_timestamp(0),
            entity_id=found,
        )
    )
    prices = [each.state for each in states[found]]
    assert len(prices) > 1
    assert prices[0] != STATE_UNAVAILABLE != prices[-1]
    assert not warnings(caplog)
