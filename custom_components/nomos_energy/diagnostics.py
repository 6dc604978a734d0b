"""Diagnostics of an account, without personal data."""

from dataclasses import asdict
from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import (
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_TOKEN,
    CONF_WEBHOOK_ID,
)
from homeassistant.core import HomeAssistant

from .nomos import Contract
from .options import chosen_subscriptions
from .runtime import NomosConfigEntry

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


def _activation(contract: Contract) -> dict[str, Any] | None:
    if (activation := contract.activation) is None:
        return None
    return {"day": activation.day.isoformat(), "basis": activation.basis.value}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: NomosConfigEntry
) -> dict[str, Any]:
    """Return the diagnostics of an account."""
    runtime = entry.runtime_data
    contracts = runtime.contracts
    return {
        "login": async_redact_data(dict(entry.data), TO_REDACT),
        "follows": chosen_subscriptions(entry) or "all",
        "answered_at": contracts.answered_at,
        "answer_holds": contracts.answer_holds,
        "failures": contracts.failures,
        "webhook": asdict(runtime.deliveries) if runtime.deliveries else "off",
        "prices": {
            key: {
                "resolution": prices.data.resolution.total_seconds(),
                "from": prices.data.prices[0].start if prices.data.prices else None,
                "until": prices.data.end,
                "unknown": len(prices.data.intervals) - len(prices.data.prices),
                "fetched_at": prices.fetched_at,
                "last_update_success": prices.last_update_success,
            }
            for key, prices in runtime.prices.items()
        },
        "usage": {
            key: {
                "imported_until": str(usage.data.imported_until),
                "measured_until": usage.data.measured_until,
                "may_change": [str(each.day) for each in usage.data.days],
                "last_update_success": usage.last_update_success,
            }
            for key, usage in runtime.usage.items()
        },
        "loads": {
            key: {
                "subscription": load.load.subscription_id,
                "is_enabled": load.is_enabled,
                "plan_state": load.data.plan_state,
                "pieces": [(each.start, each.end) for each in load.data.pieces],
                "is_fallback": load.data.is_fallback,
                "run_time": str(load.data.run_time),
                "remaining": str(load.data.remaining),
            }
            for key, load in runtime.loads.items()
        },
        "contracts": {
            key: async_redact_data(asdict(contract), TO_REDACT)
            | {
                "smart_meter_active": contract.smart_meter_active,
                "progress": contract.progress,
                "activation": _activation(contract),
            }
            for key, contract in contracts.data.items()
        },
    }
