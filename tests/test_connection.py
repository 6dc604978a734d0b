"""Outages and refused logins: few requests, and everything goes on by itself."""

import asyncio
from datetime import timedelta
import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
import pytest

from simulator import Fault, Household, Simulator, scenarios

from . import (
    DAY,
    customer_entry,
    organisation_entry,
    pass_time,
    reauths,
    refresh,
    requests_since,
    state,
)
from .conftest import SetUp

HOUR = timedelta(hours=1)


def with_prices(simulator: Simulator, index: int = 1) -> Household:
    """Add a household with an open gate."""
    return simulator.add(scenarios.smart_already(index))


def price(hass: HomeAssistant, home: Household) -> str:
    """Return the current price of a household."""
    return state(hass, home, "price")


def break_key(simulator: Simulator) -> dict[str, Any]:
    """Let Nomos refuse all keys; return them."""
    clients = dict(simulator.tokens.clients)
    simulator.tokens.clients.clear()
    simulator.expire_tokens()
    return clients


# Outages


@pytest.mark.parametrize(
    "fault", [Fault.CONNECTION_RESET, Fault.SERVER_ERROR, Fault.BAD_GATEWAY]
)
async def test_requests_of_three_days_without_nomos(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    fault: Fault,
) -> None:
    """They stay below 150 for an account, however many contracts it has."""
    homes = [with_prices(simulator, index) for index in range(1, 4)]
    await set_up()
    requests_since(simulator)
    simulator.fail(fault)
    await pass_time(hass, freezer, 3 * DAY, timedelta(minutes=5))
    assert len(requests_since(simulator)) <= 150
    assert price(hass, homes[0]) in ("unknown", STATE_UNAVAILABLE)
    simulator.recover()
    await pass_time(hass, freezer, HOUR + timedelta(minutes=2), timedelta(minutes=1))
    for home in homes:
        assert float(price(hass, home))


async def test_a_year_without_nomos(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing overflows, and the first answer is asked for within the longest retry."""
    home = with_prices(simulator)
    await set_up()
    simulator.fail(Fault.CONNECTION_RESET)
    await pass_time(hass, freezer, 60 * DAY, 5 * HOUR)
    assert not [
        each
        for each in caplog.records
        if each.exc_info and each.levelno >= logging.WARNING
    ]
    simulator.recover()
    await pass_time(hass, freezer, HOUR + timedelta(minutes=2), timedelta(minutes=1))
    assert float(price(hass, home))
    await pass_time(hass, freezer, 6 * HOUR, timedelta(minutes=10))
    assert state(hass, home, "smart_meter_active") == STATE_ON
    assert state(hass, home, "order_status") == "not_ordered"


async def test_failure_of_one_contract_leaves_the_others_alone(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Prices of one contract that fail do not delay those of another one."""
    broken, fine = (with_prices(simulator, index) for index in (1, 2))
    await set_up()
    simulator.fail(
        Fault.SERVER_ERROR, path=f"/subscriptions/{broken.subscription_id}/prices"
    )
    await pass_time(hass, freezer, 3 * DAY, timedelta(minutes=5))
    assert float(price(hass, fine))
    assert price(hass, broken) in ("unknown", STATE_UNAVAILABLE)


# A login that is refused


async def test_key_that_is_refused_for_six_hours(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The account goes on by itself; the prompt comes with the second refusal only."""
    home = with_prices(simulator)
    await set_up()
    clients = break_key(simulator)
    await refresh(hass, home)
    assert not reauths(hass)
    assert state(hass, home, "order_status") == "not_ordered"
    requests_since(simulator)
    await pass_time(hass, freezer, timedelta(minutes=55), timedelta(minutes=1))
    assert not requests_since(simulator)
    await pass_time(hass, freezer, timedelta(minutes=10), timedelta(minutes=1))
    assert requests_since(simulator) == ["create_token"]
    assert reauths(hass) == 1
    assert state(hass, home, "order_status") == STATE_UNAVAILABLE
    await pass_time(hass, freezer, 5 * HOUR, timedelta(minutes=10))
    assert not requests_since(simulator)

    simulator.tokens.clients.update(clients)
    await pass_time(hass, freezer, HOUR + timedelta(minutes=5), timedelta(minutes=1))
    assert state(hass, home, "order_status") == "not_ordered"
    assert float(price(hass, home))
    assert not reauths(hass)


async def test_refusal_that_prices_meet_first(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Several requests at once are one refusal; the account tries again an hour later."""
    homes = [with_prices(simulator, index) for index in range(1, 4)]
    entry = await set_up()
    clients = break_key(simulator)
    requests_since(simulator)
    prices = entry.runtime_data.prices.values()
    await asyncio.gather(*(each.async_refresh() for each in prices))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not reauths(hass)
    requests_since(simulator)
    simulator.tokens.clients.update(clients)
    await pass_time(hass, freezer, timedelta(minutes=55), timedelta(minutes=1))
    assert not requests_since(simulator)
    await pass_time(hass, freezer, timedelta(minutes=8), timedelta(minutes=1))
    assert requests_since(simulator).count("create_token") == 1
    assert all(each.last_update_success for each in prices)
    assert not reauths(hass)
    assert all(float(price(hass, home)) for home in homes)


async def test_polling_that_is_turned_off(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """An account that is not to be polled is left alone."""
    with_prices(simulator)
    entry = await set_up(entry=organisation_entry(pref_disable_polling=True))
    requests_since(simulator)
    await pass_time(hass, freezer, 3 * DAY, HOUR)
    assert not requests_since(simulator)
    assert entry.runtime_data.contracts.last_update_success


async def test_key_that_is_refused_for_a_moment(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """One refusal is forgotten: nobody is prompted."""
    home = with_prices(simulator)
    await set_up()
    clients = break_key(simulator)
    await refresh(hass, home)
    simulator.tokens.clients.update(clients)
    await pass_time(hass, freezer, DAY, timedelta(minutes=10))
    assert not reauths(hass)
    assert float(price(hass, home))


async def test_consent_that_is_withdrawn(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    credentials: None,
) -> None:
    """A refresh token that is refused prompts at once, and is never sent again."""
    home = with_prices(simulator)
    entry = await set_up(entry=await customer_entry(hass, home))
    assert float(price(hass, home))
    simulator.revoke_consent(home.customer_id)
    requests_since(simulator)
    await pass_time(hass, freezer, 2 * HOUR, timedelta(minutes=1))
    await refresh(hass, home)
    assert reauths(hass) == 1
    sent = requests_since(simulator)
    await pass_time(hass, freezer, 3 * DAY, timedelta(minutes=10))
    await refresh(hass, home)
    assert not requests_since(simulator)
    assert sent.count("create_token") <= 1
    assert reauths(hass) == 1
    assert entry.state is ConfigEntryState.LOADED
    assert state(hass, home, "smart_meter_active") == STATE_ON


async def test_reauth_is_requested_again(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    credentials: None,
    set_up: SetUp,
) -> None:
    """An aborted reauthentication comes back with the next poll."""
    home = simulator.add(scenarios.happy_path())
    await set_up(entry=await customer_entry(hass, home))
    simulator.revoke_consent(home.customer_id)
    await pass_time(hass, freezer, DAY)
    (flow,) = hass.config_entries.flow.async_progress()

    hass.config_entries.flow.async_abort(flow["flow_id"])
    assert not hass.config_entries.flow.async_progress()
    requests_since(simulator)
    await pass_time(hass, freezer, DAY)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["step_id"] == "reauth_confirm"
    assert not requests_since(simulator)
