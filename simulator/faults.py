"""Faults to inject into the responses of the simulated API."""

from collections.abc import Iterator
import copy
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .errors import ApiError

PROXY_PAGE = (
    "<!DOCTYPE html><html><head><title>Gateway</title></head>"
    "<body><h1>The service is not reachable right now</h1></body></html>"
)


class Fault(StrEnum):
    """Kind of fault."""

    LATENCY = "latency"
    RATE_LIMIT = "rate_limit"
    SERVER_ERROR = "server_error"
    HTML = "html"
    BAD_GATEWAY = "bad_gateway"
    CONNECTION_RESET = "connection_reset"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    TRUNCATED_JSON = "truncated_json"
    UNKNOWN_STATUS = "unknown_status"
    EXTRA_FIELDS = "extra_fields"
    MISSING_FIELD = "missing_field"
    MALFORMED_TIMESTAMP = "malformed_timestamp"
    REPLACED = "replaced"
    NULL_AMOUNT = "null_amount"
    GAP = "gap"
    OMITTED = "omitted"
    REVOKED_CONSENT = "revoked_consent"


# Faults that the API answers with an error of its own.
ERROR_FAULTS = {
    Fault.SERVER_ERROR: ApiError(500, "Internal server error."),
    Fault.UNAUTHORIZED: ApiError(401, "The access token is not valid."),
    Fault.FORBIDDEN: ApiError(403, "The login does not permit this."),
    Fault.NOT_FOUND: ApiError(404, "There is no object with this ID."),
}
# Faults that delay or replace the response.
RESPONSE_FAULTS = frozenset(
    {
        Fault.LATENCY,
        Fault.RATE_LIMIT,
        *ERROR_FAULTS,
        Fault.HTML,
        Fault.BAD_GATEWAY,
        Fault.CONNECTION_RESET,
    }
)
# Faults that change the payload of the response.
DATA_FAULTS = frozenset(
    {
        Fault.UNKNOWN_STATUS,
        Fault.EXTRA_FIELDS,
        Fault.MISSING_FIELD,
        Fault.MALFORMED_TIMESTAMP,
        Fault.REPLACED,
        Fault.NULL_AMOUNT,
        Fault.GAP,
        Fault.OMITTED,
    }
)


@dataclass
class ActiveFault:
    """Injected fault, with the requests that it affects."""

    kind: Fault
    path: str | None
    times: int | None
    seconds: float
    retry_after: bool
    subscription: str | None
    value: Any
    field: str | None

    def affects(self, path: str) -> bool:
        """Return if the fault affects requests to a path."""
        return self.path is None or path.startswith(self.path)


class Faults:
    """Store of the injected faults."""

    def __init__(self) -> None:
        """Create a store without faults."""
        self.active: list[ActiveFault] = []

    def take(self, kinds: frozenset[Fault], path: str) -> list[ActiveFault]:
        """Return the faults that affect a request, and count it."""
        hits = [
            fault
            for fault in self.active
            if fault.kind in kinds and fault.affects(path)
        ]
        for fault in hits:
            if fault.times is not None:
                fault.times -= 1
        self.active = [fault for fault in self.active if fault.times != 0]
        return hits

    def apply_data_faults(self, path: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Return a payload with the data faults that affect it."""
        hits = self.take(DATA_FAULTS, path)
        if hits:
            payload = copy.deepcopy(payload)
        for fault in hits:
            if fault.kind is Fault.GAP:
                _remove_middle(payload)
                continue
            if fault.kind is Fault.OMITTED:
                _remove_records(payload, fault.subscription)
                continue
            for record in _records(payload, fault.subscription):
                _change(record, fault)
        return payload


def _remove_records(payload: dict[str, Any], subscription: str | None) -> None:
    """Remove the records of a subscription from a list."""
    if payload.get("object") == "list":
        payload["items"] = [
            each for each in payload["items"] if not _belongs(each, subscription)
        ]


def _records(
    payload: dict[str, Any], subscription: str | None
) -> Iterator[dict[str, Any]]:
    """Yield the objects of a payload, or those of a subscription."""
    whole = _belongs(payload, subscription)
    if whole and payload.get("object") != "list":
        yield payload
    for record in [*(payload.get("items") or []), *(payload.get("data") or [])]:
        if whole or _belongs(record, subscription):
            yield record


def _belongs(record: dict[str, Any], subscription: str | None) -> bool:
    return subscription is None or subscription in {
        record.get("id"),
        record.get("subscription"),
    }


def _change(record: dict[str, Any], fault: ActiveFault) -> None:
    """Apply a data fault to one object."""
    match fault.kind:
        case Fault.UNKNOWN_STATUS:
            field = fault.field or "status"
            if field in record:
                record[field] = fault.value or "quality_review"
        case Fault.EXTRA_FIELDS:
            record["priority"] = "normal"
            record["links"] = {"self": record.get("id"), "related": [None, 1]}
        case Fault.MISSING_FIELD:
            record.pop(fault.field or "status", None)
        case Fault.MALFORMED_TIMESTAMP:
            field = fault.field or "created_at"
            if field in record:
                record[field] = fault.value or "next tuesday"
        case Fault.REPLACED:
            *parents, field = (fault.field or "id").split(".")
            for name in parents:
                inner = record.get(name)
                record = inner if isinstance(inner, dict) else {}
            if field in record:
                record[field] = fault.value
        case Fault.NULL_AMOUNT if "amount" in record:
            record["amount"] = None
            for component in record["components"]:
                component["amount"] = None


def _remove_middle(payload: dict[str, Any]) -> None:
    """Remove the middle quarter of a time series."""
    for name in ("items", "data"):
        if series := payload.get(name):
            size = len(series)
            payload[name] = series[: size * 3 // 8] + series[size * 5 // 8 :]
