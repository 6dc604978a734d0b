"""Handlers of the API operations."""

from . import market, payloads, readings, usage
from .call import Call
from .clock import berlin_day, midnight
from .contracts import Report
from .errors import ApiError, Detail, invalid, not_found
from .households import Household
from .identities import make_id
from .lists import Fields, page
from .payloads import Payload
from .reductions import MODULE_1, MODULE_3, MODULES, OPEN_STATUSES, GridFeeReduction
from .versions import CURRENT
from .world import sort_by_order, sort_by_subscription, sort_reductions

# Smart meter orders


async def list_meter_orders(call: Call) -> Payload:
    """List smart meter orders."""
    fields: Fields[Household] = {
        "status": lambda household: payloads.meter_order(household, call.version)[
            "status"
        ],
        "customer": lambda household: household.customer_id,
        "subscription": lambda household: household.subscription_id,
    }
    few = call.visible(fields)
    listing = call.world.orders() if few is None else sort_by_order(few)
    return page(
        call.query,
        listing.newest,
        fields,
        lambda household: payloads.meter_order(household, call.version),
    )


async def get_meter_order(call: Call) -> Payload:
    """Return a smart meter order."""
    household = call.world.find_order(call.id)
    if household is None or not call.sees(household):
        raise not_found()
    return payloads.meter_order(household, call.version)


async def create_meter_order(call: Call) -> Payload:
    """Order a smart meter."""
    household = call.household((await call.body()).get("subscription"))
    if household.type == "feed_in":
        raise invalid(
            "unsupported_meter_order",
            "subscription",
            "Feed-in contracts have a smart meter from the start.",
        )
    if household.order:
        raise ApiError(
            409,
            "This subscription has an order.",
            Detail(
                "duplicate_meter_order",
                "subscription",
                "A subscription has one order only.",
            ),
        )
    if household.status == "ended":
        raise invalid("ended_subscription", "subscription", "The contract has ended.")
    if not household.product_available:
        raise invalid(
            "unsupported_product", "subscription", "The plan has no smart meter."
        )
    household.place_order()
    return payloads.meter_order(household, call.version)


# Subscriptions and plans


async def list_subscriptions(call: Call) -> Payload:
    """List subscriptions, with the IDs of related objects."""
    fields: Fields[Household] = {
        "status": lambda household: household.status,
        "customer": lambda household: household.customer_id,
        "plan": lambda household: household.plan_id,
        "created_at": lambda household: household.created_at,
        "updated_at": lambda household: household.updated_at,
    }
    few = call.visible(fields)
    listing = call.world.subscriptions() if few is None else sort_by_subscription(few)
    return page(
        call.query,
        listing.newest,
        fields,
        lambda household: payloads.subscription(
            household, call.version, expanded=False
        ),
    )


async def get_subscription(call: Call) -> Payload:
    """Return a subscription with its related objects."""
    return payloads.subscription(call.household(call.id), call.version, expanded=True)


async def get_plan(call: Call) -> Payload:
    """Return a plan."""
    household = call.world.find_plan(call.id)
    if household is None or (call.version != CURRENT and household.type == "feed_in"):
        raise not_found()
    return payloads.plan(household, call.version)


# Prices and usage


async def get_prices(call: Call) -> Payload:
    """Return the prices or payouts of a period."""
    household = call.household(call.id)
    start, end = call.day("start"), call.day("end")
    if start is None or end is None:
        name = "end" if start else "start"
        raise invalid("invalid_type", name, f"{name} is missing.")
    if end < start:
        raise invalid("invalid_value", "end", "The end is before the start.")
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
    """Return the usage or feed-in of a period."""
    household = call.household(call.id)
    resolution = call.query.get("resolution", "auto")
    if resolution not in {"auto", *usage.RESOLUTIONS}:
        raise invalid("invalid_value", "resolution", "Unknown resolution.")
    start, end = call.day("start"), call.day("end")
    if start and end and end < start:
        raise invalid("invalid_value", "end", "The end is before the start.")
    return usage.build_usage(household, resolution, start, end, call.world.now())


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
        payloads.meter_reading,
    )


async def create_meter_reading(call: Call) -> Payload:
    """Add a meter reading reported by the customer."""
    body = await call.body()
    household = call.household(body.get("subscription"))
    value, moment = readings.parse_report(body)
    readings.check_period(household, moment, call.world.now())
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
    return payloads.meter_reading(reading)


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
    listing = sort_reductions(call.world.households if few is None else few)
    return page(
        call.query,
        listing.newest,
        fields,
        lambda pair: payloads.grid_fee_reduction(*pair),
    )


async def get_grid_fee_reduction(call: Call) -> Payload:
    """Return a grid fee reduction."""
    for household in call.world.households:
        if call.sees(household):
            for module in household.modules:
                if module.id == call.id:
                    return payloads.grid_fee_reduction(household, module)
    raise not_found()


async def create_grid_fee_reduction(call: Call) -> Payload:
    """Order a grid fee reduction."""
    body = await call.body()
    kind = body.get("type")
    if kind not in MODULES:
        code = "invalid_value" if isinstance(kind, str) else "invalid_type"
        raise invalid(code, "type", "Unknown module.")
    household = call.household(body.get("subscription"))
    _check_module(household, kind)
    return payloads.grid_fee_reduction(household, household.order_module(kind))


def _check_module(household: Household, kind: str) -> None:
    """Raise ApiError if the household cannot order a module."""
    if household.type == "feed_in":
        raise invalid(
            "unsupported_product", "subscription", "Feed-in contracts have no grid fee."
        )
    if household.status == "ended":
        raise invalid("ended_subscription", "subscription", "The contract has ended.")
    if household.has_module(kind, *OPEN_STATUSES):
        raise invalid(
            "duplicate_grid_reduction", "type", "The subscription has this module."
        )
    if kind == MODULE_3 and household.meter_type != "smart":
        raise invalid(
            "missing_smart_meter", "type", "The module requires a smart meter."
        )
    if kind == MODULE_3 and not household.has_module(MODULE_1, *OPEN_STATUSES):
        raise invalid("missing_module_1", "type", "The module requires module 1.")


# Events


async def get_event(call: Call) -> Payload:
    """Return an event."""
    event = call.world.events.get(call.id)
    # The API does not return test events; they are sent as webhooks only.
    if event is None or "subscription" not in event.context:
        raise not_found()
    call.household(event.context["subscription"])
    return event.payload()
