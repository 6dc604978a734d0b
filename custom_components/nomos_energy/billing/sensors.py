"""Sensors of what the months cost, and of the last invoice."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from ..const import CURRENCY
from ..entity import state_of
from ..nomos import Invoice, latest_invoice
from .coordinator import BillingCoordinator
from .costs import CostCoordinator, Costs, MonthCost
from .entity import CostEntity, InvoiceEntity
from .invoices import period


@dataclass(frozen=True, kw_only=True)
class CostSensorDescription(SensorEntityDescription):
    """Description of a sensor of costs."""

    value_fn: Callable[[Costs], float | None]
    attributes_fn: Callable[[Costs], Mapping[str, Any]]


def _cost(month: MonthCost | None) -> float | None:
    return round(month.cost, 4) if month else None


def _month_attributes(money: str) -> Callable[[MonthCost | None], dict[str, Any]]:
    def attributes(month: MonthCost | None) -> dict[str, Any]:
        until = month.measured_until if month else None
        return {
            "month": f"{month.month:%Y-%m}" if month else None,
            money: round(month.sum.cost, 4) if month else None,
            "energy": round(month.sum.energy, 4) if month else None,
            "average_price": month.sum.average if month else None,
            "unweighted_average_price": month.mean_price if month else None,
            "measured_until": dt_util.as_local(until).isoformat() if until else None,
            "preliminary": month.is_preliminary if month else None,
        }

    return attributes


def _with_base_fee(month: MonthCost | None) -> dict[str, Any]:
    fee = month.fee if month else None
    quote = fee.quote if fee else None
    return _month_attributes("energy_cost")(month) | {
        "base_fee": round(month.fee_so_far, 4) if month and fee else None,
        "base_fee_per_month": round(fee.amount, 4) if fee else None,
        "base_fee_source": fee.source.value if fee else None,
        "yearly_usage": round(quote.usage) if quote else None,
        "yearly_usage_source": quote.usage_source.value if quote else None,
    }


def _expected(costs: Costs) -> float | None:
    return round(costs.expected.amount, 2) if costs.expected else None


def _range(costs: Costs) -> Mapping[str, Any]:
    expected = costs.expected
    return {
        "low": round(expected.low, 2) if expected else None,
        "high": round(expected.high, 2) if expected else None,
    }


def _descriptions(
    this_month: str,
    last_month: str,
    expected: str,
    attributes: Callable[[MonthCost | None], Mapping[str, Any]],
) -> tuple[CostSensorDescription, ...]:
    # No state class and no last reset: the statistics have the cost of each hour, and
    # the recorder would count a correction of a past day in the hour of the import.
    def describe(
        key: str,
        value: Callable[[Costs], float | None],
        more: Callable[[Costs], Mapping[str, Any]],
        category: EntityCategory | None = None,
    ) -> CostSensorDescription:
        return CostSensorDescription(
            key=key,
            translation_key=key,
            device_class=SensorDeviceClass.MONETARY,
            entity_category=category,
            native_unit_of_measurement=CURRENCY,
            suggested_display_precision=2,
            value_fn=value,
            attributes_fn=more,
        )

    return (
        describe(
            this_month,
            lambda costs: _cost(costs.this_month),
            lambda costs: attributes(costs.this_month),
        ),
        describe(
            last_month,
            lambda costs: _cost(costs.last_month),
            lambda costs: attributes(costs.last_month),
            EntityCategory.DIAGNOSTIC,
        ),
        describe(expected, _expected, _range),
    )


CONSUMPTION = _descriptions(
    "cost_this_month", "cost_last_month", "expected_cost", _with_base_fee
)
FEED_IN = _descriptions(
    "earnings_this_month",
    "earnings_last_month",
    "expected_earnings",
    _month_attributes("earnings"),
)

LAST_INVOICE = SensorEntityDescription(
    key="last_invoice",
    translation_key="last_invoice",
    device_class=SensorDeviceClass.MONETARY,
    entity_category=EntityCategory.DIAGNOSTIC,
    native_unit_of_measurement=CURRENCY,
    suggested_display_precision=2,
)


def cost_sensors(costs: CostCoordinator) -> Iterable[SensorEntity]:
    """Return the sensors of what the months of a contract cost, or earn."""
    for description in FEED_IN if costs.contract.feeds_in else CONSUMPTION:
        yield CostSensor(costs, description)


def invoice_sensors(billing: BillingCoordinator, key: str) -> Iterable[SensorEntity]:
    """Return the sensor of a contract's last invoice."""
    yield LastInvoiceSensor(billing, key, LAST_INVOICE)


class CostSensor(CostEntity, SensorEntity):
    """Sensor of the cost or the earnings of a month."""

    entity_description: CostSensorDescription

    @property
    @override
    def native_value(self) -> StateType:
        """Amount in EUR."""
        return self.entity_description.value_fn(self.coordinator.data)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """What the amount is made of."""
        return self.entity_description.attributes_fn(self.coordinator.data)


class LastInvoiceSensor(InvoiceEntity, SensorEntity):
    """Sensor of the invoice that was issued last."""

    @property
    def _invoice(self) -> Invoice | None:
        return latest_invoice(self.invoices)

    @property
    @override
    def native_value(self) -> StateType:
        """Total in EUR; negative if it reverses another invoice."""
        invoice = self._invoice
        return invoice.total if invoice else None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Number, kind, status, period and energy of the invoice."""
        if (invoice := self._invoice) is None:
            return {}
        numbers = {each.id: each.number for each in self.invoices}
        return {
            "number": invoice.number,
            "kind": state_of(invoice.kind),
            "status": state_of(invoice.status),
            **period(invoice),
            "energy": invoice.usage,
            "voids": numbers.get(invoice.voids) if invoice.voids else None,
        }
