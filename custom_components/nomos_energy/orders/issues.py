"""Repair issues of the meter order."""

from collections.abc import Iterator
from functools import partial

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util import dt as dt_util

from ..coordinator import ContractCoordinator
from ..issues import async_create_issue, async_delete_issues, issue_id
from ..nomos import BlockedReason, CancelledReason, Contract, SubscriptionStatus

BLOCKED_KEYS = {
    BlockedReason.CHECK_MISSING: "blocked_check_missing",
    BlockedReason.GRID_OPERATOR_REGISTRATION: "blocked_grid_operator",
}
ORDER_ISSUES = frozenset(
    {
        "blocked",
        *BLOCKED_KEYS.values(),
        "activation_overdue",
        "appointment_missed",
        "awaits_registration",
        "cancelled_by_request",
        "subscription_ended",
    }
)


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
        expected = contract.expected_activation
        async_create_issue(
            hass,
            entry,
            key,
            subscription_id,
            {
                "contract": contracts.names[subscription_id],
                "appointment": _appointment_day(contract),
                "expected": expected.isoformat() if expected else "–",
            },
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
        reason = order.blocked_reason or BlockedReason.UNKNOWN
        yield BLOCKED_KEYS.get(reason, "blocked")
    if contract.awaits_registration:
        yield "awaits_registration"
    elif (
        contract.is_cancelled
        and order.cancelled_reason is CancelledReason.CUSTOMER_REQUEST
        and not contract.smart_meter_active
    ):
        yield "cancelled_by_request"
    if contract.missed_appointment(now):
        yield "appointment_missed"
    if contract.overdue(now):
        yield "activation_overdue"


def _appointment_day(contract: Contract) -> str:
    moment = contract.order.appointment_at if contract.order else None
    return dt_util.as_local(moment).date().isoformat() if moment else "–"
