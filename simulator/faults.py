"""Everything that goes wrong between a client and Nomos, on demand."""

from collections.abc import Iterator
import copy
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

PROXY_PAGE = (
    "<!DOCTYPE html><html><head><title>Gateway</title></head>"
    "<body><h1>The service is not reachable right now</h1></body></html>"
)


class Fault(StrEnum):
    """A way to fail."""

    LATENCY = "latency"
    RATE_LIMIT = "rate_limit"
    SERVER_ERROR = "server_error"
    HTML = "html"
    BAD_GATEWAY = "bad_gateway"
    CONNECTION_RESET = "connection_reset"
    TRUNCATED_JSON = "truncated_json"
    UNKNOWN_STATUS = "unknown_status"
    EXTRA_FIELDS = "extra_fields"
    MISSING_FIELD = "missing_field"
    MALFORMED_TIMESTAMP = "malformed_timestamp"
    NULL_AMOUNT = "null_amount"
    GAP = "gap"
    REVOKED_CONSENT = "revoked_consent"


INSTEAD = frozenset(
    {
        Fault.LATENCY,
        Fault.RATE_LIMIT,
        Fault.SERVER_ERROR,
        Fault.HTML,
        Fault.BAD_GATEWAY,
        Fault.CONNECTION_RESET,
    }
)
DISTORTING = frozenset(
    {
        Fault.UNKNOWN_STATUS,
        Fault.EXTRA_FIELDS,
        Fault.MISSING_FIELD,
        Fault.MALFORMED_TIMESTAMP,
        Fault.NULL_AMOUNT,
        Fault.GAP,
    }
)


@dataclass
class Disturbance:
    """A fault, where it strikes and how often."""

    fault: Fault
    path: str | None
    times: int | None
    seconds: float
    retry_after: bool
    subscription: str | None
    value: str | None
    field: str | None

    def strikes(self, path: str) -> bool:
        """Return whether a request to this path is hit."""
        return self.path is None or path.startswith(self.path)


class Faults:
    """The disturbances in force."""

    def __init__(self) -> None:
        """Begin undisturbed."""
        self.active: list[Disturbance] = []

    def take(self, kinds: frozenset[Fault], path: str) -> list[Disturbance]:
        """Return what strikes this request, and count it off."""
        hits = [
            disturbance
            for disturbance in self.active
            if disturbance.fault in kinds and disturbance.strikes(path)
        ]
        for disturbance in hits:
            if disturbance.times is not None:
                disturbance.times -= 1
        self.active = [
            disturbance for disturbance in self.active if disturbance.times != 0
        ]
        return hits

    def distort(self, path: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Return an answer with the data faults that strike it."""
        hits = self.take(DISTORTING, path)
        if hits:
            payload = copy.deepcopy(payload)
        for disturbance in hits:
            if disturbance.fault is Fault.GAP:
                _open_gap(payload)
                continue
            for thing in _things(payload, disturbance.subscription):
                _distort(thing, disturbance)
        return payload


def _things(
    payload: dict[str, Any], subscription: str | None
) -> Iterator[dict[str, Any]]:
    """Yield the objects in an answer which belong to a subscription, or all."""
    whole = _belongs(payload, subscription)
    if whole and payload.get("object") != "list":
        yield payload
    for thing in [*(payload.get("items") or []), *(payload.get("data") or [])]:
        if whole or _belongs(thing, subscription):
            yield thing


def _belongs(thing: dict[str, Any], subscription: str | None) -> bool:
    return subscription is None or subscription in {
        thing.get("id"),
        thing.get("subscription"),
    }


def _distort(thing: dict[str, Any], disturbance: Disturbance) -> None:
    """Apply a data fault to one object that has the field in question."""
    match disturbance.fault:
        case Fault.UNKNOWN_STATUS:
            field = disturbance.field or "status"
            if field in thing:
                thing[field] = disturbance.value or "quality_review"
        case Fault.EXTRA_FIELDS:
            thing["priority"] = "normal"
            thing["links"] = {"self": thing.get("id"), "related": [None, 1]}
        case Fault.MISSING_FIELD:
            thing.pop(disturbance.field or "status", None)
        case Fault.MALFORMED_TIMESTAMP:
            field = disturbance.field or "created_at"
            if field in thing:
                thing[field] = disturbance.value or "next tuesday"
        case Fault.NULL_AMOUNT if "amount" in thing:
            thing["amount"] = None
            for component in thing["components"]:
                component["amount"] = None


def _open_gap(payload: dict[str, Any]) -> None:
    """Leave out the middle quarter of a time series."""
    for name in ("items", "data"):
        if series := payload.get(name):
            size = len(series)
            payload[name] = series[: size * 3 // 8] + series[size * 5 // 8 :]
