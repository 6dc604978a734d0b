"""Households of the fuzz runs, with personal details that can't be mistaken."""

from datetime import timedelta
from typing import Any

from simulator import ORGANISATION, Household, scenarios

_DETAILS: dict[str, Any] = {
    "first_name": "Ottokarina",
    "last_name": "Geheimniskrämer",
    "email": "ottokarina@example.com",
    "street": "Verborgener Pfad",
    "house_number": "4711b",
    "zip": "98765",
    "city": "Hinterdupfing",
    "number": "GEHEIM77",
    "meter_number": "1GEHEIM08150815",
    "malo": "50815081508",
    "melo": "DE0008150815081508150815081508150",
}

PRIVATE = (
    "Ottokarina",
    "Geheimniskr",
    "1GEHEIM0815",
    "50815081508",
    "DE00081508",
    ORGANISATION.client_secret,
)
"""Parts of what is nowhere to be seen."""

PERSONAL = (*PRIVATE, "Verborgener", "Hinterdupfing", "GEHEIM77")
"""Parts of what is neither in logs nor in errors."""


def open_household() -> Household:
    """Return a household with an open gate, prices and usage.

    Its meter was activated some days ago: an import of months would take too long.
    """
    return scenarios.dynamic_tariff(1, elapsed=timedelta(days=61), **_DETAILS)


def waiting_household() -> Household:
    """Return a household that waits for its smart meter.

    Its order changes no more: a change after the last daily request would look like
    one that was missed.
    """
    household = scenarios.happy_path(
        1, elapsed=timedelta(days=10), **_DETAILS | {"street": "Verborgene Gasse"}
    )
    household.timeline = household.timeline[:3]
    return household


def orderable_household() -> Household:
    """Return a household without an order."""
    return scenarios.no_order(1, **_DETAILS)
