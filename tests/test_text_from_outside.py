"""Spoilt texts, IDs and links in the answers of Nomos harm nothing but themselves."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import (
    get_metadata,
    statistics_during_period,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.helpers.json import json_bytes
from homeassistant.util import dt as dt_util
import pytest
from yarl import URL

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.device import contract_devices
from simulator import Fault, Household, Simulator, scenarios
from tests import DAY, included, pass_time, refresh, state, warnings
from tests.conftest import SetUp

SPOILT = {
    "surrogate": "Lin\ud83dden",
    "nul": "Lin\x00den",
    "control": "Lin\x1b]0;\x07den",
    "lines": "Lin\r\n\u2028den",
    "override": "Lin\u202eden",
    "isolate": "\u2066Lin\u2069den",
    "zero width": "Lin\u200b\ufeffden",
    "long": "Linden" * 2_000,
    "nothing": "\ud800\u202e\x00",
    "blank": "\u3164",
    "markup": "[Lin](https://evil.example)<b>den</b>",
    "template": "{{ 1/0 }} %s {0}",
}

TEXTS = ("street", "house_number", "zip", "city", "number", "plan_name")

BAD_IDS: dict[str, Any] = {
    "surrogate": "sub_\ud800",
    "dot": ".",
    "dots": "..",
    "path": "../meter-orders",
    "query": "sub_1?x=1",
    "override": "sub_\u202e1",
    "nul": "sub_\x00",
    "long": "s" * 10_000,
    "empty": "",
    "null": None,
    "number": 7,
    "list": [],
}


def by_name(values: dict[str, Any]) -> Any:
    """Return the values as parameters of a test."""
    return [pytest.param(value, id=name) for name, value in values.items()]


@pytest.fixture
def home(simulator: Simulator) -> Household:
    """Add the household whose data are spoilt; its gate is open."""
    home = simulator.add(scenarios.happy_path(1))
    home.advance_to("activated")
    return home


@pytest.fixture
def neighbour(simulator: Simulator) -> Household:
    """Add another household of the account, with a plan of its own."""
    home = scenarios.happy_path(2)
    home.plan_id = "pln_2"
    return simulator.add(home)


def device_of(hass: HomeAssistant, home: Household) -> dr.DeviceEntry:
    """Return the device of a household's contract."""
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    return contract_devices(hass, entry)[home.subscription_id]


def entity_count(hass: HomeAssistant, home: Household) -> int:
    """Return the number of entities of a household with a state."""
    device = device_of(hass, home)
    entries = er.async_entries_for_device(er.async_get(hass), device.id)
    return sum(hass.states.get(each.entity_id) is not None for each in entries)


async def check_storage(hass: HomeAssistant, storage: dict[str, Any]) -> None:
    """Check that all of Home Assistant's files can be written."""
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    assert {"core.device_registry", "core.entity_registry"} <= storage.keys()
    assert any(key.startswith(f"{DOMAIN}.") for key in storage)
    for content in storage.values():
        # As Home Assistant writes its files: UTF-8 has no surrogates.
        assert len(json_bytes(content)) < 500_000


@pytest.mark.parametrize("text", by_name(SPOILT))
async def test_spoilt_texts(
    hass: HomeAssistant,
    simulator: Simulator,
    home: Household,
    neighbour: Household,
    set_up: SetUp,
    storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    text: str,
) -> None:
    """The account is set up, and the devices of the whole home can be saved."""
    for field in TEXTS:
        setattr(home, field, text)
    entry = await set_up()
    assert entry.state is ConfigEntryState.LOADED
    assert included(hass) == {home.subscription_id, neighbour.subscription_id}
    assert state(hass, home, "smart_meter_active") == "on"
    assert state(hass, neighbour, "order_status") == "created"
    assert entity_count(hass, home) > entity_count(hass, neighbour) > 5
    device = device_of(hass, home)
    assert device.name
    assert device.name.isprintable()
    assert len(device.name) <= 201
    assert device.model is None or (device.model.isprintable() and device.model)
    assert device_of(hass, neighbour).name == (
        f"{neighbour.street} {neighbour.house_number}"
    )
    await check_storage(hass, storage)
    assert not warnings(caplog)


@pytest.mark.parametrize("field", TEXTS)
async def test_spoilt_field(
    hass: HomeAssistant,
    simulator: Simulator,
    home: Household,
    neighbour: Household,
    set_up: SetUp,
    storage: dict[str, Any],
    field: str,
) -> None:
    """A single field that is spoilt loses the spoilt characters, or is missing."""
    whole = getattr(home, field)
    setattr(home, field, f"\u202e{whole}\ud800")
    await set_up()
    device = device_of(hass, home)
    assert device.name == f"{home.street} {home.house_number}".replace(
        "\u202e", ""
    ).replace("\ud800", "")
    assert device.model == home.plan_name.strip("\u202e\ud800")
    await check_storage(hass, storage)


@pytest.mark.parametrize("value", [None, 7, True, [], {}, 1.5])
@pytest.mark.parametrize("field", ["street", "house_number", "zip", "city"])
async def test_field_that_is_no_text(
    hass: HomeAssistant,
    simulator: Simulator,
    home: Household,
    set_up: SetUp,
    field: str,
    value: Any,
) -> None:
    """A value of another type costs its field only; a whole number is a text."""
    simulator.fail(
        Fault.REPLACED, path="/subscriptions/", field=f"address.{field}", value=value
    )
    await set_up()
    parts = {"street": home.street, "house_number": home.house_number}
    parts[field] = "7" if value == 7 else ""
    assert device_of(hass, home).name == (
        f"{parts['street']} {parts['house_number']}".strip()
    )


@pytest.mark.parametrize(
    "field", ["status", "provider", "blocked_reason", "cancelled_reason"]
)
@pytest.mark.parametrize("text", by_name(SPOILT))
async def test_spoilt_values(
    hass: HomeAssistant,
    simulator: Simulator,
    home: Household,
    neighbour: Household,
    set_up: SetUp,
    storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    field: str,
    text: str,
) -> None:
    """A value that is spoilt is unknown; the log shows its start, escaped."""
    simulator.fail(
        Fault.REPLACED,
        path="/meter-orders",
        subscription=home.subscription_id,
        field=field,
        value=text,
    )
    await set_up()
    assert included(hass) == {home.subscription_id, neighbour.subscription_id}
    assert state(hass, home, "smart_meter_active") == "on"
    assert state(hass, neighbour, "order_status") == "created"
    for message in warnings(caplog):
        assert message.isprintable()
        assert len(message) < 500
    await check_storage(hass, storage)


@pytest.mark.parametrize(
    "value", [f"activ{char}ated" for char in ("\u200b", "\x00", "\ud800", "\n")]
)
async def test_spoilt_status_opens_no_gate(
    hass: HomeAssistant,
    simulator: Simulator,
    neighbour: Household,
    set_up: SetUp,
    value: str,
) -> None:
    """A status that would be the activation without a character is unknown."""
    await set_up()
    simulator.fail(Fault.REPLACED, path="/meter-orders", field="status", value=value)
    await refresh(hass, neighbour)
    assert state(hass, neighbour, "smart_meter_active") == "off"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/meter-orders", "id"),
        ("/meter-orders", "subscription"),
        ("/subscriptions/", "id"),
        ("/subscriptions/", "plan"),
        ("/subscriptions/", "customer.id"),
        ("/plans", "id"),
        ("/meter-readings", "meter"),
        ("/meter-readings", "subscription"),
        ("/grid-fee-reductions", "subscription"),
    ],
)
@pytest.mark.parametrize("value", by_name(BAD_IDS))
async def test_spoilt_id(
    hass: HomeAssistant,
    simulator: Simulator,
    home: Household,
    neighbour: Household,
    set_up: SetUp,
    storage: dict[str, Any],
    path: str,
    field: str,
    value: Any,
) -> None:
    """A record whose ID is spoilt keeps its last good value; the others go on."""
    entry = await set_up()
    path += home.subscription_id if path == "/subscriptions/" else ""
    simulator.fail(
        Fault.REPLACED,
        path=path,
        subscription=None if path == "/plans" else home.subscription_id,
        field=field,
        value=value,
    )
    neighbour.advance_to("placed")
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.LOADED
    assert included(hass) == {home.subscription_id, neighbour.subscription_id}
    assert state(hass, home, "smart_meter_active") == "on"
    assert state(hass, home, "order_status") == "activated"
    assert state(hass, neighbour, "order_status") == "placed"
    assert device_of(hass, home).model == home.plan_name
    await check_storage(hass, storage)


@pytest.mark.parametrize("value", by_name(BAD_IDS))
async def test_spoilt_id_at_first(
    hass: HomeAssistant,
    simulator: Simulator,
    home: Household,
    neighbour: Household,
    set_up: SetUp,
    value: Any,
) -> None:
    """A contract whose ID can't be read is missing until it can."""
    simulator.fail(
        Fault.REPLACED,
        path="/subscriptions",
        subscription=home.subscription_id,
        field="id",
        value=value,
    )
    simulator.fail(
        Fault.OMITTED, path="/meter-orders", subscription=home.subscription_id
    )
    entry = await set_up()
    assert included(hass) == {neighbour.subscription_id}
    simulator.recover()
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert included(hass) == {home.subscription_id, neighbour.subscription_id}


@pytest.mark.parametrize(
    "slug",
    [
        "[",
        "x:99999999/",
        "evil.example/#",
        "user@evil.example/x?",
        "\\\\evil",
        "licht\u202eblume",
        "licht\ud83dblume",
        "l" * 10_000,
        "",
        None,
        7,
    ],
    ids=lambda value: ascii(value)[:20],
)
async def test_spoilt_slug(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    home: Household,
    neighbour: Household,
    set_up: SetUp,
    storage: dict[str, Any],
    slug: Any,
) -> None:
    """All entities are there without the link, which comes within eight days."""
    simulator.fail(
        Fault.REPLACED, path=f"/plans/{home.plan_id}", field="slug", value=slug
    )
    await set_up()
    device = device_of(hass, home)
    assert device.configuration_url is None
    assert device.model == home.plan_name
    assert entity_count(hass, home) > entity_count(hass, neighbour) > 5
    assert device_of(hass, neighbour).configuration_url == link(neighbour)
    await check_storage(hass, storage)

    simulator.recover()
    await pass_time(hass, freezer, 8 * DAY, step=6 * DAY / 24)
    assert device_of(hass, home).configuration_url == link(home)


def link(home: Household) -> str:
    """Return the address of a household's customer portal."""
    return str(URL(f"https://{home.plan_slug}.customerportal.energy/"))


@pytest.mark.parametrize(
    ("field", "value"), [("id", ".."), ("name", "\u202e"), ("name", None)]
)
async def test_spoilt_plan_later(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    home: Household,
    set_up: SetUp,
    field: str,
    value: Any,
) -> None:
    """A plan that can't be read again keeps its last good value, and heals."""
    await set_up()
    device = device_of(hass, home)
    simulator.fail(Fault.REPLACED, path="/plans", field=field, value=value)
    await pass_time(hass, freezer, 8 * DAY, step=6 * DAY / 24)
    kept = device_of(hass, home)
    assert (kept.model, kept.configuration_url) == (device.model, link(home))
    simulator.recover()
    home.plan_name, home.plan_slug = "Windblume", "windblume"
    await pass_time(hass, freezer, 8 * DAY, step=6 * DAY / 24)
    healed = device_of(hass, home)
    assert (healed.model, healed.configuration_url) == ("Windblume", link(home))


async def test_spoilt_name_heals(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    home: Household,
    set_up: SetUp,
) -> None:
    """The device gets its name as soon as the address can be read."""
    whole = home.street
    home.street = home.house_number = "\ud800"
    entry = await set_up()
    assert device_of(hass, home).name == home.number
    home.street, home.house_number = whole, "7"
    await hass.config_entries.async_reload(entry.entry_id)
    entry.runtime_data.contracts.mark_stale(home.subscription_id)
    await refresh(hass, home)
    assert device_of(hass, home).name == f"{whole} 7"


@pytest.mark.parametrize(
    ("street", "shown"),
    [
        ("Am Markt", "Am Markt"),
        ("St.-Georg-Str. (Hof) #3 + 4!", "St.-Georg-Str. (Hof) #3 + 4!"),
        ("Müller & Söhne", "Müller & Söhne"),
        ("[hier](https://evil.example)", r"\[hier\](https\://evil.example)"),
        ("https://evil.example/x", r"https\://evil.example/x"),
        ("www.evil.example", r"www\.evil.example"),
        ("a@evil.example", r"a\@evil.example"),
        ("<img src=x>", r"\<img src=x\>"),
        ("**fett** _x_ ~y~ `z` |", r"\*\*fett\*\* \_x\_ \~y\~ \`z\` \|"),
        ("a&lt;b&#60;", r"a\&lt;b\&#60;"),
        (r"a\*b", r"a\\\*b"),
    ],
)
async def test_markdown(
    hass: HomeAssistant,
    simulator: Simulator,
    home: Household,
    set_up: SetUp,
    street: str,
    shown: str,
) -> None:
    """Repairs show an address as it is, whatever it would mean as Markdown."""
    home.street = street
    home.status = "ended"
    await set_up()
    (issue,) = (
        each
        for each in ir.async_get(hass).issues.values()
        if each.domain == DOMAIN and each.active
    )
    assert issue.translation_placeholders
    assert issue.translation_placeholders["contract"] == f"{shown} {home.house_number}"
    # A device's name is no Markdown.
    assert device_of(hass, home).name == f"{street} {home.house_number}"


@pytest.mark.parametrize("text", by_name(SPOILT))
async def test_spoilt_statistics(
    recorder_mock: None,
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    home: Household,
    set_up: SetUp,
    text: str,
) -> None:
    """What is noted as imported is in the statistics, under a name without harm."""
    home.street = home.house_number = home.number = text
    await set_up()
    await pass_time(hass, freezer, 3 * DAY, step=6 * DAY / 24)
    key = f"{DOMAIN}:{home.subscription_id}_consumption"
    recorder = get_instance(hass)
    metadata = await recorder.async_add_executor_job(
        lambda: get_metadata(hass, statistic_ids={key})
    )
    name = metadata[key][1]["name"]
    assert name
    assert name.isprintable()
    assert len(name) <= 255
    stored = await recorder.async_add_executor_job(
        lambda: statistics_during_period(
            hass, dt_util.utc_from_timestamp(0), None, {key}, "hour", None, {"sum"}
        )
    )
    assert len(stored[key]) >= 24
