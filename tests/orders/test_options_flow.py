"""Steps of the options flow that order a smart meter."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.orders.placing import METER_ORDER
from simulator import Fault, Household, Simulator, scenarios
from simulator.oauth import ORGANISATION, READ_ONLY, Client
from tests import DAY, customer_entry, key_entry, pass_time, requests_since, state
from tests.conftest import SetUp
from tests.forms import Form, open_options
from tests.orders.common import capture_events, steps
from tests.test_translations import ENGLISH, GERMAN

ORDERS = "create_meter_order"


async def open_order(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry
) -> Form:
    """Open the form that orders a smart meter."""
    form = await open_options(hass, hass_client, entry)
    await form.choose("order_smart_meter")
    return form


async def choose_order(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Open the form without HTTP, whose access tokens end when time passes."""
    options = hass.config_entries.options
    menu = await options.async_init(entry.entry_id)
    return await options.async_configure(
        menu["flow_id"], {"next_step_id": "order_smart_meter"}
    )


async def test_order(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    """One contract needs no choice: tick the box, send, and it is ordered once."""
    home = simulator.add(scenarios.no_order())
    entry = await set_up()
    options = {"contracts": {home.subscription_id: {"name": "House"}}}
    hass.config_entries.async_update_entry(entry, options=options)
    heard = capture_events(hass)
    form = await open_order(hass, hass_client, entry)
    assert form.shown["step_id"] == "confirm_order"
    assert form.suggested() == {"confirm": False}
    requests_since(simulator)
    done = await form.send(confirm=True)
    assert requests_since(simulator).count(ORDERS) == 1
    assert (done["type"], done["reason"]) == ("abort", "ordered")
    assert str(home.number) in form.texts("de")[0]
    assert home.order
    assert state(hass, home, "order_status") == "created"
    assert heard == steps("not_ordered", "created")
    assert entry.options == options
    assert entry.state is ConfigEntryState.LOADED

    again = await open_order(hass, hass_client, entry)
    assert again.shown["reason"] == "nothing_to_order"


async def test_nothing_is_ordered_without_the_box(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    """A form that is sent too early, or closed, orders nothing."""
    home = simulator.add(scenarios.no_order())
    entry = await set_up()
    form = await open_order(hass, hass_client, entry)
    requests_since(simulator)
    await form.send(confirm=False)
    assert form.shown["errors"] == {"confirm": "not_confirmed"}
    assert ORDERS not in requests_since(simulator)
    assert home.order is None
    assert (await form.send(confirm=True))["reason"] == "ordered"


async def test_choice(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    """Only contracts that can order are offered, and the chosen one is named."""
    homes = [simulator.add(scenarios.no_order(index)) for index in (1, 2)]
    others = [
        simulator.add(each)
        for each in (
            scenarios.happy_path(3),
            scenarios.smart_already(4),
            scenarios.feed_in(5),
            scenarios.no_order(6, status="ended"),
        )
    ]
    pending = simulator.add(scenarios.no_order(7, status="pending"))
    entry = await set_up(*(each.subscription_id for each in (*homes, *others, pending)))
    form = await open_order(hass, hass_client, entry)
    assert form.choices("subscription").keys() == {
        each.subscription_id for each in (*homes, pending)
    }
    await form.send(subscription=homes[1].subscription_id)
    assert str(homes[1].number) in form.shown["description_placeholders"]["contract"]
    await form.send(confirm=True)
    assert homes[1].order
    assert homes[0].order is None


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        ("happy_path", "nothing_to_order"),
        ("cancelled_by_request", "nothing_to_order"),
        ("pre_existing_then_activated", "nothing_to_order"),
        ("smart_already", "nothing_to_order"),
        ("feed_in", "only_feed_in"),
    ],
)
async def test_nothing_to_order(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    scenario: str,
    reason: str,
) -> None:
    """Where nothing can be ordered, the reason is said."""
    home = simulator.add(scenarios.ALL[scenario]())
    home.advance(4)
    entry = await set_up()
    form = await open_order(hass, hass_client, entry)
    assert form.shown["reason"] == reason


# Access


@pytest.mark.parametrize("login", ["key", "customer"])
@pytest.mark.parametrize("has_portal", [True, False])
async def test_login_that_may_only_read(
    hass: HomeAssistant,
    simulator: Simulator,
    credentials: None,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    login: str,
    has_portal: bool,
) -> None:
    """A login that may only read is told where to order."""
    home = simulator.add(scenarios.no_order())
    if not has_portal:
        home.plan_slug = ""
    entry = key_entry(READ_ONLY) if login == "key" else await customer_entry(hass, home)
    await set_up(entry=entry)
    form = await open_order(hass, hass_client, entry)
    if has_portal:
        assert form.shown["reason"] == "read_only_portal"
        assert (
            f"(https://{home.plan_slug}.customerportal.energy/)" in form.texts("de")[0]
        )
    else:
        assert form.shown["reason"] == "read_only"
        assert "support@nomos.energy" in form.texts("de")[0]


async def test_key_that_is_refused(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    """A key whose order is refused is told where to order."""
    home = simulator.add(scenarios.no_order())
    entry = await set_up()
    form = await open_order(hass, hass_client, entry)
    simulator.fail(Fault.FORBIDDEN, path="/meter-orders")
    assert (await form.send(confirm=True))["reason"] == "read_only_portal"
    assert home.order is None


async def test_access_comes_and_goes(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """What counts is what the key may do at its last answer."""
    simulator.add(scenarios.no_order())
    clients, key = simulator.tokens.clients, ORGANISATION.client_id
    clients[key] = Client(key, scopes=READ_ONLY.scopes)
    entry = await set_up()

    async def shown() -> str:
        shown = await choose_order(hass, entry)
        return str(shown.get("reason") or shown["step_id"])

    assert await shown() == "read_only_portal"
    clients[key] = ORGANISATION
    await pass_time(hass, freezer, DAY)
    assert await shown() == "confirm_order"
    clients[key] = Client(key, scopes=READ_ONLY.scopes)
    await pass_time(hass, freezer, DAY)
    assert await shown() == "read_only_portal"


async def test_nomos_is_away_since_the_start(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    """Before the first answer nobody is told that a key may only read."""
    home = simulator.add(scenarios.no_order())
    entry = await set_up()
    await hass.config_entries.async_unload(entry.entry_id)
    simulator.fail(Fault.CONNECTION_RESET)
    await hass.config_entries.async_setup(entry.entry_id)
    form = await open_order(hass, hass_client, entry)
    assert form.shown["step_id"] == "confirm_order"
    await form.send(confirm=True)
    assert form.shown["errors"] == {"base": "order_failed"}
    simulator.recover()
    assert (await form.send(confirm=True))["reason"] == "ordered"
    assert home.order


# Refusals


def _ordered_elsewhere(home: Household, _simulator: Simulator) -> None:
    home.place_order()


def _ended(home: Household, _simulator: Simulator) -> None:
    home.status = "ended"


def _away(_home: Household, simulator: Simulator) -> None:
    simulator.fail(Fault.SERVER_ERROR, path="/meter-orders")


def _login_withdrawn(_home: Household, simulator: Simulator) -> None:
    simulator.tokens.clients.clear()
    simulator.expire_tokens()


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (_ordered_elsewhere, "already_ordered"),
        (_ended, "subscription_ended"),
        (_away, "order_failed"),
        (_login_withdrawn, "invalid_auth"),
    ],
)
async def test_refusal(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    happens: Callable[[Household, Simulator], None],
    reason: str,
) -> None:
    """The form shows the reason, and the box stays ticked."""
    home = simulator.add(scenarios.no_order())
    entry = await set_up()
    form = await open_order(hass, hass_client, entry)
    happens(home, simulator)
    await form.send(confirm=True)
    assert form.shown["errors"] == {"base": reason}
    assert form.suggested() == {"confirm": True}
    assert entry.options == {}


async def test_tariff_without_smart_meter(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    """A tariff without a smart meter is a reason of its own."""
    simulator.add(scenarios.unsupported_plan())
    entry = await set_up()
    form = await open_order(hass, hass_client, entry)
    await form.send(confirm=True)
    assert form.shown["errors"] == {"base": "unsupported_product"}


async def test_contract_that_vanishes(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A contract that is gone while its form is open can't be ordered for."""
    home = simulator.add(scenarios.no_order())
    simulator.add(scenarios.happy_path())
    entry = await set_up()
    form = await choose_order(hass, entry)
    simulator.remove(home.subscription_id)
    await pass_time(hass, freezer, 8 * DAY, timedelta(hours=6))
    done = await hass.config_entries.options.async_configure(
        form["flow_id"], {"confirm": True}
    )
    assert done["reason"] == "not_loaded"


def test_texts_of_refusals() -> None:
    """The form has each reason that the action has, in the same words."""
    reasons = {
        *METER_ORDER.by_detail.values(),
        METER_ORDER.conflict,
        METER_ORDER.otherwise,
        "invalid_auth",
        "meter_is_smart",
    }
    for texts in (ENGLISH, GERMAN):
        for reason in reasons:
            assert (
                texts[f"options.error.{reason}"]
                == texts[f"exceptions.{reason}.message"]
            )


# The button of earlier versions


async def test_button_leaves_the_registry(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """The button that ordered with one tap is removed from Home Assistant."""
    home = simulator.add(scenarios.no_order())
    entry = await set_up()
    registry = er.async_get(hass)
    arguments: Any = (
        Platform.BUTTON,
        DOMAIN,
        f"{home.subscription_id}_order_smart_meter",
    )
    registry.async_get_or_create(*arguments, config_entry=entry)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert registry.async_get_entity_id(*arguments) is None
    assert not hass.states.async_entity_ids(Platform.BUTTON)
    assert state(hass, home, "order_status") == "not_ordered"
