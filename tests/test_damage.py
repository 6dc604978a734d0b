"""Damaged storage, options and planned loads never take the account down."""

from collections.abc import Callable, Iterator
from copy import deepcopy
import json
import logging
from pathlib import Path
import random
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.loads.known import Known
from simulator import Fault, Household, Simulator, scenarios

from . import (
    included,
    organisation_entry,
    requests_since,
    start_again,
    state,
    stop,
    warnings,
)
from .conftest import SetUp
from .loads.common import a_wallbox, add_load, change_load, load_entity, load_state

ENTRY_ID = "01KAV0000000000000000000ME"

ODD: list[Any] = [
    None,
    True,
    -1,
    17,
    1e300,
    float("nan"),
    float("inf"),
    "text",
    "",
    "9999-12-31T23:59:59+00:00",
    "0001-01-01",
    [],
    [None],
    {},
    {"a": []},
]


def record(storage: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the only record of a store."""
    (found,) = storage[f"{DOMAIN}.{ENTRY_ID}.{name}"]["data"].values()
    assert isinstance(found, dict)
    return found


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the errors with a traceback of all loggers."""
    return [
        each.getMessage()
        for each in caplog.records
        if each.levelno >= logging.ERROR and each.exc_info
    ]


@pytest.fixture
def home(simulator: Simulator) -> Household:
    """Return a home with prices, usage and a planned load."""
    return simulator.add(scenarios.dynamic_tariff())


@pytest.fixture
async def entry(
    hass: HomeAssistant, home: Household, set_up: SetUp, storage: dict[str, Any]
) -> MockConfigEntry:
    """Return an account that has stored everything, and is unloaded."""
    entry = await set_up(entry=organisation_entry(entry_id=ENTRY_ID))
    key = await add_load(hass, entry, a_wallbox(home))
    await hass.services.async_call(
        "number",
        "set_value",
        {"entity_id": load_entity(hass, key, "run_time_today"), "value": 2},
        blocking=True,
    )
    await stop(hass, entry)
    record(storage, "loads")["pieces"] = [
        {"start": "2026-11-23T03:00:00+00:00", "end": "2026-11-23T04:00:00+00:00"},
    ]
    return entry


def _set(value: Any, *path: str | int) -> Callable[[dict[str, Any]], None]:
    def damage(data: dict[str, Any]) -> None:
        place: Any = data
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return damage


# Storage


@pytest.mark.parametrize("store", ["prices", "loads", "contracts"])
@pytest.mark.parametrize("value", ODD, ids=repr)
async def test_one_bad_part(
    hass: HomeAssistant,
    simulator: Simulator,
    entry: MockConfigEntry,
    home: Household,
    storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    store: str,
    value: Any,
) -> None:
    """A part that is unreadable is left out alone, also while Nomos is away."""
    data = record(storage, store)
    match store:
        case "prices":
            data["prices"][90] = value
        case "loads":
            data["pieces"].append(value)
        case _:
            data["appointments"].append(value)
            data["contract"]["plan"] = {"id": value}
    simulator.fail(Fault.SERVER_ERROR)
    caplog.clear()
    await start_again(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert state(hass, home, "smart_meter_active") == "on"
    (line,) = [each for each in warnings(caplog) if "set aside" in each]
    assert store in line
    assert not errors(caplog)
    runtime = entry.runtime_data
    if store == "prices":
        (prices,) = runtime.prices.values()
        assert len(prices.data.prices) == len(data["prices"]) - 1
        assert float(state(hass, home, "price"))
    (load,) = runtime.loads.values()
    assert len(load.history.pieces) == 1


@pytest.mark.parametrize(
    "price",
    [
        [1795471200],
        [1795471200, 0.3, None, None, None, None],
        [1795471201, 0.3, None, None, None],
        [1795471200.5, 0.3, None, None, None],
        [1e11, 0.3, None, None, None],
        [-9e11, 0.3, None, None, None],
        [1795471200, "0.3", None, None, None],
        [1795471200, 1e9, None, None, None],
        [1795471200, True, None, None, None],
        [1795471200, 0.3, float("nan"), None, None],
    ],
)
async def test_one_bad_price(
    hass: HomeAssistant,
    simulator: Simulator,
    entry: MockConfigEntry,
    storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    price: list[Any],
) -> None:
    """A price is left out alone, and its day is fetched again."""
    prices = record(storage, "prices")["prices"]
    prices[60] = price
    requests_since(simulator)
    caplog.clear()
    await start_again(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert "get_prices" in requests_since(simulator)
    assert len(warnings(caplog)) == 1
    (known,) = entry.runtime_data.prices.values()
    assert len(known.data.prices) >= len(prices)


@pytest.mark.parametrize(
    ("damage", "pieces"),
    [
        (_set("9999-12-31T23:00:00+00:00", "pieces", 0, "end"), 0),
        (_set("5000-01-01T23:00:00+00:00", "pieces", 0, "end"), 0),
        (_set("2026-11-23T05:00:00+00:00", "pieces", 0, "start"), 0),
        (_set(1e300, "today", "amount"), 1),
        (_set(-900.0, "today", "amount"), 1),
        (_set(26, "today", "amount"), 1),
        (_set("laps", "today", "kind"), 1),
        (_set(None, "today", "until"), 1),
        (_set("soon", "today", "until"), 1),
        (_set(101, "known", "level"), 1),
        (_set(0, "known", "power"), 1),
        (_set("soon", "known", "latest"), 1),
        (_set({"kind": "run_time"}, "once"), 1),
        (
            _set(
                {
                    "kind": "run_time",
                    "amount": 1,
                    "start": "2026-11-23T05:00:00+00:00",
                    "end": "2026-11-23T04:00:00+00:00",
                },
                "once",
            ),
            1,
        ),
        (_set("yes", "is_enabled"), 1),
    ],
)
async def test_one_bad_setting_of_a_history(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    damage: Callable[[dict[str, Any]], None],
    pieces: int,
) -> None:
    """A piece, an amount with its end, or a last known state is left out alone."""
    damage(record(storage, "loads"))
    caplog.clear()
    await start_again(hass, entry)
    (load,) = entry.runtime_data.loads.values()
    assert load.history.is_enabled
    assert len(load.history.pieces) == pieces
    history = load.history
    assert history.today is None or history.today.amount == 2
    assert (history.once, history.known) == (None, Known())
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize(
    "damage",
    [
        _set(None, "contract", "order", "status"),
        _set("soon", "contract", "order", "activated_at"),
        _set(5, "contract", "order"),
        _set([], "contract", "subscription", "meter_type"),
    ],
)
async def test_gate_is_read_whole(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    storage: dict[str, Any],
    damage: Callable[[dict[str, Any]], None],
) -> None:
    """Half an order or subscription might move the gate: it counts as unknown."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("activated")
    entry = await set_up(entry=organisation_entry(entry_id=ENTRY_ID))
    await stop(hass, entry)
    damage(record(storage, "contracts"))
    simulator.fail(Fault.SERVER_ERROR)
    await start_again(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    simulator.recover()
    await hass.config_entries.async_reload(entry.entry_id)
    assert state(hass, home, "smart_meter_active") == "on"


async def test_nothing_is_announced_again(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, storage: dict[str, Any]
) -> None:
    """An announced order that is unreadable announces nothing anew."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("scheduled")
    entry = await set_up(entry=organisation_entry(entry_id=ENTRY_ID))
    await stop(hass, entry)
    record(storage, "contracts")["announced"] = {"id": 5}
    await start_again(hass, entry)
    (event,) = hass.states.async_all("event")
    assert event.state == "unknown"
    assert entry.state is ConfigEntryState.LOADED


def _leaves(data: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    yield path
    if isinstance(data, dict | list):
        parts = data.items() if isinstance(data, dict) else enumerate(data)
        for step, part in parts:
            yield from _leaves(part, *path, step)


async def test_any_damage(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    home: Household,
    storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever stands in place of whatever, the account is there, and says so once."""
    good = {key: each for key, each in storage.items() if key.startswith(DOMAIN)}
    good = deepcopy(good)
    dice = random.Random(1)
    for _ in range(60):
        key = dice.choice(sorted(good))
        storage.update(deepcopy(good))
        where = dice.choice([path for path in _leaves(good[key]["data"]) if path])
        _set(dice.choice(ODD), *where)(storage[key]["data"])
        caplog.clear()
        await start_again(hass, entry)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert entry.state is ConfigEntryState.LOADED, where
        assert state(hass, home, "smart_meter_active") == "on", where
        assert len(warnings(caplog)) <= 1, where
        assert not errors(caplog), where
        await stop(hass, entry)


# Files


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Give Home Assistant a folder of its own."""
    (tmp_path / ".storage").mkdir()
    return str(tmp_path)


class TestFile:
    """Files on disk."""

    @pytest.fixture
    def hass_storage(self) -> dict[str, Any]:
        """Let Home Assistant store on disk."""
        return {}

    async def test_good_records_outlast_a_crash(
        self,
        hass: HomeAssistant,
        simulator: Simulator,
        set_up: SetUp,
        tmp_path: Path,
    ) -> None:
        """The file stays as it was until the good records are written again."""
        simulator.add(scenarios.happy_path(1))
        simulator.add(scenarios.happy_path(2))
        entry = await set_up(entry=organisation_entry(entry_id=ENTRY_ID))
        await stop(hass, entry)
        path = tmp_path / ".storage" / f"{DOMAIN}.{ENTRY_ID}.contracts"
        stored = json.loads(path.read_text())
        first, second = stored["data"]
        stored["data"][first] = None
        content = json.dumps(stored)
        path.write_text(content)
        simulator.fail(Fault.SERVER_ERROR)
        await start_again(hass, entry)
        aside = path.with_name(f"{path.name}.set_aside")
        assert path.read_text() == aside.read_text() == content
        assert aside.stat().st_mode & 0o777 == 0o600
        await stop(hass, entry)
        assert list(json.loads(path.read_text())["data"]) == [second]


# Options


@pytest.mark.parametrize(
    "chosen", [5, None, "", "sub_1", [], [5], [None], {}, {"a": 1}, True, [[]]]
)
async def test_damaged_choice(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    chosen: Any,
) -> None:
    """Where nothing of a choice is readable, all contracts are included."""
    homes = {simulator.add(scenarios.happy_path(n)).subscription_id for n in (1, 2)}
    entry = await set_up(entry=organisation_entry(options={"subscriptions": chosen}))
    assert entry.state is ConfigEntryState.LOADED
    assert included(hass) == homes
    assert warnings(caplog) == [
        "The option subscriptions is invalid and set aside: all contracts are included"
    ]
    # The choice can be made again.
    flow = await entry.start_reconfigure_flow(hass)
    flow = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"next_step_id": "choose_subscriptions"}
    )
    await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"follow_all": True}
    )
    await hass.async_block_till_done()
    assert "subscriptions" not in entry.options


async def test_choice_that_is_damaged_in_part(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is readable of a choice counts."""
    home, _ = (simulator.add(scenarios.happy_path(index)) for index in (1, 2))
    chosen = [home.subscription_id, 5, None]
    await set_up(entry=organisation_entry(options={"subscriptions": chosen}))
    assert included(hass) == {home.subscription_id}
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize(
    "settings",
    [*(each for each in ODD if each != {}), *({"name": each} for each in ODD)],
    ids=repr,
)
async def test_damaged_settings_of_a_contract(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    settings: Any,
) -> None:
    """Damaged settings of a contract count as none; those of others still count."""
    home, other = (simulator.add(scenarios.no_order(index)) for index in (1, 2))
    contracts = {
        home.subscription_id: settings,
        other.subscription_id: {"name": "Garage"},
    }
    entry = await set_up(entry=organisation_entry(options={"contracts": contracts}))
    assert entry.state is ConfigEntryState.LOADED
    names = entry.runtime_data.contracts.names
    assert names[other.subscription_id] == "Garage"
    assert names[home.subscription_id]
    is_text = isinstance(settings, dict) and names[home.subscription_id] == str(
        settings.get("name")
    )
    assert warnings(caplog) == (
        []
        if is_text or settings == {"a": []}
        else [
            "The option contracts is invalid and set aside: only its valid part counts"
        ]
    )


@pytest.mark.parametrize("contracts", [each for each in ODD if each != {}], ids=repr)
async def test_damaged_settings_of_all_contracts(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    contracts: Any,
) -> None:
    """Without any readable settings, a contract has the name of its address."""
    home = simulator.add(scenarios.no_order(street="Torstraße", house_number="119"))
    entry = await set_up(entry=organisation_entry(options={"contracts": contracts}))
    assert entry.state is ConfigEntryState.LOADED
    names = entry.runtime_data.contracts.names
    assert names == {home.subscription_id: "Torstraße 119"}


@pytest.mark.parametrize("value", [5, None, "", [], {}, True])
@pytest.mark.parametrize("option", ["webhook_secret", "webhook_url"])
async def test_damaged_webhook(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    option: str,
    value: Any,
) -> None:
    """An invalid secret or address counts as none; an empty secret signs nothing."""
    simulator.add(scenarios.happy_path())
    options = {"webhook_secret": "whsec_1", "webhook_url": "https://x.example/a"}
    entry = await set_up(entry=organisation_entry(options={**options, option: value}))
    assert entry.state is ConfigEntryState.LOADED
    assert (entry.runtime_data.deliveries is None) is (option == "webhook_secret")
    assert warnings(caplog) == [f"The option {option} is invalid and set aside"]


# Planned loads


GOOD = {
    "need": "run_time",
    "run_time": {"hours": 3},
    "earliest": "18:00:00",
    "latest": "07:00:00",
    "weekdays": ["mon"],
}


@pytest.mark.parametrize(
    "changes",
    [
        None,
        *({name: None} for name in (*GOOD, "subscription")),
        {"weekdays": []},
        {"weekdays": "mon"},
        {"weekdays": ["mon", 5]},
        {"weekdays": {"mon": 1}},
        {"need": "laps"},
        {"need": "energy", "power": 11.0},
        {"need": "energy", "energy": 10.0},
        {"need": "energy", "energy": 10.0, "power": 0},
        {"need": "charge_level", "power": 11.0, "target": 80, "capacity": 60},
        {"run_time": {}},
        {"run_time": 3},
        {"run_time": {"hours": "3"}},
        {"run_time": {"hours": -3}},
        {"run_time": {"hours": 1e300}},
        {"run_time": {"hours": float("nan")}},
        {"run_time": {"days": 400}},
        {"run_time": {"fortnights": 1}},
        {"shortest_piece": "long"},
        {"shortest_piece": {"hours": -1}},
        {"earliest": "25:00"},
        {"earliest": "18:00:00+01:00"},
        {"latest": 7},
        {"latest": "in the morning"},
        {"upper_price": "0.3"},
        {"upper_price": float("nan")},
        {"power": [11]},
        {"power": float("inf")},
        {"subscription": 5},
        {"subscription": ""},
    ],
    ids=str,
)
async def test_damaged_load(
    hass: HomeAssistant,
    home: Household,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, Any] | None,
) -> None:
    """A load that can't be planned is skipped; others run; the form repairs it."""
    good = {"subscription": home.subscription_id, **GOOD}
    data = {} if changes is None else good | changes
    # A setting of None is one that is missing.
    data = {key: each for key, each in data.items() if each is not None}
    entry = organisation_entry(
        subentries_data=[
            ConfigSubentryData(
                data=data,
                subentry_type="planned_load",
                title="Bad car",
                unique_id=None,
            ),
            ConfigSubentryData(
                data=good,
                subentry_type="planned_load",
                title="Good car",
                unique_id=None,
            ),
        ]
    )
    await set_up(entry=entry)
    assert entry.state is ConfigEntryState.LOADED
    bad, other = entry.subentries
    assert set(entry.runtime_data.loads) == {other}
    (line,) = warnings(caplog)
    assert bad in line
    assert "Bad car" not in line
    await change_load(hass, entry, bad, a_wallbox(home))
    assert load_state(hass, bad, "run_now") == "off"
    assert len(warnings(caplog)) == 1


async def test_load_that_is_too_long(
    hass: HomeAssistant, home: Household, set_up: SetUp
) -> None:
    """The form refuses durations that no clock can hold."""
    entry = await set_up()
    flow = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "planned_load"), context={"source": "user"}
    )
    for entered in (
        {"next_step_id": "run_time"},
        {"name": "Car", "run_time": {"hours": 1e6, "minutes": 0, "seconds": 0}},
    ):
        flow = await hass.config_entries.subentries.async_configure(
            flow["flow_id"], entered
        )
    assert flow["errors"] == {"run_time": "run_time_too_long"}
