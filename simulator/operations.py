"""Routes of the API operations."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from . import api, billing
from .call import Call
from .payloads import Payload


@dataclass(frozen=True)
class Operation:
    """Operation of the API: its name, its route and its handler."""

    name: str
    method: str
    path: str
    handler: Callable[[Call], Awaitable[Payload]]

    @property
    def writes(self) -> bool:
        """Return if the operation needs the scope to write."""
        return self.method != "GET"


OPERATIONS = (
    Operation("list_meter_orders", "GET", "/meter-orders", api.list_meter_orders),
    Operation("create_meter_order", "POST", "/meter-orders", api.create_meter_order),
    Operation("get_meter_order", "GET", "/meter-orders/{id}", api.get_meter_order),
    Operation("list_subscriptions", "GET", "/subscriptions", api.list_subscriptions),
    Operation("get_subscription", "GET", "/subscriptions/{id}", api.get_subscription),
    Operation("get_prices", "GET", "/subscriptions/{id}/prices", api.get_prices),
    Operation("get_usage", "GET", "/subscriptions/{id}/usage", api.get_usage),
    Operation("list_meter_readings", "GET", "/meter-readings", api.list_meter_readings),
    Operation(
        "create_meter_reading", "POST", "/meter-readings", api.create_meter_reading
    ),
    Operation(
        "list_grid_fee_reductions",
        "GET",
        "/grid-fee-reductions",
        api.list_grid_fee_reductions,
    ),
    Operation(
        "create_grid_fee_reduction",
        "POST",
        "/grid-fee-reductions",
        api.create_grid_fee_reduction,
    ),
    Operation(
        "get_grid_fee_reduction",
        "GET",
        "/grid-fee-reductions/{id}",
        api.get_grid_fee_reduction,
    ),
    Operation("get_plan", "GET", "/plans/{id}", api.get_plan),
    Operation("get_quote", "GET", "/plans/{id}/quote", billing.get_quote),
    Operation("list_invoices", "GET", "/invoices", billing.list_invoices),
    Operation("get_invoice", "GET", "/invoices/{id}", billing.get_invoice),
    Operation("get_event", "GET", "/events/{id}", api.get_event),
)
