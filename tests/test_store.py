"""Stores: restarts, files and writes."""

from collections.abc import Generator
from datetime import datetime, timedelta
import json
import logging
import os
from pathlib import Path
import stat
from typing import Any

from aiohttp import encode_basic_auth
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.webhook import async_handle_webhook
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    CONF_WEBHOOK_ID,
    EVENT_HOMEASSISTANT_FINAL_WRITE,
    STATE_ON,
    STATE_UNAVAILABLE,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.storage import Store
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.aiohttp import MockRequest
from hypothesis import given, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    mock_storage,
)

from custom_components.nomos_energy.const import DOMAIN, PRICE_UNIT
from custom_components.nomos_energy.disk import from_disk, to_disk
from custom_components.nomos_energy.nomos import (
    Contract,
    MeterOrder,
    Plan,
    Subscription,
)
from custom_components.nomos_energy.prices.store import price_store
from simulator import APP, Fault, Household, Simulator, scenarios
from simulator.webhooks import SIGNATURE, sign
from tests import (
    DAY,
    entity_id,
    included,
    next_start,
    organisation_entry,
    pass_time,
    reauths,
    refresh,
    requests_since,
    start_again,
    state,
    stop,
    warnings,
    writes,
)
from tests.conftest import SetUp
from tests.loads.common import a_wallbox, add_load, load_entity
from tests.nomos.common import ORDER, PLAN, SUBSCRIPTION, price_series

ENTRY_ID = "01KAV0000000000000000000ME"
ACCOUNT = f"{DOMAIN}.{ENTRY_ID}"
KEY = f"{ACCOUNT}.contracts"

FAULTS = [
    Fault.SERVER_ERROR,
    Fault.BAD_GATEWAY,
    Fault.HTML,
    Fault.CONNECTION_RESET,
    Fault.TRUNCATED_JSON,
    Fault.RATE_LIMIT,
]


@pytest.fixture
def hass_storage(request: pytest.FixtureRequest) -> Generator[dict[str, Any]]:
    """Keep the storage in memory, except in tests that read files."""
    if "on_disk" in request.fixturenames:
        yield {}
    else:
        with mock_storage() as stored:
            yield stored


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Give Home Assistant a folder of its own."""
    return str(tmp_path)


@pytest.fixture
def on_disk(tmp_path: Path) -> Path:
    """Return the file that an account is remembered in."""
    (tmp_path / ".storage").mkdir()
    return tmp_path / ".storage" / KEY


@pytest.fixture
def entry() -> MockConfigEntry:
    """Return an entry whose file has a known name."""
    return organisation_entry(entry_id=ENTRY_ID)


def shown(hass: HomeAssistant) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return all that Home Assistant shows of an account.

    Prices change with the time, and not with what happens to the account.
    """
    return {
        found.entity_id: (found.state, dict(found.attributes))
        for found in hass.states.async_all()
        if "price" not in found.entity_id
        and found.attributes.get(ATTR_UNIT_OF_MEASUREMENT) != PRICE_UNIT
    }


# While Nomos is away


@pytest.mark.usefixtures("all_entities_enabled")
@pytest.mark.parametrize("path", [None, "/oauth/token", "/meter-orders"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_restart_while_nomos_is_away(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    fault: Fault,
    path: str | None,
) -> None:
    """All states are restored, and updated once Nomos answers."""
    active, waits = (simulator.add(scenarios.happy_path(index)) for index in (1, 2))
    active.advance_to("activated")
    entry = await set_up()
    waits.advance_to("scheduled")
    await refresh(hass, waits)
    before = shown(hass)
    assert state(hass, active, "smart_meter_active") == STATE_ON
    answered = state(hass, active, "last_update")

    await stop(hass, entry)
    freezer.tick(timedelta(hours=3))
    simulator.fail(fault, path=path)
    await start_again(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert shown(hass) == before

    # The next try comes as soon as after any failure, and not on the next day.
    waits.advance_to("installed")
    simulator.recover()
    await pass_time(hass, freezer, timedelta(minutes=6), timedelta(minutes=1))
    assert state(hass, waits, "order_status") == "installed"
    assert state(hass, active, "last_update") > answered


@pytest.mark.parametrize("status", ["created", "scheduled", "installed", "activated"])
async def test_first_thing_of_a_new_home_assistant(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    status: str,
) -> None:
    """A new process shows the order from its stores alone."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to(status)
    entry = await set_up()
    before = {key: value for key, (value, _) in shown(hass).items()}
    simulator.fail(Fault.CONNECTION_RESET)
    async with next_start(hass, entry) as (new, again):
        await new.async_start()
        await new.async_block_till_done()
        assert again.state is ConfigEntryState.LOADED
        assert {key: value for key, (value, _) in shown(new).items()} == before


async def test_answer_that_is_too_old(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """After a week without an answer only the gate is shown."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("activated")
    entry = await set_up()
    await stop(hass, entry)
    simulator.fail(Fault.SERVER_ERROR)
    freezer.tick(7 * DAY - timedelta(minutes=2))
    await start_again(hass, entry)
    assert state(hass, home, "order_status") == "activated"
    await pass_time(hass, freezer, timedelta(minutes=3), timedelta(minutes=1))
    assert state(hass, home, "order_status") == STATE_UNAVAILABLE

    await stop(hass, entry)
    await start_again(hass, entry)
    assert state(hass, home, "order_status") == STATE_UNAVAILABLE
    assert state(hass, home, "smart_meter_active") == STATE_ON
    simulator.recover()
    await pass_time(hass, freezer, timedelta(minutes=9), timedelta(minutes=1))
    assert state(hass, home, "order_status") == "activated"


async def test_key_that_was_revoked(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A login that stays refused is asked for again; the gate is shown."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("activated")
    entry = await set_up()
    await stop(hass, entry)
    simulator.tokens.clients.clear()
    await start_again(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert not reauths(hass)
    await pass_time(hass, freezer, timedelta(minutes=62), timedelta(minutes=1))
    assert state(hass, home, "smart_meter_active") == STATE_ON
    assert state(hass, home, "order_status") == STATE_UNAVAILABLE
    assert reauths(hass) == 1


async def test_consent_that_was_withdrawn(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    credentials: None,
) -> None:
    """So is a consent that was withdrawn while Home Assistant was off."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("activated")
    redirect = APP.redirect_uris[0]
    code = simulator.authorize(APP.client_id, redirect, customer_id=home.customer_id)
    response = await async_get_clientsession(hass).post(
        f"{os.environ['NOMOS_API_URL'].rstrip('/')}/oauth/token",
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
        },
        headers={"Authorization": encode_basic_auth(APP.client_id, APP.client_secret)},
    )
    token = await response.json()
    entry = await set_up(
        entry=MockConfigEntry(
            domain=DOMAIN,
            unique_id=home.customer_id,
            data={
                "auth_implementation": DOMAIN,
                "token": {**token, "expires_at": dt_util.utcnow().timestamp() + 3600},
            },
        )
    )
    assert state(hass, home, "order_status") == "activated"
    await stop(hass, entry)
    simulator.revoke_consent(home.customer_id)
    freezer.tick(2 * DAY)
    await start_again(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert state(hass, home, "smart_meter_active") == STATE_ON
    assert state(hass, home, "order_status") == STATE_UNAVAILABLE
    assert reauths(hass) == 1


@pytest.mark.parametrize("fault", FAULTS)
async def test_nothing_is_known(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, fault: Fault
) -> None:
    """Without stored contracts and without an answer, the set-up is retried."""
    simulator.add(scenarios.happy_path())
    simulator.fail(fault)
    entry = await set_up()
    assert entry.state is ConfigEntryState.SETUP_RETRY
    simulator.recover()
    assert await hass.config_entries.async_reload(entry.entry_id)


# What is asked and what is followed


async def test_requests_of_a_restart(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A restart takes a token, three lists and the plan, however many contracts."""
    for index in range(1, 21):
        simulator.add(scenarios.happy_path(index))
    entry = await set_up()
    assert len(requests_since(simulator)) > 20
    await stop(hass, entry)
    await start_again(hass, entry)
    assert requests_since(simulator) == [
        "create_token",
        "list_subscriptions",
        "list_meter_orders",
        "get_plan",
        "list_meter_readings",
    ]
    await pass_time(hass, freezer, DAY)
    assert requests_since(simulator) == ["create_token", "list_meter_orders"]


async def test_requests_of_a_restart_with_chosen_contracts(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Chosen contracts need no list of subscriptions."""
    home, _ = (simulator.add(scenarios.happy_path(index)) for index in (1, 2))
    entry = await set_up(home.subscription_id)
    requests_since(simulator)
    await stop(hass, entry)
    await start_again(hass, entry)
    assert requests_since(simulator) == [
        "create_token",
        "list_meter_orders",
        "get_plan",
        "list_meter_readings",
    ]


@pytest.mark.parametrize("away", [True, False])
async def test_choice_that_was_changed(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, away: bool
) -> None:
    """A contract that is not followed any more does not come back by a restart."""
    home, other = (simulator.add(scenarios.happy_path(index)) for index in (1, 2))
    entry = await set_up()
    assert included(hass) == {home.subscription_id, other.subscription_id}
    hass.config_entries.async_update_entry(
        entry, options={"subscriptions": [home.subscription_id]}
    )
    hidden = entity_id(hass, other, "order_status")
    if away:
        simulator.fail(Fault.SERVER_ERROR)
    async with next_start(hass, entry) as (new, _):
        assert state(new, home, "order_status") == "created"
        assert new.states.get(hidden) is None
        simulator.recover()
        await refresh(new, home)
        assert included(new) == {home.subscription_id}
        assert new.states.get(hidden) is None


async def test_choice_of_what_is_not_known(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A contract that nothing is known of waits for Nomos; the known one does not."""
    known, new = (simulator.add(scenarios.happy_path(index)) for index in (1, 2))
    entry = await set_up(known.subscription_id)
    hass.config_entries.async_update_entry(
        entry,
        options={"subscriptions": [known.subscription_id, new.subscription_id]},
    )
    simulator.fail(Fault.SERVER_ERROR)
    await hass.config_entries.async_reload(entry.entry_id)
    assert included(hass) == {known.subscription_id}
    simulator.recover()
    await refresh(hass, known)
    assert included(hass) == {known.subscription_id, new.subscription_id}


# The file


async def test_file(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    on_disk: Path,
    entry: MockConfigEntry,
) -> None:
    """Only the owner may read the file; it is removed with the account."""
    simulator.add(scenarios.happy_path())
    await set_up(entry=entry)
    await stop(hass, entry)
    assert stat.S_IMODE(on_disk.stat().st_mode) == 0o600
    on_disk.with_name(f"{KEY}.set_aside").write_text("{}")
    on_disk.with_name(f"{KEY}.corrupt.2026-11-01").write_text("{")
    other = on_disk.with_name(f"{DOMAIN}.other")
    other.write_text("{}")

    await start_again(hass, entry)
    # There is something to be written in a moment, which must not bring it back.
    await hass.config_entries.async_remove(ENTRY_ID)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    assert not [path for path in on_disk.parent.iterdir() if ACCOUNT in path.name]
    assert other.exists()


async def test_reload_at_once(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    on_disk: Path,
    entry: MockConfigEntry,
) -> None:
    """An account that is loaded again knows also what is not written yet."""
    home = simulator.add(scenarios.happy_path())
    await set_up(entry=entry)
    assert not on_disk.exists()
    simulator.fail(Fault.SERVER_ERROR)
    await hass.config_entries.async_reload(ENTRY_ID)
    assert entry.state is ConfigEntryState.LOADED
    assert state(hass, home, "order_status") == "created"


def _stored(**records: Any) -> str:
    return json.dumps({"version": 1, "minor_version": 1, "key": KEY, "data": records})


CONTRACT = {
    "subscription": {
        "id": "sub_1",
        "customer_id": "cus_1",
        "plan_id": "pln_1",
        "status": "active",
        "type": "consumption",
    }
}


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "1",
        "null",
        '"text"',
        '{"foo": 1}',
        '{"version": 0, "data": {}}',
        '{"version": "one", "data": {}}',
        '{"version": 1, "minor_version": 1, "data": [1]}',
        '{"version": 1, "minor_version": 1, "data": {"contracts": {}}}',
        '{"version": 2, "minor_version": 1, "data": {}}',
        _stored(sub_1=None),
        _stored(sub_1=[]),
        _stored(sub_1={"answered_at": "2026-11-23T10:00:00+00:00"}),
        _stored(sub_1={"contract": CONTRACT}),
        _stored(sub_1={"contract": CONTRACT, "answered_at": "yesterday"}),
        _stored(sub_1={"contract": CONTRACT, "answered_at": 17}),
        _stored(
            sub_1={"contract": CONTRACT, "answered_at": "9999-12-31T23:59:59-12:00"}
        ),
        *(
            _stored(
                sub_1={
                    "contract": CONTRACT,
                    "answered_at": "2026-11-23T10:00:00+00:00",
                    **part,
                }
            )
            for part in (
                {"announced": {"id": "prdo_1"}},
                {"announced": [1]},
                {"is_announced": "yes"},
                {"appointments": 7},
                {"appointments": ["soon"]},
                {"contract": {"subscription": {"id": "sub_1"}}},
                {"contract": {"subscription": "sub_1"}},
                {"contract": {**CONTRACT, "reductions": "none"}},
                {
                    "contract": {
                        "subscription": {**CONTRACT["subscription"], "status": "sold"}
                    }
                },
            )
        ),
    ],
)
async def test_unreadable_file(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    on_disk: Path,
    entry: MockConfigEntry,
    content: str,
) -> None:
    """It is set aside with one line, and the account is read from Nomos."""
    on_disk.write_text(content)
    home = simulator.add(scenarios.happy_path())
    await set_up(entry=entry)
    assert entry.state is ConfigEntryState.LOADED
    assert state(hass, home, "order_status") == "created"
    (line,) = warnings(caplog)
    assert "is set aside" in line
    assert on_disk.with_name(f"{KEY}.set_aside").read_text() == content

    # The next restart finds a good one.
    caplog.clear()
    await stop(hass, entry)
    await start_again(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert not warnings(caplog)


@pytest.mark.parametrize("content", ["", "{", '{"version": 1, "da', "\x00\x00"])
async def test_file_that_is_broken(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    on_disk: Path,
    entry: MockConfigEntry,
    content: str,
) -> None:
    """Home Assistant sets it aside itself, and the account is read from Nomos."""
    on_disk.write_text(content)
    home = simulator.add(scenarios.happy_path())
    await set_up(entry=entry)
    assert entry.state is ConfigEntryState.LOADED
    assert state(hass, home, "order_status") == "created"
    (aside,) = on_disk.parent.glob(f"{KEY}.corrupt.*")
    assert aside.read_text() == content


async def test_file_that_can_not_be_opened(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    on_disk: Path,
    entry: MockConfigEntry,
) -> None:
    """Whatever is in the way of the file is not in the way of the account."""
    on_disk.mkdir()
    simulator.add(scenarios.happy_path())
    await set_up(entry=entry)
    assert entry.state is ConfigEntryState.LOADED
    await stop(hass, entry)
    assert on_disk.is_file()


@pytest.mark.parametrize("away", [True, False])
async def test_file_of_a_newer_minor_version(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    on_disk: Path,
    entry: MockConfigEntry,
    away: bool,
) -> None:
    """A file with more in it than this version knows is read."""
    home = simulator.add(scenarios.happy_path())
    await set_up(entry=entry)
    await stop(hass, entry)
    stored = json.loads(on_disk.read_text())
    stored["minor_version"] = 7
    stored["data"][home.subscription_id]["weather"] = "fine"
    on_disk.write_text(json.dumps(stored))
    if away:
        simulator.fail(Fault.SERVER_ERROR)
    async with next_start(hass, entry) as (new, _):
        assert state(new, home, "order_status") == "created"


async def test_moments_without_zone(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    on_disk: Path,
    entry: MockConfigEntry,
) -> None:
    """Timestamps without an offset are read as UTC."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("scheduled")
    await set_up(entry=entry)
    await stop(hass, entry)
    on_disk.write_text(on_disk.read_text().replace("+00:00", ""))
    simulator.fail(Fault.SERVER_ERROR)
    async with next_start(hass, entry) as (new, again):
        assert again.state is ConfigEntryState.LOADED
        assert state(new, home, "order_status") == "scheduled"


# What is written


WORDS = st.sampled_from(["created", "scheduled", "unknown", "welded", "smart"])
MOMENTS = st.none() | st.datetimes(
    min_value=datetime(1970, 1, 2), max_value=datetime(8999, 12, 30)
).map(lambda moment: f"{moment.isoformat()}+00:00")


@given(
    order=st.none()
    | st.fixed_dictionaries(
        {
            "status": WORDS,
            "provider": WORDS,
            "cancelled_reason": st.none() | WORDS,
            "blocked_reason": st.none() | WORDS,
            "appointment_at": MOMENTS,
            "installed_at": MOMENTS,
            "activated_at": MOMENTS,
            "cancelled_at": MOMENTS,
            "blocked_at": MOMENTS,
        }
    ),
    subscription=st.fixed_dictionaries(
        {
            "status": WORDS,
            "type": WORDS,
            "number": st.none() | st.text(),
            "address": st.none()
            | st.text()
            | st.dictionaries(st.sampled_from(["street", "zip"]), st.text()),
            "meter": st.none() | st.fixed_dictionaries({"type": WORDS}),
        }
    ),
    plan=st.booleans(),
)
def test_what_is_stored_is_what_was_known(
    order: dict[str, Any] | None, subscription: dict[str, Any], plan: bool
) -> None:
    """Whatever Nomos may send is stored as it was understood."""
    contract = Contract(
        subscription=Subscription.from_json({**SUBSCRIPTION, **subscription}),
        order=None if order is None else MeterOrder.from_json({**ORDER, **order}),
        plan=Plan.from_json(PLAN) if plan else None,
    )
    assert from_disk(Contract, json.loads(json.dumps(to_disk(contract)))) == contract


def test_reading_what_is_stored_logs_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An unknown value was logged when Nomos sent it."""
    contract = Contract(
        subscription=Subscription.from_json(
            {**SUBSCRIPTION, "status": "frozen", "type": "storage"}
        ),
        order=MeterOrder.from_json({**ORDER, "status": "welded", "provider": "new"}),
    )
    caplog.clear()
    caplog.set_level(logging.DEBUG)
    assert from_disk(Contract, to_disk(contract)) == contract
    assert not caplog.records


@pytest.mark.parametrize("scenario", scenarios.ALL)
async def test_every_state_of_every_scenario_is_stored(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    scenario: str,
) -> None:
    """Wherever an order stands when Home Assistant goes, there it is afterwards."""
    home: Household = simulator.add(scenarios.ALL[scenario]())
    entry = await set_up()
    for _ in range(len(home.timeline) or 1):
        await refresh(hass, home)
        before = shown(hass)
        await stop(hass, entry)
        simulator.fail(Fault.SERVER_ERROR)
        await start_again(hass, entry)
        assert shown(hass) == before
        simulator.recover()
        home.advance()
    assert "new word" not in caplog.text


# The last answer


async def test_last_update(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The time of the last answer is written once a day, if its sensor is enabled."""
    home = simulator.add(scenarios.happy_path(timeline=[]))
    home.place_order()
    await set_up()
    sensor = entity_id(hass, home, "last_update")
    assert hass.states.get(sensor) is None
    er.async_get(hass).async_update_entity(sensor, disabled_by=None)
    # Home Assistant loads the account again after half a minute.
    await pass_time(hass, freezer, timedelta(minutes=1))
    written = writes(hass)
    for days in range(1, 31):
        await pass_time(hass, freezer, DAY, timedelta(hours=3))
        # The meter is read once a week, which writes its own sensor.
        assert [each for each in written if "meter_reading" not in each] == [
            sensor
        ] * days
    last = dt_util.parse_datetime(state(hass, home, "last_update"), raise_on_error=True)
    assert dt_util.utcnow() - last < DAY

    # It tells also how long ago that was while there is none.
    simulator.fail(Fault.SERVER_ERROR)
    await pass_time(hass, freezer, 9 * DAY, timedelta(hours=3))
    assert state(hass, home, "order_status") == STATE_UNAVAILABLE
    assert state(hass, home, "last_update") == last.isoformat()


# Writes


STORES = ("billing", "contracts", "deliveries", "loads", "prices", "usage")


def written_stores() -> list[str]:
    """Return the stores of the account that were written, in order."""
    # The fixture hass_storage replaces it by a mock.
    write: Any = vars(Store)["_async_write_data"]
    keys = (call.args[0].key for call in write.call_args_list)
    return [key for key in keys if key.startswith(DOMAIN)]


async def deliver(hass: HomeAssistant, entry: MockConfigEntry, secret: str) -> None:
    """Deliver a test event."""
    body = b'{"id": "evt_1", "topic": "test.event"}'
    stamp = int(dt_util.utcnow().timestamp())
    request = MockRequest(
        content=body,
        headers={SIGNATURE.lower(): sign(secret, body, stamp)},
        method="POST",
        query_string="",
        mock_source="test",
    )
    webhook_id = entry.data[CONF_WEBHOOK_ID]
    assert (await async_handle_webhook(hass, webhook_id, request)).status == 200


async def use_all_stores(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> MockConfigEntry:
    """Set up an account and change the records of each store."""
    assert await async_setup_component(hass, "webhook", {})
    home = simulator.add(scenarios.dynamic_tariff())
    entry = await set_up(
        entry=organisation_entry(
            entry_id=ENTRY_ID, options={"webhook_secret": "secret"}
        )
    )
    key = await add_load(hass, entry, a_wallbox(home))
    await hass.services.async_call(
        "switch",
        "turn_off",
        {"entity_id": load_entity(hass, key, "enabled")},
        blocking=True,
    )
    await deliver(hass, entry, "secret")
    return entry


@pytest.mark.usefixtures("recorder_mock")
async def test_unload_writes_all_stores(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    storage: dict[str, Any],
) -> None:
    """Each capability has a file of its own, which is up to date after unloading."""
    entry = await use_all_stores(hass, simulator, set_up)
    # All writes are delayed, and no time has passed.
    assert not written_stores()
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert sorted(written_stores()) == [f"{ACCOUNT}.{name}" for name in STORES]
    assert all(storage[f"{ACCOUNT}.{name}"]["data"] for name in STORES)
    assert [key for key in storage if key.startswith(DOMAIN)] == written_stores()


@pytest.mark.usefixtures("recorder_mock")
async def test_no_write_after_unload(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """What changes after unloading, as by a late answer, is not written."""
    entry = await use_all_stores(hass, simulator, set_up)
    prices = entry.runtime_data.stores.prices
    assert await hass.config_entries.async_unload(entry.entry_id)
    count = len(written_stores())
    prices.async_set("sub_1", price_series([30.0]))
    await pass_time(hass, freezer, timedelta(minutes=5), timedelta(seconds=30))
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    assert len(written_stores()) == count


async def test_failed_setup_writes_the_stores(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    on_disk: Path,
    entry: MockConfigEntry,
) -> None:
    """Readable records are on disk again if the set-up fails after it was loaded."""
    good = {"resolution": "15min", "prices": [[1795424400, 0.3, 0.1, 0.1, 0.1]]}
    file = on_disk.with_name(f"{ACCOUNT}.prices")
    content = {
        "version": 1,
        "minor_version": 1,
        "key": f"{ACCOUNT}.prices",
        "data": {"sub_1": good, "sub_2": "unreadable"},
    }
    file.write_text(json.dumps(content))
    simulator.add(scenarios.dynamic_tariff())
    simulator.fail(Fault.SERVER_ERROR)
    await set_up(entry=entry)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert json.loads(file.read_text())["data"] == {"sub_1": good}
    assert json.loads(file.with_name(f"{file.name}.set_aside").read_text()) == content


async def test_price_polls_share_a_write(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    """The polls of 1,000 contracts within half an hour share the writes of a minute."""
    store = price_store(hass, entry)
    await store.async_load()
    count = 1000
    for number in range(count):
        store.async_set(f"sub_{number}", price_series([30.0 + number]))
        freezer.tick(timedelta(minutes=30) / count)
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    assert 20 <= len(written_stores()) <= 40
    again = price_store(hass, entry)
    await again.async_load()
    assert again.records == store.records
    assert len(again.records) == count


async def test_equal_record_is_not_written(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    """A record that is equal to the stored one causes no write."""
    store = price_store(hass, entry)
    for _ in range(3):
        store.async_set("sub_1", price_series([30.0]))
        await pass_time(hass, freezer, timedelta(minutes=2), timedelta(seconds=30))
    assert written_stores() == [f"{ACCOUNT}.prices"]
