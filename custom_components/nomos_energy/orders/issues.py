"""Repair issues of the meter order: what the household can act on.

An order that waits for the grid operator, or for the registration of a meter that was
there before, has no issue: the sensors blocked_reason and order_status show it.
"""

from collections.abc import Iterator
from functools import partial

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util import dt as dt_util

from ..coordinator import ContractCoordinator
from ..issues import async_create_issue, async_delete_issues, issue_id
from ..nomos import BlockedReason, CancelledReason, Contract, SubscriptionStatus

PORTAL_ISSUES = frozenset(
    {"activation_overdue", "appointment_missed", "blocked", "blocked_check_missing"}
)
"""Issues of an order in progress, which the customer portal shows."""

ORDER_ISSUES = PORTAL_ISSUES | {"cancelled_by_request", "subscription_ended"}


@callback
def async_setup_order_issues(
    hass: HomeAssistant, entry: ConfigEntry, contracts: ContractCoordinator
) -> None:
    """Create and delete the issues with each answer of Nomos."""
    update = partial(_update, hass, entry, contracts)
    entry.async_on_unload(
        async_dispatcher_connect(hass, contracts.signal_answered, update)
    )
    update()


@callback
def _update(
    hass: HomeAssistant, entry: ConfigEntry, contracts: ContractCoordinator
) -> None:
    wanted = [
        (key, subscription_id)
        for subscription_id, contract in contracts.data.items()
        for key in _issues(contract)
    ]
    async_delete_issues(
        hass,
        entry,
        keys=ORDER_ISSUES,
        keep=frozenset(issue_id(*each) for each in wanted),
    )
    for key, subscription_id in wanted:
        contract = contracts.data[subscription_id]
        activation = contract.activation
        async_create_issue(
            hass,
            entry,
            key,
            subscription_id,
            {
                "contract": contracts.names[subscription_id],
                "appointment": _appointment_day(contract),
                "expected": activation.day.isoformat() if activation else "–",
            },
            learn_more_url=contract.portal_url if key in PORTAL_ISSUES else None,
        )


def _issues(contract: Contract) -> Iterator[str]:
    """Return the translation keys of a contract's issues."""
    now = dt_util.utcnow()
    order = contract.order
    if contract.subscription.status is SubscriptionStatus.ENDED:
        yield "subscription_ended"
        return
    if order is None:
        return
    if contract.is_blocked and not contract.is_settled:
        yield from _blocked_issue(order.blocked_reason)
    if (
        contract.is_cancelled
        and order.cancelled_reason is CancelledReason.CUSTOMER_REQUEST
        and not contract.smart_meter_active
    ):
        yield "cancelled_by_request"
    if contract.missed_appointment(now):
        yield "appointment_missed"
    if contract.activation and contract.activation.is_long_overdue(now):
        yield "activation_overdue"


def _blocked_issue(reason: BlockedReason | None) -> Iterator[str]:
    if reason is BlockedReason.CHECK_MISSING:
        yield "blocked_check_missing"
    elif reason is not BlockedReason.GRID_OPERATOR_REGISTRATION:
        yield "blocked"


def _appointment_day(contract: Contract) -> str:
    moment = contract.order.appointment_at if contract.order else None
    return dt_util.as_local(moment).date().isoformat() if moment else "–"
