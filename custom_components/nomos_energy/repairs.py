"""What a household should know, or can do something about."""

from collections.abc import Iterator
from functools import partial

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import NomosConfigEntry
from .nomos import BlockedReason, CancelledReason, Contract, SubscriptionStatus

WEBHOOK_REFUSED = "webhook_refused"
WEBHOOK_MOVED = "webhook_moved"


@callback
def async_watch_contracts(hass: HomeAssistant, entry: NomosConfigEntry) -> None:
    """Let issues appear and disappear with every answer of Nomos."""
    update = partial(_update, hass, entry)
    entry.async_on_unload(
        async_dispatcher_connect(hass, entry.runtime_data.signal_answered, update)
    )
    update()


@callback
def _update(hass: HomeAssistant, entry: NomosConfigEntry) -> None:
    coordinator = entry.runtime_data
    wanted = {
        f"{key}_{subscription_id}": (key, contract)
        for subscription_id, contract in coordinator.data.items()
        for key in _issues(contract)
    }
    for issue_id in _issues_of(hass, entry) - wanted.keys():
        if not issue_id.startswith("webhook_"):
            ir.async_delete_issue(hass, DOMAIN, issue_id)
    for issue_id, (key, contract) in wanted.items():
        expected = contract.expected_activation
        _create(
            hass,
            entry,
            issue_id,
            key,
            {
                "contract": contract.name,
                "appointment": _local_day(contract),
                "expected": expected.isoformat() if expected else "–",
            },
        )


def _issues(contract: Contract) -> Iterator[str]:
    """Name what stands against a contract, as keys of the translations."""
    now = dt_util.utcnow()
    order = contract.order
    if contract.subscription.status is SubscriptionStatus.ENDED:
        yield "subscription_ended"
        return
    if order is None:
        return
    if contract.is_blocked and not contract.is_settled:
        yield {
            BlockedReason.CHECK_MISSING: "blocked_check_missing",
            BlockedReason.GRID_OPERATOR_REGISTRATION: "blocked_grid_operator",
        }.get(order.blocked_reason or BlockedReason.UNKNOWN, "blocked")
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


def _local_day(contract: Contract) -> str:
    moment = contract.order.appointment_at if contract.order else None
    return dt_util.as_local(moment).date().isoformat() if moment else "–"


@callback
def async_note_webhook_issue(
    hass: HomeAssistant, entry: NomosConfigEntry, key: str, address: str = "–"
) -> None:
    """Say that deliveries don't arrive as they should."""
    _create(hass, entry, f"{key}_{entry.entry_id}", key, {"address": address})


@callback
def async_clear_webhook_issue(
    hass: HomeAssistant, entry: NomosConfigEntry, key: str
) -> None:
    """Take back that deliveries don't arrive."""
    ir.async_delete_issue(hass, DOMAIN, f"{key}_{entry.entry_id}")


@callback
def async_forget_issues(hass: HomeAssistant, entry: NomosConfigEntry) -> None:
    """Take back everything that was said about an account."""
    for issue_id in _issues_of(hass, entry):
        ir.async_delete_issue(hass, DOMAIN, issue_id)


def _issues_of(hass: HomeAssistant, entry: NomosConfigEntry) -> set[str]:
    return {
        issue.issue_id
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN
        and issue.active
        and (issue.data or {}).get("entry_id") == entry.entry_id
    }


@callback
def _create(
    hass: HomeAssistant,
    entry: NomosConfigEntry,
    issue_id: str,
    key: str,
    placeholders: dict[str, str],
) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        data={"entry_id": entry.entry_id},
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=key,
        translation_placeholders=placeholders,
    )
