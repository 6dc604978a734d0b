"""Options flow: the menu behind Configure, and the settings of a contract."""

from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from simulator import Simulator, scenarios
from tests import organisation_entry
from tests.conftest import SetUp
from tests.forms import open_options


async def test_menu(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    """Configure shows what there is to do, and changes nothing."""
    simulator.add(scenarios.happy_path())
    entry = await set_up()
    form = await open_options(hass, hass_client, entry)
    assert form.shown["menu_options"] == [
        "order_smart_meter",
        "energy_dashboard",
        "contract_settings",
        "load_limit",
        "webhooks",
    ]
    assert form.texts("de")[:5] == [
        "Zähler bestellen",
        "Zum Energie-Dashboard hinzufügen",
        "Einstellungen eines Vertrags",
        "Leistungsgrenze für Verbraucher",
        "Sofortmeldungen",
    ]
    assert entry.options == {}


async def test_name_of_a_contract(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    """With one contract there is none to choose; an empty name gives the address back."""
    home = simulator.add(scenarios.happy_path())
    entry = await set_up()
    form = await open_options(hass, hass_client, entry)
    await form.choose("contract_settings")
    assert form.shown["step_id"] == "contract"
    assert str(home.number) in form.shown["description_placeholders"]["contract"]
    assert form.suggested() == {}
    done = await form.send(name="  Heat \u202e pump ")
    assert done["type"] == "create_entry"
    assert entry.options == {"contracts": {home.subscription_id: {"name": "Heat pump"}}}

    form = await open_options(hass, hass_client, entry)
    await form.choose("contract_settings")
    assert form.suggested() == {"name": "Heat pump"}
    await form.send()
    assert entry.options == {}


async def test_contract_is_chosen(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    """Of several contracts one is chosen; the settings of the others stay."""
    home, other = (simulator.add(scenarios.happy_path(index)) for index in (1, 2))
    entry = await set_up(home.subscription_id, other.subscription_id)
    stored = {
        "subscriptions": entry.options["subscriptions"],
        "webhook_secret": "whsec_1",
        "contracts": {
            home.subscription_id: {"name": "House", "later": 1},
            other.subscription_id: {"name": "Flat", "comparison": {"price": 0.3}},
            "sub_gone": {"name": "Gone"},
        },
    }
    hass.config_entries.async_update_entry(entry, options=stored)
    for name, kept in (("Heat pump", {"name": "Heat pump"}), (" ", {})):
        form = await open_options(hass, hass_client, entry)
        await form.choose("contract_settings")
        labels = form.choices("subscription")
        assert labels.keys() == {home.subscription_id, other.subscription_id}
        assert all(
            str(each.number) in labels[each.subscription_id] for each in (home, other)
        )
        await form.send(subscription=other.subscription_id)
        await form.send(name=name)
        expected = kept | {"comparison": {"price": 0.3}}
        assert entry.options == {
            **stored,
            "contracts": {**stored["contracts"], other.subscription_id: expected},
        }


async def test_name_that_is_too_long(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    """A name that is too long is kept in the form, and can be shortened."""
    simulator.add(scenarios.happy_path())
    entry = await set_up()
    form = await open_options(hass, hass_client, entry)
    await form.choose("contract_settings")
    await form.send(name="N" * 61)
    assert form.shown["errors"] == {"name": "name_too_long"}
    assert form.suggested() == {"name": "N" * 61}
    assert "Verwenden Sie höchstens 60 Zeichen." in form.texts("de")
    assert (await form.send(name="N" * 60))["type"] == "create_entry"


@pytest.mark.parametrize(
    "damaged",
    [None, [], "x", {}, {"{}": None}, {"{}": []}, {"{}": "x"}, {"{}": {}}],
)
async def test_damaged_settings(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    damaged: Any,
) -> None:
    """Settings that are damaged can be entered again."""
    home = simulator.add(scenarios.happy_path())
    key = home.subscription_id
    if isinstance(damaged, dict):
        damaged = {name.format(key): each for name, each in damaged.items()}
    entry = await set_up()
    hass.config_entries.async_update_entry(entry, options={"contracts": damaged})
    form = await open_options(hass, hass_client, entry)
    await form.choose("contract_settings")
    assert form.suggested() == {}
    await form.send(name="House")
    assert entry.options == {"contracts": {key: {"name": "House"}}}


@pytest.mark.parametrize("option", ["contract_settings", "order_smart_meter"])
async def test_account_that_is_not_loaded(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    option: str,
) -> None:
    """Without contracts there is nothing to configure, which is said."""
    simulator.add(scenarios.no_order())
    entry = await set_up()
    await hass.config_entries.async_unload(entry.entry_id)
    form = await open_options(hass, hass_client, entry)
    assert (await form.choose(option))["reason"] == "not_loaded"


@pytest.mark.parametrize("option", ["contract_settings", "order_smart_meter"])
async def test_account_is_unloaded_meanwhile(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    option: str,
) -> None:
    """A form that was left open says that the account is gone."""
    simulator.add(scenarios.no_order())
    entry = await set_up()
    form = await open_options(hass, hass_client, entry)
    await form.choose(option)
    await hass.config_entries.async_unload(entry.entry_id)
    data: dict[str, Any] = (
        {"confirm": True} if option == "order_smart_meter" else {"name": "House"}
    )
    assert (await form.send(**data))["reason"] == "not_loaded"
    assert entry.options == {}


@pytest.mark.parametrize(
    ("language", "entered", "stored", "shown"),
    [
        ("de", "12,50", 12.5, "12,5"),
        ("en", " 0 ", 0.0, "0"),
        ("en", "500", 500.0, "500"),
    ],
)
async def test_entered_numbers(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    language: str,
    entered: str,
    stored: float,
    shown: str,
) -> None:
    """Base fee and usage are entered as they stand on the invoice; also none at all."""
    hass.config.language = language
    home = simulator.add(scenarios.happy_path())
    entry = await set_up()
    form = await open_options(hass, hass_client, entry)
    await form.choose("contract_settings")
    await form.send(name="House", base_fee=entered, yearly_usage="4500")
    own = {"name": "House", "base_fee": stored, "yearly_usage": 4500.0}
    assert entry.options == {"contracts": {home.subscription_id: own}}
    form = await open_options(hass, hass_client, entry)
    await form.choose("contract_settings")
    numbers = {"base_fee": shown, "yearly_usage": "4500"}
    assert form.suggested() == {"name": "House", **numbers}
    await form.send(name="House")
    assert entry.options["contracts"][home.subscription_id] == {"name": "House"}


OUT_OF_RANGE = {
    "base_fee": "Geben Sie einen Betrag von 0 bis 500 € ein.",
    "yearly_usage": "Geben Sie einen Verbrauch von 100 bis 50000 kWh ein, "
    "ohne Tausenderpunkt.",
}


@pytest.mark.parametrize(
    ("option", "entered", "error"),
    [
        ("base_fee", "-1", "base_fee_out_of_range"),
        ("base_fee", "501", "base_fee_out_of_range"),
        ("base_fee", "nan", "not_a_number"),
        ("base_fee", "zwölf", "not_a_number"),
        # Read as 4.5 kWh.
        ("yearly_usage", "4.500", "yearly_usage_out_of_range"),
        ("yearly_usage", "50001", "yearly_usage_out_of_range"),
        ("yearly_usage", "4.500,5", "not_a_number"),
    ],
)
async def test_invalid_number(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    option: str,
    entered: str,
    error: str,
) -> None:
    """What can't be used is kept in the form, with the reason."""
    simulator.add(scenarios.happy_path())
    entry = await set_up()
    form = await open_options(hass, hass_client, entry)
    await form.choose("contract_settings")
    await form.send(**{option: entered})
    assert form.shown["errors"] == {option: error}
    assert form.suggested() == {option: entered}
    if error != "not_a_number":
        assert OUT_OF_RANGE[option] in form.texts("de")
    assert (await form.send(**{option: "120"}))["type"] == "create_entry"


@pytest.mark.parametrize("option", ["base_fee", "yearly_usage"])
@pytest.mark.parametrize("stored", ["120", True, -1, 50_001, float("nan"), None])
async def test_damaged_number(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
    option: str,
    stored: Any,
) -> None:
    """A number that is damaged is set aside, and the log says so."""
    home = simulator.add(scenarios.happy_path())
    options = {"contracts": {home.subscription_id: {option: stored}}}
    entry = await set_up(entry=organisation_entry(options=options))
    assert "The option contracts is invalid" in caplog.text
    form = await open_options(hass, hass_client, entry)
    await form.choose("contract_settings")
    assert form.suggested() == {}


async def test_feed_in_has_a_name_only(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    """A feed-in contract has no base fee, so that nothing about it is asked."""
    simulator.add(scenarios.feed_in())
    entry = await set_up()
    form = await open_options(hass, hass_client, entry)
    await form.choose("contract_settings")
    assert [field["name"] for field in form.shown["data_schema"]] == ["name"]
