"""API versions: the current one, and the older default of clients."""

CURRENT = "2026-05-27.curie"
OLDER = "2025-11-04.bohr"
KNOWN = (OLDER, CURRENT)
HEADER = "X-API-Version"

_OLDER_STATUSES = {
    "created": "waiting",
    "placed": "ordered",
    "check_submitted": "ordered",
    "check_reviewed": "installation_planning",
    "scheduled": "installation_scheduled",
    "installed": "installation_completed",
    "activated": "completed",
    "cancelled": "cancelled",
}


def order_status(status: str, version: str) -> str:
    """Return the name of an order status in an API version."""
    return status if version == CURRENT else _OLDER_STATUSES.get(status, status)
