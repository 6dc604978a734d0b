"""Contracts that the configuration flow offers, beside other entries and flows."""

from typing import Any

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryDisabler,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, UnknownFlow
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.nomos_energy.const import DOMAIN
from simulator import ORGANISATION, READ_ONLY, Client, Simulator, scenarios

from .conftest import SetUp
from .flows import KEY, consent, labels, reauth, reconfigure, shown, start, submit

READ_ONLY_KEY = {
    "client_id": READ_ONLY.client_id,
    "client_secret": READ_ONLY.client_secret,
}


def contracts_of(hass: HomeAssistant, entry: ConfigEntry) -> set[str]:
    """Return the subscription IDs of an entry's devices."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return {key for device in devices for _, key in device.identifiers}


# Contracts of other entries


def second_key(**kwargs: Any) -> MockConfigEntry:
    """Return the entry of another key for the same contracts."""
    return MockConfigEntry(
        domain=DOMAIN,
        title="Grandma",
        unique_id=READ_ONLY.client_id,
        data=READ_ONLY_KEY,
        **kwargs,
    )


@pytest.mark.parametrize(
    ("of_others", "step", "offered"),
    [
        ([], "subscriptions", [0, 1, 2]),
        ([1], "other_subscriptions", [0, 2]),
        ([0, 1], "other_subscriptions", [2]),
        ([0, 1, 2], None, []),
    ],
)
@pytest.mark.parametrize("is_disabled", [False, True])
async def test_contracts_of_another_entry(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    of_others: list[int],
    step: str | None,
    offered: list[int],
    is_disabled: bool,
) -> None:
    """The form leaves out what another entry includes, and names that entry."""
    homes = [simulator.add(scenarios.happy_path(index)) for index in (1, 2, 3)]
    keys = [home.subscription_id for home in homes]
    if of_others:
        chosen = [keys[place] for place in of_others]
        other = await set_up(entry=second_key(options={"subscriptions": chosen}))
        if is_disabled:
            await hass.config_entries.async_set_disabled_by(
                other.entry_id, ConfigEntryDisabler.USER
            )
    form = await submit(hass, await start(hass, "api_credentials"), **KEY)
    said = form["description_placeholders"]
    if of_others:
        assert said == {
            "count": str(len(of_others)),
            "total": "3",
            "entries": "Grandma",
        }
    if step is None:
        assert form["type"] is FlowResultType.ABORT
        assert form["reason"] == "all_included"
        assert len(hass.config_entries.async_entries(DOMAIN)) == 1
        return
    assert form["step_id"] == step
    assert len(labels(form)) == len(offered)
    for place in offered:
        assert any(str(homes[place].number) in label for label in labels(form))

    form = await submit(hass, form, follow_all=False)
    assert (form["step_id"], form["errors"]) == (
        step,
        {"subscriptions": "nothing_chosen"},
    )
    result = await submit(hass, form, follow_all=True)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert contracts_of(hass, result["result"]) == {keys[place] for place in offered}


async def test_sign_in_after_a_key(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    credentials: None,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """A household whose one contract a key includes already needs no second entry."""
    home = simulator.add(scenarios.happy_path())
    await set_up()
    page = await start(hass, "pick_implementation")
    result = await consent(hass, hass_client_no_auth, page, home.customer_id)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "all_included"
    said = result["description_placeholders"]
    assert said
    assert said["entries"] == "Nomos Energy"


@pytest.mark.parametrize(
    ("own", "step"), [([0], "other_subscriptions"), ([], None), ([0, 1, 2], None)]
)
async def test_choosing_beside_another_entry(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    own: list[int],
    step: str | None,
) -> None:
    """What an entry has itself stays on offer; what is left out is not chosen."""
    homes = [simulator.add(scenarios.happy_path(index)) for index in (1, 2, 3)]
    keys = [home.subscription_id for home in homes]
    others = [place for place in range(3) if place not in own]
    if others:
        chosen = [keys[place] for place in others]
        await set_up(entry=second_key(options={"subscriptions": chosen}))
    entry = await set_up(*keys)
    assert contracts_of(hass, entry) == {keys[place] for place in own}
    menu = await reconfigure(hass, entry)
    form = await submit(hass, menu, next_step_id="choose_subscriptions")
    if not own:
        assert form["reason"] == "all_included"
        return
    assert form["step_id"] == (step or "subscriptions")
    assert shown(form)["subscriptions"] == [keys[place] for place in own]


async def test_new_login_beside_another_entry(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A new secret is kept also if another entry includes all of its contracts."""
    homes = [simulator.add(scenarios.happy_path(index)) for index in (1, 2)]
    await set_up(entry=second_key())
    entry = await set_up(homes[0].subscription_id)
    new = {**KEY, "client_secret": "new-secret"}
    simulator.tokens.clients[ORGANISATION.client_id] = Client(
        ORGANISATION.client_id, "new-secret"
    )
    menu = await reconfigure(hass, entry)
    form = await submit(hass, menu, next_step_id="api_credentials")
    result = await submit(hass, form, **new)
    assert result["reason"] == "reconfigure_successful"
    assert entry.data["client_secret"] == "new-secret"
    assert entry.options == {"subscriptions": [homes[0].subscription_id]}
    assert contracts_of(hass, entry) == set()


@pytest.mark.parametrize(
    ("taken", "title"),
    [
        ([], "Nomos Energy"),
        (["Nomos Energy"], "Nomos Energy 2"),
        (["Grandma"], "Nomos Energy"),
        (["Nomos Energy", "Nomos Energy 2"], "Nomos Energy 3"),
        (["Nomos Energy", "Nomos Energy 3"], "Nomos Energy 2"),
    ],
)
async def test_titles_differ(
    hass: HomeAssistant, simulator: Simulator, taken: list[str], title: str
) -> None:
    """Entries are told apart by their titles, which say nothing personal."""
    simulator.add(scenarios.happy_path())
    for each in taken:
        MockConfigEntry(domain=DOMAIN, title=each).add_to_hass(hass)
    result = await submit(hass, await start(hass, "api_credentials"), **KEY)
    assert result["title"] == title


# Flows that are left open


@pytest.mark.parametrize("way", ["key", "sign in"])
async def test_abandoned_set_up(
    hass: HomeAssistant,
    simulator: Simulator,
    credentials: None,
    hass_client_no_auth: ClientSessionGenerator,
    way: str,
) -> None:
    """A window that was closed during the set-up does not lock the account out."""
    home = simulator.add(scenarios.happy_path())
    simulator.add(scenarios.feed_in(customer_id=home.customer_id))

    async def log_in() -> ConfigFlowResult:
        if way == "key":
            return await submit(hass, await start(hass, "api_credentials"), **KEY)
        page = await start(hass, "pick_implementation")
        return await consent(hass, hass_client_no_auth, page, home.customer_id)

    abandoned = await log_in()
    assert abandoned["step_id"] == "subscriptions"
    result = await submit(hass, await log_in(), follow_all=True)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert not hass.config_entries.flow.async_progress()
    with pytest.raises(UnknownFlow):
        await submit(hass, abandoned, follow_all=True)
    assert (await log_in())["reason"] == "already_configured"


@pytest.mark.parametrize("abandoned", ["set-up", "reconfigure", "reauth"])
@pytest.mark.parametrize("next_one", ["reconfigure", "reauth"])
async def test_abandoned_repair(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    abandoned: str,
    next_one: str,
) -> None:
    """Nor does one that was closed while a login was repaired or changed."""
    homes = [simulator.add(scenarios.happy_path(index)) for index in (1, 2)]
    entry = await set_up(homes[0].subscription_id)

    async def begin(kind: str) -> ConfigFlowResult:
        if kind == "set-up":
            return await start(hass, "api_credentials")
        if kind == "reauth":
            return await reauth(hass, entry)
        menu = await reconfigure(hass, entry)
        return await submit(hass, menu, next_step_id="api_credentials")

    form = await begin(abandoned)
    if abandoned == "reconfigure":
        form = await submit(hass, form, **READ_ONLY_KEY)
        assert form["step_id"] == "subscriptions"
    elif abandoned == "set-up":
        form = await submit(hass, form, **READ_ONLY_KEY)
        assert form["step_id"] == "other_subscriptions"
    result = await submit(hass, await begin(next_one), **READ_ONLY_KEY)
    if next_one == "reconfigure":
        result = await submit(hass, result, follow_all=True)
    assert result["reason"] == f"{next_one}_successful"
    assert entry.unique_id == READ_ONLY.client_id
    assert entry.state is ConfigEntryState.LOADED

    if abandoned == "set-up":
        # The key belongs to that entry by now.
        result = await submit(hass, form, follow_all=True)
        assert result["reason"] == "already_configured"


async def test_two_set_ups_at_once(hass: HomeAssistant, simulator: Simulator) -> None:
    """The second of two windows finds the account set up; another account goes on."""
    simulator.add(scenarios.happy_path(1))
    first, second = [await start(hass, "api_credentials") for _ in range(2)]
    different = await start(hass, "api_credentials")
    result = await submit(hass, first, **KEY)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    result = await submit(hass, second, **KEY)
    assert result["reason"] == "already_configured"

    simulator.add(scenarios.happy_path(3))
    form = await submit(hass, different, **READ_ONLY_KEY)
    result = await submit(hass, form, follow_all=True)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Nomos Energy 2"


async def test_contract_is_taken_during_the_choice(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A contract that another entry takes while the form is open stays with that one."""
    homes = [simulator.add(scenarios.happy_path(index)) for index in (1, 2)]
    keys = [home.subscription_id for home in homes]
    form = await submit(hass, await start(hass, "api_credentials"), **KEY)
    other = await set_up(entry=second_key(options={"subscriptions": keys[:1]}))
    result = await submit(hass, form, follow_all=False, subscriptions=keys)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert contracts_of(hass, other) == {keys[0]}
    assert contracts_of(hass, result["result"]) == {keys[1]}
