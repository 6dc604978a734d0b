"""What the API answers: one function for each operation."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
import math
import re
from typing import Any

from aiohttp import web

from . import load, market, readings, words
from .clock import berlin_day, midnight, parse
from .contracts import Report
from .errors import ApiError, Detail, invalid, not_found
from .households import Household
from .identities import make_id
from .lists import Fields, filters_of, page
from .oauth import Grant
from .reductions import MODULE_1, MODULE_3, MODULES, OPEN_STATUSES, GridFeeReduction
from .versions import CURRENT
from .words import Payload
from .world import World, list_orders, list_reductions, list_subscriptions

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Call:
    """A request that has been let in."""

    world: World
    request: web.Request
    grant: Grant
    version: str

    @property
    def query(self) -> Mapping[str, str]:
        """The request's query parameters."""
        return self.request.query

    @property
    def id(self) -> str:
        """The id in the request's path."""
        return self.request.match_info["id"]

    async def body(self) -> dict[str, Any]:
        """Return the JSON object that was sent."""
        try:
            body = await self.request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise invalid("invalid_type", "", "The body is not a JSON object.")
        return body

    def sees(self, household: Household | None) -> bool:
        """Return whether a household exists as far as the caller may know."""
        if household is None or not self.grant.sees(household):
            return False
        # Older versions know no contracts that sell.
        return self.version == CURRENT or household.type == "consumption"

    def household(self, subscription_id: object) -> Household:
        """Return the household with a subscription, or refuse."""
        if not isinstance(subscription_id, str):
            raise invalid("invalid_type", "subscription", "subscription is missing.")
        household = self.world.find(subscription_id)
        if household is None or not self.sees(household):
            raise not_found()
        return household

    def visible(self, fields: Iterable[str]) -> list[Household] | None:
        """Return the few households that a list is about; None means all of them."""
        filters = filters_of(self.query, fields)
        if wanted := filters.get("subscription"):
            household = self.world.find(wanted)
            few = [household] if household else []
        elif wanted := self.grant.customer_id or filters.get("customer"):
            few = self.world.of_customer(wanted)
        elif self.version == CURRENT:
            return None
        else:
            few = self.world.households
        return [household for household in few if self.sees(household)]


# Smart meter orders


async def list_meter_orders(call: Call) -> Payload:
    """List orders."""
    fields: Fields[Household] = {
        "status": lambda household: words.meter_order(household, call.version)[
            "status"
        ],
        "customer": lambda household: household.customer_id,
        "subscription": lambda household: household.subscription_id,
    }
    few = call.visible(fields)
    listing = call.world.orders() if few is None else list_orders(few)
    return page(
        call.query,
        listing.newest,
        fields,
        lambda household: words.meter_order(household, call.version),
    )


async def get_meter_order(call: Call) -> Payload:
    """Show one order."""
    household = call.world.find_order(call.id)
    if household is None or not call.sees(household):
        raise not_found()
    return words.meter_order(household, call.version)


async def create_meter_order(call: Call) -> Payload:
    """Order a smart meter."""
    household = call.household((await call.body()).get("subscription"))
    if household.type == "feed_in":
        raise invalid(
            "unsupported_meter_order",
            "subscription",
            "A contract that feeds in has its smart meter from the start.",
        )
    if household.order:
        raise ApiError(
            409,
            "There has been an order for this subscription.",
            Detail("duplicate_meter_order", "subscription", "It has one order, ever."),
        )
    if household.status == "ended":
        raise invalid("ended_subscription", "subscription", "The contract has ended.")
    if not household.product_available:
        raise invalid(
            "unsupported_product", "subscription", "The plan has no smart meter."
        )
    household.place_order()
    return words.meter_order(household, call.version)


# Subscriptions and plans


async def list_all_subscriptions(call: Call) -> Payload:
    """List subscriptions, with the ids of what belongs to them."""
    fields: Fields[Household] = {
        "status": lambda household: household.status,
        "customer": lambda household: household.customer_id,
        "plan": lambda household: household.plan_id,
        "created_at": lambda household: household.created_at,
        "updated_at": lambda household: household.updated_at,
    }
    few = call.visible(fields)
    listing = call.world.subscriptions() if few is None else list_subscriptions(few)
    return page(
        call.query,
        listing.newest,
        fields,
        lambda household: words.subscription(household, call.version, expanded=False),
    )


async def get_subscription(call: Call) -> Payload:
    """Show one subscription with everything that belongs to it."""
    return words.subscription(call.household(call.id), call.version, expanded=True)


async def get_plan(call: Call) -> Payload:
    """Show one plan."""
    household = call.world.find_plan(call.id)
    if household is None or (call.version != CURRENT and household.type == "feed_in"):
        raise not_found()
    return words.plan(household, call.version)


# Prices and usage


async def get_prices(call: Call) -> Payload:
    """Show what a kilowatt-hour costs, or earns."""
    household = call.household(call.id)
    start, end = _day(call, "start"), _day(call, "end")
    if start is None or end is None:
        name = "end" if start else "start"
        raise invalid("invalid_type", name, f"{name} is missing.")
    if end < start:
        raise invalid("invalid_value", "end", "The end comes before the start.")
    return {
        "object": "price",
        "subscription": household.subscription_id,
        "period": {"start": start.isoformat(), "end": end.isoformat()},
        "unit": "ct/kWh",
        "currency": "EUR",
        "resolution": "hourly" if household.hourly else "15min",
        "reference": f"EPEX Day-Ahead {'Hourly' if household.hourly else '15min'}",
        "items": market.prices(
            household, start, end, call.world.now(), call.world.exchange
        ),
    }


async def get_usage(call: Call) -> Payload:
    """Show what a household took from the grid, or gave to it."""
    household = call.household(call.id)
    resolution = call.query.get("resolution", "auto")
    if resolution not in {"auto", *load.RESOLUTIONS}:
        raise invalid("invalid_value", "resolution", "There is no such resolution.")
    start, end = _day(call, "start"), _day(call, "end")
    if start and end and end < start:
        raise invalid("invalid_value", "end", "The end comes before the start.")
    return load.usage(household, resolution, start, end, call.world.now())


def _day(call: Call, name: str) -> date | None:
    text = call.query.get(name)
    if text is None:
        return None
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise invalid("invalid_format", name, f"{name} is not a date.")


# Meter readings


async def list_meter_readings(call: Call) -> Payload:
    """List meter readings."""
    now = call.world.now()
    fields: Fields[readings.Reading] = {
        "type": lambda reading: reading.type,
        "subscription": lambda reading: reading.household.subscription_id,
        "created_at": lambda reading: reading.created_at,
    }
    few = call.visible(fields)
    households = call.world.households if few is None else few
    return page(
        call.query,
        lambda before: readings.newest(households, now, before),
        fields,
        words.meter_reading,
    )


async def create_meter_reading(call: Call) -> Payload:
    """Take a reading from a customer."""
    body = await call.body()
    household = call.household(body.get("subscription"))
    value, moment = _reported(body)
    _check_period(household, moment, call.world.now())
    day = berlin_day(moment)
    reading = readings.Reading(
        household,
        make_id("mr", household.key, "report", len(household.reports)),
        household.meter_id,
        day,
        "customer_report",
        call.world.now(),
        value,
    )
    readings.check_plausible(reading, call.world.now())
    report = Report(
        reading.id, reading.meter_id, value, midnight(day), reading.created_at
    )
    household.reports.append(report)
    return words.meter_reading(reading)


def _reported(body: Payload) -> tuple[float, datetime]:
    """Return the value and the moment that a body reports."""
    value, timestamp = body.get("value"), body.get("timestamp")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise invalid("invalid_type", "value", "The value is not a number.")
    if not math.isfinite(value):
        raise invalid("invalid_value", "value", "No meter shows this.")
    if value <= 0:
        raise invalid("too_small", "value", "The value is not above zero.")
    if not isinstance(timestamp, str):
        raise invalid("invalid_type", "timestamp", "timestamp is missing.")
    moment = parse(timestamp)
    if moment is None or "T" not in timestamp:
        raise invalid("invalid_format", "timestamp", "This is no timestamp.")
    message = body.get("message", "")
    if not isinstance(message, str):
        raise invalid("invalid_type", "message", "The message is not text.")
    if len(message) > 500:
        raise invalid("too_big", "message", "The message is too long.")
    return value, moment


def _check_period(household: Household, moment: datetime, now: datetime) -> None:
    """Refuse a reading which the contract has no room for."""
    if household.meter_type == "smart":
        raise invalid(
            "unsupported_meter", "subscription", "A smart meter reads itself."
        )
    if household.status == "pending":
        raise invalid(
            "subscription_not_started", "subscription", "Delivery has not begun."
        )
    if household.status == "ended":
        raise invalid("ended_subscription", "subscription", "The contract has ended.")
    begin = household.swapped_at or household.start_at or now
    if not berlin_day(begin) <= berlin_day(moment) <= berlin_day(now):
        raise invalid(
            "out_of_period_meter_reading", "timestamp", "Not within the contract."
        )


# §14a EnWG


async def list_grid_fee_reductions(call: Call) -> Payload:
    """List grid fee reductions."""
    fields: Fields[tuple[Household, GridFeeReduction]] = {
        "status": lambda pair: pair[1].status,
        "customer": lambda pair: pair[0].customer_id,
        "subscription": lambda pair: pair[0].subscription_id,
        "created_at": lambda pair: pair[1].created_at,
        "updated_at": lambda pair: pair[1].updated_at,
    }
    few = call.visible(fields)
    listing = list_reductions(call.world.households if few is None else few)
    return page(
        call.query, listing.newest, fields, lambda pair: words.grid_fee_reduction(*pair)
    )


async def get_grid_fee_reduction(call: Call) -> Payload:
    """Show one grid fee reduction."""
    for household in call.world.households:
        if call.sees(household):
            for module in household.modules:
                if module.id == call.id:
                    return words.grid_fee_reduction(household, module)
    raise not_found()


async def create_grid_fee_reduction(call: Call) -> Payload:
    """Order a grid fee reduction."""
    body = await call.body()
    kind = body.get("type")
    if kind not in MODULES:
        code = "invalid_value" if isinstance(kind, str) else "invalid_type"
        raise invalid(code, "type", "There is no such module.")
    household = call.household(body.get("subscription"))
    _check_module(household, kind)
    return words.grid_fee_reduction(household, household.order_module(kind))


def _check_module(household: Household, kind: str) -> None:
    """Refuse a module which the household cannot have."""
    if household.type == "feed_in":
        raise invalid(
            "unsupported_product", "subscription", "Who feeds in pays no grid fee."
        )
    if household.status == "ended":
        raise invalid("ended_subscription", "subscription", "The contract has ended.")
    if household.has_module(kind, *OPEN_STATUSES):
        raise invalid("duplicate_grid_reduction", "type", "It is there already.")
    if kind == MODULE_3 and household.meter_type != "smart":
        raise invalid("missing_smart_meter", "type", "It takes a smart meter.")
    if kind == MODULE_3 and not household.has_module(MODULE_1, *OPEN_STATUSES):
        raise invalid("missing_module_1", "type", "It takes module 1.")


# Events


async def get_event(call: Call) -> Payload:
    """Show one event."""
    event = call.world.events.get(call.id)
    # Test events are only ever sent; the API has no such topic.
    if event is None or "subscription" not in event.context:
        raise not_found()
    call.household(event.context["subscription"])
    return event.payload()


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked of the API."""

    name: str
    method: str
    path: str
    answer: Callable[[Call], Awaitable[Payload]]

    @property
    def writes(self) -> bool:
        """Whether it takes more than the permission to read."""
        return self.method != "GET"


OPERATIONS = (
    Operation("list_meter_orders", "GET", "/meter-orders", list_meter_orders),
    Operation("create_meter_order", "POST", "/meter-orders", create_meter_order),
    Operation("get_meter_order", "GET", "/meter-orders/{id}", get_meter_order),
    Operation("list_subscriptions", "GET", "/subscriptions", list_all_subscriptions),
    Operation("get_subscription", "GET", "/subscriptions/{id}", get_subscription),
    Operation("get_prices", "GET", "/subscriptions/{id}/prices", get_prices),
    Operation("get_usage", "GET", "/subscriptions/{id}/usage", get_usage),
    Operation("list_meter_readings", "GET", "/meter-readings", list_meter_readings),
    Operation("create_meter_reading", "POST", "/meter-readings", create_meter_reading),
    Operation(
        "list_grid_fee_reductions",
        "GET",
        "/grid-fee-reductions",
        list_grid_fee_reductions,
    ),
    Operation(
        "create_grid_fee_reduction",
        "POST",
        "/grid-fee-reductions",
        create_grid_fee_reduction,
    ),
    Operation(
        "get_grid_fee_reduction",
        "GET",
        "/grid-fee-reductions/{id}",
        get_grid_fee_reduction,
    ),
    Operation("get_plan", "GET", "/plans/{id}", get_plan),
    Operation("get_event", "GET", "/events/{id}", get_event),
)
