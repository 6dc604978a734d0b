"""Repair issues of the meter order."""

from datetime import timedelta
from typing import Literal

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.issues import async_create_issue, issue_id
from custom_components.nomos_energy.nomos import HOUR
from custom_components.nomos_energy.webhooks.address import WEBHOOK_MOVED
from custom_components.nomos_energy.webhooks.receiver import WEBHOOK_REFUSED
from simulator import Fault, Household, Simulator, Step, scenarios
from simulator.households import Order
from simulator.oauth import Client
from tests import DAY, key_entry, next_start, pass_time, refresh, state
from tests.conftest import SetUp

NEIGHBOUR = Client("demo-neighbour")


def issues(hass: HomeAssistant, home: Household | None = None) -> list[str]:
    """Return the translation keys of active issues, of one household or of all."""
    return sorted(
        issue.translation_key or ""
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN
        and issue.active
        and (home is None or issue.issue_id.endswith(home.subscription_id))
    )


async def texts(hass: HomeAssistant, home: Household) -> dict[str, list[str]]:
    """Return title and description of a household's only issue, by language."""
    (issue,) = (
        issue
        for issue in ir.async_get(hass).issues.values()
        if issue.active and issue.issue_id.endswith(home.subscription_id)
    )
    found = {}
    for language in ("en", "de"):
        all_texts = await async_get_translations(hass, language, "issues", {DOMAIN})
        prefix = f"component.{DOMAIN}.issues.{issue.translation_key}."
        found[language] = [
            # What is not filled in raises an error.
            all_texts[f"{prefix}{part}"].format(**issue.translation_placeholders or {})
            for part in ("title", "description")
        ]
    return found


def order_of(home: Household) -> Order:
    """Return the order of a household that has one."""
    assert home.order
    return home.order


def stalled(number: int = 1) -> Household:
    """Return a household whose order never moves."""
    return scenarios.happy_path(
        number, timeline=[Step(after=timedelta(0), status="created")]
    )


def with_blocks(*blocks: str | Literal[False]) -> Household:
    """Return a household whose order is blocked and unblocked."""
    return scenarios.happy_path(
        timeline=[
            Step(after=timedelta(0), status="created"),
            *(
                Step(after=(day + 1) * DAY, blocked=block)
                for day, block in enumerate(blocks)
            ),
            Step(after=40 * DAY, status="activated"),
        ]
    )


# Blocks


@pytest.mark.parametrize(
    ("reason", "key", "english", "german"),
    [
        ("check_missing", "blocked_check_missing", "photos", "Fotos"),
        ("solar_eclipse", "blocked", "reason is not known", "Grund ist nicht bekannt"),
    ],
)
async def test_blocked(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    reason: str,
    key: str,
    english: str,
    german: str,
) -> None:
    """Each block has its own text, as long as it lasts."""
    home = simulator.add(with_blocks(reason, False))
    await set_up()
    assert not issues(hass)
    home.advance()
    await refresh(hass, home)
    assert issues(hass) == [key]
    told = await texts(hass, home)
    for language, word in (("en", english), ("de", german)):
        title, description = told[language]
        assert home.street in title
        assert word in description
        assert "{" not in title + description
    home.advance()
    await refresh(hass, home)
    assert not issues(hass)


async def test_block_without_reason(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A block without a reason is an issue, too."""
    home = simulator.add(scenarios.happy_path())
    order_of(home).blocked_at = dt_util.utcnow()
    await set_up()
    assert issues(hass) == ["blocked"]


async def test_reason_changes(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Another reason of a block replaces the issue, or ends it."""
    home = simulator.add(
        with_blocks("check_missing", "grid_operator_registration", "moonlight", False)
    )
    await set_up()
    seen = []
    for _ in range(4):
        home.advance()
        await refresh(hass, home)
        seen.append(issues(hass))
    assert seen == [
        ["blocked_check_missing"],
        [],
        ["blocked"],
        [],
    ]


async def test_grid_operator(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The household can do nothing about the grid operator, unless it takes too long."""
    home = simulator.add(stalled())
    await set_up()
    order = order_of(home)
    order.blocked_at = dt_util.utcnow()
    order.blocked_reason = "grid_operator_registration"
    await refresh(hass, home)
    assert state(hass, home, "order_blocked") == "on"
    assert state(hass, home, "blocked_reason") == "grid_operator_registration"
    assert not issues(hass)
    await pass_time(hass, freezer, 85 * DAY, DAY)
    assert issues(hass) == ["activation_overdue"]


@pytest.mark.parametrize("end", ["activated", "cancelled"])
async def test_block_that_is_never_lifted(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, end: str
) -> None:
    """A block of a settled order is no issue."""
    home = simulator.add(with_blocks("check_missing"))
    home.advance()
    await set_up()
    assert issues(hass) == ["blocked_check_missing"]
    order = order_of(home)
    order.status = end
    order.cancelled_reason = "customer_request" if end == "cancelled" else None
    await refresh(hass, home)
    assert issues(hass) == ["cancelled_by_request"] * (end == "cancelled")


# Cancelled


async def test_cancelled_by_request(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A cancelled order is an issue as long as there is no smart meter."""
    home = simulator.add(scenarios.cancelled_by_request())
    await set_up()
    home.advance_to("cancelled")
    await refresh(hass, home)
    assert issues(hass) == ["cancelled_by_request"]
    told = await texts(hass, home)
    assert all(
        "support@nomos.energy" in description for _, description in told.values()
    )
    home.meter_type = "smart"
    await refresh(hass, home)
    assert not issues(hass)


async def test_cancelled_with_open_gate(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A cancelled order is no issue if the meter is smart already."""
    home = simulator.add(scenarios.cancelled_by_request(meter_type="smart"))
    home.advance_to("cancelled")
    await set_up()
    assert not issues(hass)


async def test_cancelled_for_another_reason(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """An order that was cancelled for another reason is no such issue."""
    home = simulator.add(scenarios.cancelled_by_request())
    home.advance_to("cancelled")
    order_of(home).cancelled_reason = "no_room"
    await set_up()
    assert not issues(hass)


async def test_awaits_registration(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A meter that was there before is being registered: a state, and no issue."""
    home = simulator.add(scenarios.pre_existing_then_activated())
    await set_up()
    seen = []
    for _ in range(40):
        await pass_time(hass, freezer, DAY, DAY)
        assert not issues(hass)
        status = state(hass, home, "order_status")
        if status not in seen:
            seen.append(status)
    assert seen == ["created", "placed", "awaits_registration", "activated"]


# The customer portal


def links(hass: HomeAssistant) -> dict[str | None, str | None]:
    """Return the links of all active issues by translation key."""
    return {
        issue.translation_key: issue.learn_more_url
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN and issue.active
    }


@pytest.mark.parametrize(
    ("slug", "address"),
    [
        ("lichtblume", "https://lichtblume.customerportal.energy/"),
        ("not a host/", None),
    ],
)
async def test_portal(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    slug: str,
    address: str | None,
) -> None:
    """Issues of an order in progress link the customer portal, if it is known."""
    home, other = simulator.add(stalled()), simulator.add(stalled(2))
    over = simulator.add(scenarios.cancelled_by_request(3))
    ended = simulator.add(scenarios.no_order(4, status="ended"))
    for each in (home, other, over, ended):
        each.plan_slug = slug
    over.advance_to("cancelled")
    for each, reason in ((home, "check_missing"), (other, "solar_eclipse")):
        order = order_of(each)
        order.appointment_at = dt_util.utcnow() + DAY
        order.blocked_at, order.blocked_reason = dt_util.utcnow(), reason
    await set_up()
    await pass_time(hass, freezer, 85 * DAY, DAY)
    assert links(hass) == {
        "activation_overdue": address,
        "appointment_missed": address,
        "blocked": address,
        "blocked_check_missing": address,
        "cancelled_by_request": None,
        "subscription_ended": None,
    }


# Appointments and delays


async def test_appointment_missed(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Two days after an appointment that led to nothing the household is asked."""
    home = simulator.add(
        scenarios.happy_path(
            timeline=[
                Step(after=timedelta(0), status="created"),
                Step(after=DAY, status="scheduled", appointment_in=9 * DAY),
            ]
        )
    )
    await hass.config.async_set_time_zone("Europe/Berlin")
    await set_up()
    home.advance()
    appointment = order_of(home).appointment_at
    assert appointment
    await pass_time(hass, freezer, appointment + 2 * DAY - HOUR - dt_util.utcnow())
    await refresh(hass, home)
    assert not issues(hass)
    await pass_time(hass, freezer, HOUR)
    await refresh(hass, home)
    assert issues(hass) == ["appointment_missed"]
    told = await texts(hass, home)
    assert all("2026-12-02" in description for _, description in told.values())
    # Another appointment is made.
    order_of(home).appointment_at = dt_util.utcnow() + 5 * DAY
    await refresh(hass, home)
    assert not issues(hass)
    await pass_time(hass, freezer, 8 * DAY)
    assert issues(hass) == ["appointment_missed"]
    order_of(home).status = "installed"
    order_of(home).installed_at = dt_util.utcnow()
    await refresh(hass, home)
    assert not issues(hass)


async def test_day_of_the_appointment(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The day is the household's own, also shortly after midnight."""
    home = simulator.add(stalled())
    await hass.config.async_set_time_zone("Europe/Berlin")
    order_of(home).appointment_at = dt_util.utcnow().replace(hour=23, minute=30)
    await set_up()
    await pass_time(hass, freezer, 4 * DAY)
    assert issues(hass) == ["appointment_missed"]
    assert "2026-11-24" in (await texts(hass, home))["de"][1]


async def test_overdue(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """An activation is overdue four weeks after it was expected."""
    home = simulator.add(stalled())
    await set_up()
    await pass_time(hass, freezer, 83 * DAY, DAY)
    assert not issues(hass)
    await pass_time(hass, freezer, 2 * DAY, DAY)
    assert issues(hass) == ["activation_overdue"]
    told = await texts(hass, home)
    assert all("2027-01-18" in description for _, description in told.values())
    order_of(home).status = "activated"
    order_of(home).activated_at = dt_util.utcnow()
    await refresh(hass, home)
    assert not issues(hass)


async def test_overdue_and_blocked(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Different things that stand against an order are told apart."""
    home = simulator.add(stalled())
    await set_up()
    order = order_of(home)
    order.appointment_at = dt_util.utcnow() + DAY
    order.blocked_at, order.blocked_reason = dt_util.utcnow(), "check_missing"
    await pass_time(hass, freezer, 85 * DAY, DAY)
    every = ["activation_overdue", "appointment_missed", "blocked_check_missing"]
    assert issues(hass) == every
    home.status = "ended"
    entry = hass.config_entries.async_entries(DOMAIN)[0]
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    await pass_time(hass, freezer, 8 * DAY)
    assert issues(hass) == ["subscription_ended"]


async def test_ordinary_story(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """An order without problems has no issue for half a year."""
    for scenario in (
        scenarios.happy_path,
        scenarios.appointment_moved,
        scenarios.no_order,
        scenarios.smart_already,
        scenarios.feed_in,
        scenarios.unsupported_plan,
    ):
        simulator.add(scenario())
    await set_up()
    for _ in range(60):
        await pass_time(hass, freezer, 3 * DAY, DAY)
        assert not issues(hass)


async def test_installation_that_is_not_reported(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """An installation that is not reported is an issue until the activation."""
    home = simulator.add(scenarios.skipped_steps())
    await set_up()
    asked_on = []
    for day in range(1, 60):
        await pass_time(hass, freezer, DAY, DAY)
        if issues(hass):
            assert issues(hass) == ["appointment_missed"]
            asked_on.append(day)
    assert 40 < asked_on[0] <= 43
    assert asked_on[-1] <= 48
    assert order_of(home).status == "activated"


# The end of a contract


@pytest.mark.parametrize("scenario", ["no_order", "smart_already", "feed_in"])
async def test_subscription_ended(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, scenario: str
) -> None:
    """A contract that has ended is named; if it goes on after all, nothing is said."""
    home = simulator.add(scenarios.ALL[scenario]())
    await set_up()
    assert not issues(hass)
    home.status = "ended"
    await refresh(hass, home)
    assert issues(hass) == ["subscription_ended"]
    told = await texts(hass, home)
    assert "ended" in told["en"][0]
    assert "beendet" in told["de"][0]
    home.status = "active"
    await refresh(hass, home)
    assert not issues(hass)


async def test_subscription_that_vanishes(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A contract that is gone has no issues."""
    home = simulator.add(with_blocks("check_missing"))
    other = simulator.add(
        scenarios.blocked_then_unblocked(timeline=with_blocks("check_missing").timeline)
    )
    home.advance()
    other.advance()
    await set_up()
    assert len(issues(hass)) == 2
    simulator.remove(home.subscription_id)
    await pass_time(hass, freezer, 8 * DAY)
    assert issues(hass) == issues(hass, other) == ["blocked_check_missing"]


async def test_subscription_that_is_no_longer_followed(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Contracts that are no longer included have no issues."""
    home = simulator.add(scenarios.cancelled_by_request())
    other = simulator.add(scenarios.happy_path())
    home.advance_to("cancelled")
    entry = await set_up()
    assert issues(hass) == ["cancelled_by_request"]
    hass.config_entries.async_update_entry(
        entry, options={"subscriptions": [other.subscription_id]}
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert not issues(hass)


# Reloads, restarts, other accounts


async def test_reload(hass: HomeAssistant, simulator: Simulator, set_up: SetUp) -> None:
    """After a reload only the issues that still hold are there."""
    home = simulator.add(with_blocks("check_missing", False))
    gone = simulator.add(scenarios.cancelled_by_request())
    home.advance()
    gone.advance_to("cancelled")
    entry = await set_up()
    assert issues(hass) == ["blocked_check_missing", "cancelled_by_request"]
    await hass.config_entries.async_unload(entry.entry_id)
    home.advance()
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert issues(hass) == ["cancelled_by_request"]


async def test_nomos_is_away(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Issues stay while Nomos does not answer."""
    home = simulator.add(with_blocks("check_missing", False))
    home.advance()
    entry = await set_up()
    simulator.fail(Fault.SERVER_ERROR)
    await pass_time(hass, freezer, DAY)
    assert issues(hass) == ["blocked_check_missing"]
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert issues(hass) == ["blocked_check_missing"]
    home.advance()
    simulator.recover()
    await pass_time(hass, freezer, DAY)
    assert not issues(hass)


async def block_two_accounts(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> MockConfigEntry:
    """Set up two accounts with issues of all kinds; return the first one."""
    blocked = with_blocks("check_missing").timeline
    home = simulator.add(scenarios.blocked_then_unblocked(timeline=blocked))
    other = simulator.add(scenarios.cancelled_by_request())
    home.advance()
    other.advance_to("cancelled")
    simulator.tokens.clients[NEIGHBOUR.client_id] = NEIGHBOUR
    await set_up(
        entry=MockConfigEntry(
            domain=DOMAIN,
            unique_id=NEIGHBOUR.client_id,
            data=dict(key_entry(NEIGHBOUR).data),
            options={"subscriptions": [other.subscription_id]},
        )
    )
    entry = await set_up(home.subscription_id)
    for key in (WEBHOOK_REFUSED, WEBHOOK_MOVED):
        async_create_issue(hass, entry, key, entry.entry_id, {})
    ignored = issue_id("blocked_check_missing", home.subscription_id)
    ir.async_ignore_issue(hass, DOMAIN, ignored, True)
    assert issues(hass) == [
        "blocked_check_missing",
        "cancelled_by_request",
        "webhook_moved",
        "webhook_refused",
    ]
    return entry


def registered(hass: HomeAssistant) -> list[str]:
    """Return the translation keys of all issues, active or not."""
    found = ir.async_get(hass).issues.values()
    return [issue.translation_key or "" for issue in found if issue.domain == DOMAIN]


async def test_removed_account(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """All issues of a removed account are deleted, and none of another one."""
    entry = await block_two_accounts(hass, simulator, set_up)
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert registered(hass) == ["cancelled_by_request"]


async def test_disabled_account(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """All issues of a disabled account are deleted until it is enabled again."""
    entry = await block_two_accounts(hass, simulator, set_up)
    await hass.config_entries.async_set_disabled_by(
        entry.entry_id, ConfigEntryDisabler.USER
    )
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.NOT_LOADED
    assert registered(hass) == ["cancelled_by_request"]
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await hass.async_block_till_done()
    assert issues(hass) == ["blocked_check_missing", "cancelled_by_request"]


async def test_ignored(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """An ignored issue stays ignored over refreshes and a reload."""
    home = simulator.add(with_blocks("check_missing", False, "check_missing"))
    home.advance()
    entry = await set_up()
    ((_, issue_id),) = ir.async_get(hass).issues

    def ignored() -> bool:
        issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
        return (
            issue is not None and issue.active and issue.dismissed_version is not None
        )

    assert not ignored()
    ir.async_ignore_issue(hass, DOMAIN, issue_id, True)
    assert ignored()
    await refresh(hass, home)
    assert ignored()
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert ignored()
    # A new address of the customer portal is none.
    home.plan_slug = "mondschein"
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert links(hass) == {
        "blocked_check_missing": "https://mondschein.customerportal.energy/"
    }
    assert ignored()
    # Another block is another matter.
    home.advance()
    await refresh(hass, home)
    home.advance()
    await refresh(hass, home)
    assert issues(hass) == ["blocked_check_missing"]
    assert not ignored()


async def test_restart(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """After a restart only the issues that still hold are active."""
    home = simulator.add(with_blocks("check_missing", False))
    gone = simulator.add(scenarios.cancelled_by_request())
    home.advance()
    gone.advance_to("cancelled")
    entry = await set_up()
    ((_, issue_id),) = (
        key
        for key in ir.async_get(hass).issues
        if key[1].endswith(gone.subscription_id)
    )
    ir.async_ignore_issue(hass, DOMAIN, issue_id, True)
    home.advance()
    async with next_start(hass, entry) as (new, _):
        assert issues(new) == ["cancelled_by_request"]


async def test_two_accounts(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Issues of one account do not depend on another one."""
    home = simulator.add(
        scenarios.blocked_then_unblocked(timeline=with_blocks("check_missing").timeline)
    )
    other = simulator.add(scenarios.cancelled_by_request())
    home.advance()
    other.advance_to("cancelled")
    simulator.tokens.clients[NEIGHBOUR.client_id] = NEIGHBOUR
    first = await set_up(home.subscription_id)
    second = await set_up(
        entry=MockConfigEntry(
            domain=DOMAIN,
            unique_id=NEIGHBOUR.client_id,
            data=dict(key_entry(NEIGHBOUR).data),
            options={"subscriptions": [other.subscription_id]},
        )
    )
    both = ["blocked_check_missing", "cancelled_by_request"]
    assert issues(hass) == both
    for _ in range(3):
        await pass_time(hass, freezer, DAY)
        assert issues(hass) == both
    await hass.config_entries.async_reload(first.entry_id)
    await hass.async_block_till_done()
    assert issues(hass) == both
    await hass.config_entries.async_remove(second.entry_id)
    assert issues(hass) == ["blocked_check_missing"]
    await hass.config_entries.async_remove(first.entry_id)
    assert not issues(hass)


async def test_deliveries(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Issues of the webhook are not deleted by a poll of the contracts."""
    home = simulator.add(scenarios.happy_path())
    entry = await set_up()
    async_create_issue(hass, entry, WEBHOOK_REFUSED, entry.entry_id, {})
    await refresh(hass, home)
    assert issues(hass) == ["webhook_refused"]
    await hass.config_entries.async_remove(entry.entry_id)
    assert not issues(hass)


async def test_changes_nothing_that_stays(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Issues that stay are not updated every day."""
    home = simulator.add(with_blocks("check_missing"))
    home.advance()
    await set_up()
    told = 0

    @callback
    def count(_event: object) -> None:
        nonlocal told
        told += 1

    hass.bus.async_listen(ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED, count)
    await pass_time(hass, freezer, 5 * DAY)
    assert issues(hass)
    assert not told
