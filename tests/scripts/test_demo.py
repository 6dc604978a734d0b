"""Tests of the demo's parts that need no running Home Assistant."""

import asyncio
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
import socket
import sys
from typing import Any
from unittest.mock import AsyncMock, Mock, patch

import pytest
import yaml  # type: ignore[import-untyped]

from custom_components.nomos_energy.grid_fees.binary_sensors import GRID_FEE_REDUCTION
from custom_components.nomos_energy.grid_fees.sensors import MODULES, WINDOW
from custom_components.nomos_energy.orders.binary_sensors import GATE
from custom_components.nomos_energy.prices.binary_sensors import TOMORROW_PRICES
from custom_components.nomos_energy.prices.sensors import PRICE, PRICE_SENSORS
from scripts import demo_watch
from scripts.demo_config import prepare_config
from scripts.demo_entities import GATED_ENTITIES, predict_entity_ids
from scripts.demo_home import Home
from scripts.demo_options import parse_options
from scripts.demo_processes import (
    Child,
    DemoError,
    choose_port,
    run_while_alive,
    wait_until,
)
from scripts.demo_stories import STORIES, write_households
from scripts.demo_watch import Snapshot, Watch, find_cheapest_hour
from simulator import Simulator, scenarios
from simulator.clock import QUARTER, berlin_day, quarters

SENSORS_TO_COME = {
    each.key
    for each in (PRICE, *PRICE_SENSORS, *MODULES, WINDOW)
    if each.entity_registry_enabled_default
}
BINARY_SENSORS_TO_COME = {TOMORROW_PRICES.key, GRID_FEE_REDUCTION.key}

GATE_ID = "binary_sensor.deichweg_26_smart_meter_active"
IDS = {GATE.key: GATE_ID, "order_status": "sensor.deichweg_26_order_status"}
IDS |= predict_entity_ids(GATE_ID, "en")
PRICE_ID = "sensor.deichweg_26_price"


STORY_STATES = {
    "order": [("created", None), ("activated", None)],
    "appointment": [("scheduled", None)],
    "blocked": [("placed", "check_missing")],
    "grid-operator": [("check_reviewed", "grid_operator_registration")],
    "cancelled": [("cancelled", "customer_request")],
    "pre-existing": [("cancelled", "pre_existing")],
    "no-order": [(None, None)],
    "activated": [("activated", None)],
    "smart-already": [(None, None)],
    "tariff": [("activated", None)],
    "feed-in": [("activated", None), (None, None)],
    "several": [
        ("activated", None),
        ("scheduled", None),
        ("placed", "check_missing"),
    ],
}
"""Order status of each household, and the reason of a block or a cancellation."""


@pytest.mark.parametrize("name", list(STORIES))
def test_stories(tmp_path: Path, name: str) -> None:
    """The simulator shows each story as it is called."""
    file = tmp_path / "households.json"
    write_households(STORIES[name].households, file)
    households = Simulator(scenarios.load(file)).households
    orders = [each.order for each in households]
    assert [
        (each.status, each.blocked_reason or each.cancelled_reason)
        if each
        else (None, None)
        for each in orders
    ] == STORY_STATES[name]
    if name == "feed-in":
        roof = {(each.street, each.house_number, each.zip) for each in households}
        assert len(roof) == 1


@pytest.mark.parametrize(
    ("line", "story"), [([], "order"), (["--story", "blocked"], "blocked")]
)
def test_choice_of_a_story(
    monkeypatch: pytest.MonkeyPatch, line: list[str], story: str
) -> None:
    """The order in time lapse is the default."""
    monkeypatch.setattr(sys, "argv", ["scripts/demo", *line])
    assert parse_options().story == story


def test_story_without_an_activation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The headless demo would wait in vain for a story that stands still."""
    line = ["scripts/demo", "--headless", "--story", "blocked"]
    monkeypatch.setattr(sys, "argv", line)
    with pytest.raises(SystemExit):
        parse_options()
    assert "waits for an activation" in capsys.readouterr().err


def test_predicted_entity_ids() -> None:
    """The IDs of the gated entities are predicted."""
    assert IDS["price"] == PRICE_ID
    assert IDS["grid_fee_reduction"] == "binary_sensor.deichweg_26_grid_fee_reduction"
    gate = "binary_sensor.deichweg_26_zahler_freigeschaltet"
    assert predict_entity_ids(gate, "de")["price"] == "sensor.deichweg_26_strompreis"
    for key, platform in GATED_ENTITIES.items():
        keys = {"sensor": SENSORS_TO_COME, "binary_sensor": BINARY_SENSORS_TO_COME}
        assert key in keys[platform]


def test_config_is_replaced(tmp_path: Path) -> None:
    """The folder is replaced, and Home Assistant listens locally only."""
    folder = tmp_path / "config"
    prepare_config(folder, "de", 8123)
    (folder / "home-assistant_v2.db").touch()
    prepare_config(folder, "en", 8124)

    assert not (folder / "home-assistant_v2.db").exists()
    assert (folder / "custom_components" / "nomos_energy" / "manifest.json").exists()
    settings = yaml.safe_load((folder / "configuration.yaml").read_text())
    assert settings["homeassistant"]["language"] == "en"
    # The integration needs an external URL for webhooks.
    assert settings["homeassistant"]["external_url"].startswith("https://")
    # The Energy dashboard opens on days with data.
    (module,) = settings["frontend"]["extra_module_url"]
    assert (folder / "www" / module.removeprefix("/local/")).is_file()
    http = json.loads((folder / ".storage" / "http").read_text())
    assert http["data"] == {"server_host": ["127.0.0.1"], "server_port": 8124}


async def test_webhook_is_registered_on_this_machine() -> None:
    """The webhook's path is registered with the local address."""
    ask = AsyncMock(
        side_effect=[
            {"type": "menu", "flow_id": "flow"},
            {
                "type": "form",
                "flow_id": "flow",
                "description_placeholders": {
                    "address": "https://demo.example/api/webhook/abc"
                },
            },
            {"type": "create_entry"},
        ]
    )
    register = AsyncMock(return_value="secret")
    home = Home(Mock(), "http://127.0.0.1:8123")
    with patch.object(Home, "request", ask):
        path = await home.enable_webhooks("entry", register)

    assert path == "/api/webhook/abc"
    register.assert_awaited_once_with("http://127.0.0.1:8123/api/webhook/abc")
    assert ask.await_args
    assert ask.await_args.args == (
        "POST",
        "/api/config/config_entries/options/flow/flow",
        {"webhooks": True, "webhook_secret": "secret"},
    )


async def test_options_flow_that_ends_early() -> None:
    """The reason of an aborted options flow is reported."""
    ask = AsyncMock(
        side_effect=[
            {"type": "menu", "flow_id": "flow"},
            {"type": "abort", "reason": "no_address"},
        ]
    )
    home = Home(Mock(), "http://127.0.0.1:8123")
    with (
        patch.object(Home, "request", ask),
        pytest.raises(DemoError, match="no_address"),
    ):
        await home.enable_webhooks("entry", AsyncMock())


@pytest.mark.parametrize("has_choice", [False, True])
async def test_energy_dashboard_is_set_by_its_form(has_choice: bool) -> None:
    """The contract with prices is added by the form that households use."""
    answers: list[dict[str, Any]] = [
        {"type": "menu", "flow_id": "flow"},
        {"type": "form", "step_id": "energy_confirm"},
        {"type": "abort", "reason": "energy_added"},
    ]
    if has_choice:
        answers.insert(1, {"type": "form", "step_id": "energy_dashboard"})
    ask = AsyncMock(side_effect=answers)
    home = Home(Mock(), "http://127.0.0.1:8123")
    with patch.object(Home, "request", ask):
        await home.add_to_energy_dashboard("entry", "sub_1")
    sent = [call.args[2] for call in ask.await_args_list]
    choice = [{"subscription": "sub_1"}] if has_choice else []
    menu = {"next_step_id": "energy_dashboard"}
    assert sent == [{"handler": "entry"}, menu, *choice, {}]


async def test_energy_dashboard_that_is_not_set() -> None:
    """Another end of the form is reported."""
    ask = AsyncMock(
        side_effect=[
            {"type": "menu", "flow_id": "flow"},
            {"type": "abort", "reason": "energy_other_meter"},
        ]
    )
    home = Home(Mock(), "http://127.0.0.1:8123")
    with (
        patch.object(Home, "request", ask),
        pytest.raises(DemoError, match="energy_other_meter"),
    ):
        await home.add_to_energy_dashboard("entry", "sub_1")


def state(entity_id: str, text: str, **attributes: Any) -> dict[str, Any]:
    """Return a state as the REST API shows it."""
    return {"entity_id": entity_id, "state": text, "attributes": attributes}


WAITING = [
    state(GATE_ID, "off"),
    state(IDS["order_status"], "scheduled"),
]


def with_tariff(**others: str) -> list[dict[str, Any]]:
    """Return the states at the end of the demo, with some overrides."""
    said = {
        "order_status": "activated",
        GATE.key: "on",
        "price": "0.2431",
        "module_1": "activated",
        "module_3": "activated",
        "grid_fee_window": "standard",
    } | others
    prices = [
        {
            "start": start.isoformat(),
            "end": (start + QUARTER).isoformat(),
            "price": 0.2431,
        }
        for start in quarters(berlin_day(datetime.now(UTC)))
    ]
    return [
        state(
            IDS[key],
            text,
            **(
                {"unit_of_measurement": "EUR/kWh", "prices": prices}
                if key == "price"
                else {}
            ),
        )
        for key, text in said.items()
    ]


def watch_of(*answers: list[dict[str, Any]], poll: bool = False) -> tuple[Watch, Mock]:
    """Return a monitor of a Home Assistant with a sequence of states."""
    shown = list(answers)

    async def ask(method: str, _path: str, _payload: Any = None) -> Any:
        if method == "POST":
            return []
        return shown.pop(0) if len(shown) > 1 else shown[0]

    home = Mock(request=AsyncMock(side_effect=ask))
    return Watch(home, IDS, poll), home


def updates(home: Mock) -> list[list[str]]:
    """Return the entities that Home Assistant had to update."""
    return [
        call.args[2]["entity_id"]
        for call in home.request.await_args_list
        if call.args[0] == "POST"
    ]


@pytest.fixture(name="_quick")
def quick_fixture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set all intervals to zero."""
    monkeypatch.setattr(demo_watch, "READ_INTERVAL", 0)
    monkeypatch.setattr(demo_watch, "REFRESH_INTERVAL", 0)


@pytest.mark.parametrize("poll", [False, True])
async def test_update_with_polling_only(poll: bool) -> None:
    """While the gate is closed, only polling requests updates."""
    watch, home = watch_of(WAITING, poll=poll)
    await watch.fetch()
    assert updates(home) == ([[GATE_ID]] if poll else [])


@pytest.mark.usefixtures("_quick")
async def test_updates_for_modules(capsys: pytest.CaptureFixture[str]) -> None:
    """Updates are requested until both modules are active."""
    nothing = "unknown"
    watch, home = watch_of(
        WAITING,
        with_tariff(price=nothing, module_3="ordered", grid_fee_window=nothing),
        with_tariff(module_3="ordered", grid_fee_window=nothing),
        with_tariff(),
    )
    await watch.wait_for_tariff(10)
    assert updates(home) == [[GATE_ID], [GATE_ID, PRICE_ID]]
    assert [line.partition("  ")[2][10:] for line in lines(capsys)] == [
        "order scheduled, smart meter off",
        (
            "order activated, smart meter on, module 1 activated, module 3 ordered"
            " (by webhook)"
        ),
        (
            "order activated, smart meter on, price 0.2431 EUR/kWh, module 1 activated,"
            " module 3 ordered"
        ),
        (
            "order activated, smart meter on, price 0.2431 EUR/kWh, module 1 activated,"
            " module 3 activated, grid fee standard (polled)"
        ),
    ]


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the printed lines."""
    return capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("_quick")
async def test_price_before_the_gate() -> None:
    """A price entity before the gate opens is an error."""
    early = state("sensor.deichweg_26_other", "unknown", unit_of_measurement="EUR/kWh")
    watch, _ = watch_of([*WAITING, early])
    with pytest.raises(DemoError, match=r"existed: sensor\.deichweg_26_other"):
        await watch.wait_for_tariff(10)
    watch, _ = watch_of([*WAITING, state(IDS["module_1"], "unavailable")])
    with pytest.raises(DemoError, match=IDS["module_1"]):
        await watch.wait_for_tariff(10)


@pytest.mark.usefixtures("_quick")
async def test_gate_that_was_never_closed() -> None:
    """A gate that was never closed is an error."""
    watch, _ = watch_of(with_tariff())
    with pytest.raises(DemoError, match="was on from the start"):
        await watch.wait_for_tariff(10)


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize(
    ("others", "lacking"),
    [
        ({GATE.key: "off", "price": "unknown"}, "the smart meter is active"),
        ({"price": "unavailable"}, "the price is a number in EUR/kWh"),
        ({"price": "cheap"}, "the price is a number in EUR/kWh"),
        ({"module_1": "ordered"}, "both modules are activated"),
        ({"grid_fee_window": "unknown"}, "the grid fee level is known"),
    ],
)
def test_missing_conditions(others: dict[str, str], lacking: str) -> None:
    """The demo requires the price, the modules and the grid fee level."""
    watch, _ = watch_of(WAITING)
    states = {each["entity_id"]: each for each in with_tariff(**others)}
    assert lacking in watch.parse(states).missing()


def test_gap_in_prices() -> None:
    """The demo requires a price for each quarter-hour of today."""
    watch, _ = watch_of(WAITING)
    states = {each["entity_id"]: each for each in with_tariff()}
    assert watch.parse(states).missing() == []
    states[PRICE_ID]["attributes"]["prices"][7]["price"] = None
    assert watch.parse(states).missing() == ["the price lists today's quarter-hours"]


async def test_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error after the time limit names the missing conditions."""
    monkeypatch.setattr(demo_watch, "READ_INTERVAL", 0.01)
    watch, _ = watch_of(WAITING)
    with pytest.raises(
        DemoError, match=r"the smart meter is active; .* Last seen: order sched"
    ):
        await watch.wait_for_tariff(0.1)


def test_snapshot_without_states() -> None:
    """Missing states are unavailable."""
    watch, _ = watch_of(WAITING)
    assert watch.parse({}) == Snapshot("unavailable", "unavailable")


@pytest.mark.parametrize(("hours", "is_right"), [(1, True), (2, False)])
async def test_cheapest_hour(hours: int, is_right: bool) -> None:
    """The action must return an hour from now on."""
    start = datetime.now(UTC) + QUARTER
    answer = {
        "start": start.isoformat(),
        "end": (start + timedelta(hours=hours)).isoformat(),
        "average_price": 0.2,
        "unit": "EUR/kWh",
    }
    home = Mock(request=AsyncMock(return_value={"service_response": answer}))
    if is_right:
        assert "0.2000 EUR/kWh" in await find_cheapest_hour(home, "device")
    else:
        with pytest.raises(DemoError, match="returned no hour"):
            await find_cheapest_hour(home, "device")


@pytest.mark.usefixtures("socket_enabled")
def test_port_in_use() -> None:
    """A wanted port must be free; the default is the first free one."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(DemoError, match=f"Port {taken} is in use"):
            choose_port(taken)
    assert choose_port(taken) == taken
    assert choose_port(None) >= 8123


async def test_waiting_ends() -> None:
    """Waiting ends with an error after the limit."""

    async def never() -> None:
        return None

    with pytest.raises(DemoError, match="Something happens: not within 0 seconds"):
        await wait_until(never, "Something happens", 0)


def child(folder: Path, code: str) -> Child:
    """Start a process that runs Python code."""
    process = Child("The process", [sys.executable, "-c", code], folder / "log", folder)
    process.start()
    return process


async def test_process_ends_by_itself(tmp_path: Path) -> None:
    """The unexpected end of a process ends the work with an error."""
    process = child(tmp_path, "print('Oh no'); raise SystemExit(3)")
    with pytest.raises(
        DemoError, match="The process ended unexpectedly, with exit code 3"
    ):
        await run_while_alive(asyncio.sleep(30), process)
    assert process.log.read_text() == "Oh no\n"


async def test_stop_ends_child_processes(tmp_path: Path) -> None:
    """Stopping a process ends its child processes."""
    process = child(
        tmp_path,
        "import subprocess, time; subprocess.Popen(['sleep', '60']);"
        "print('started', flush=True); time.sleep(60)",
    )

    async def started() -> bool | None:
        return "started" in process.log.read_text() or None

    async def gone() -> bool | None:
        return not process.is_group_alive() or None

    await wait_until(started, "It starts", 10)
    await process.stop(grace=0.5)
    await wait_until(gone, "All of it ends", 10)
