"""Diagnostics of an account, without personal data."""

from dataclasses import asdict
from datetime import date
from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import (
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_TOKEN,
    CONF_WEBHOOK_ID,
)
from homeassistant.core import HomeAssistant

from .billing.store import BillingRecord
from .loads.coordinator import LoadCoordinator
from .nomos import Contract
from .options import chosen_subscriptions
from .prices.coordinator import PriceCoordinator
from .runtime import NomosConfigEntry, NomosRuntimeData
from .usage.coordinator import UsageCoordinator

TO_REDACT = {
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_TOKEN,
    "address",
    "auth_implementation",
    "customer_id",
    "number",
    "value",
    CONF_WEBHOOK_ID,
}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: NomosConfigEntry
) -> dict[str, Any]:
    """Return the diagnostics of an account; less of one that is not loaded."""
    account = {
        "state": entry.state.value,
        # The text of the reason may be of any exception.
        "reason": entry.error_reason_translation_key,
        "disabled_by": entry.disabled_by,
        "login": async_redact_data(dict(entry.data), TO_REDACT),
        "follows": chosen_subscriptions(entry) or "all",
    }
    # Home Assistant removes the runtime data of an account that is unloaded.
    runtime: NomosRuntimeData | None = getattr(entry, "runtime_data", None)
    return account | (_runtime(runtime) if runtime else {})


def _runtime(runtime: NomosRuntimeData) -> dict[str, Any]:
    contracts = runtime.contracts
    return {
        "left_out": sorted(contracts.left_out),
        "answered_at": contracts.answered_at,
        "answer_holds": contracts.answer_holds,
        "failures": contracts.failures,
        "webhook": asdict(runtime.deliveries) if runtime.deliveries else "off",
        "prices": {key: _prices(each) for key, each in runtime.prices.items()},
        "usage": {key: _usage(each) for key, each in runtime.usage.items()},
        "billing": {key: _billing(each) for key, each in runtime.billing.data.items()},
        "loads": {key: _load(each) for key, each in runtime.loads.items()},
        "contracts": {key: _contract(each) for key, each in contracts.data.items()},
    }


def _prices(prices: PriceCoordinator) -> dict[str, Any]:
    series = prices.data
    return {
        "resolution": series.resolution.total_seconds(),
        "from": series.prices[0].start if series.prices else None,
        "until": series.end,
        "unknown": len(series.intervals) - len(series.prices),
        "fetched_at": prices.fetched_at,
        "last_update_success": prices.last_update_success,
    }


def _usage(usage: UsageCoordinator) -> dict[str, Any]:
    return {
        "imported_until": _day(usage.data.imported_until),
        "measured_until": usage.data.measured_until,
        "may_change": [_day(each.day) for each in usage.data.days],
        "last_update_success": usage.last_update_success,
    }


def _billing(record: BillingRecord) -> dict[str, Any]:
    return {
        "listed_at": record.listed_at,
        "invoices": [(each.kind, each.status) for each in record.invoices],
        "quotes": [(_day(each.month), each.usage_source) for each in record.quotes],
    }


def _load(load: LoadCoordinator) -> dict[str, Any]:
    return {
        "subscription": load.load.subscription_id,
        "is_enabled": load.is_enabled,
        "plan_state": load.data.plan_state,
        "pieces": [(each.start, each.end) for each in load.data.pieces],
        "is_fallback": load.data.is_fallback,
        "run_time": str(load.data.run_time),
        "remaining": str(load.data.remaining),
    }


def _contract(contract: Contract) -> dict[str, Any]:
    activation = contract.activation
    return async_redact_data(asdict(contract), TO_REDACT) | {
        "smart_meter_active": contract.smart_meter_active,
        "progress": contract.progress,
        "activation": activation
        and {"day": _day(activation.day), "basis": activation.basis},
    }


def _day(day: date | None) -> str | None:
    """Return a day as text, which Home Assistant writes with its type otherwise."""
    return day.isoformat() if day else None
