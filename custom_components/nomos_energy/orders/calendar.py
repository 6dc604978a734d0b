"""Calendar of installation appointments."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import override

from homeassistant.components.calendar import (
    CalendarEntity,
    CalendarEntityDescription,
    CalendarEvent,
)
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..coordinator import ContractCoordinator
from ..localize import async_get_texts
from ..nomos import Provider
from .entity import OrderEntity

APPOINTMENT_DURATION = timedelta(hours=2)
"""Assumed duration: Nomos states only the beginning of an appointment."""

INSTALLATION = CalendarEntityDescription(
    key="installation",
    translation_key="installation",
)


def order_calendars(
    contracts: ContractCoordinator, key: str
) -> Iterable[CalendarEntity]:
    """Return the calendar of a contract's order."""
    yield InstallationCalendar(contracts, key, INSTALLATION)


class InstallationCalendar(OrderEntity, CalendarEntity):
    """Calendar of the next and the past installation appointments."""

    _texts: dict[str, str]

    @override
    async def async_added_to_hass(self) -> None:
        """Load the texts in Home Assistant's language."""
        self._texts = await async_get_texts(self.hass)
        await super().async_added_to_hass()

    @property
    @override
    def event(self) -> CalendarEvent | None:
        """Current or next appointment."""
        now = dt_util.utcnow()
        return next((event for event in self._events() if event.end > now), None)

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        """Return the appointments within a time."""
        return [
            event
            for event in self._events()
            if event.start < end_date and event.end > start_date
        ]

    @override
    def _values(self) -> tuple[object, ...]:
        return (*super()._values(), self.available and self.state_attributes)

    def _events(self) -> list[CalendarEvent]:
        record = self.coordinator.store.records.get(self._subscription_id)
        return [
            self._event(moment)
            for moment in sorted(record.appointments if record else ())
        ]

    def _event(self, moment: datetime) -> CalendarEvent:
        order = self.contract.order
        description = [self._texts["installation_prepare"]]
        if order and order.provider is not Provider.UNKNOWN:
            name = self._texts[f"provider_{order.provider.replace('-', '_')}"]
            description.insert(
                0, self._texts["installation_provider"].format(provider=name)
            )
        address = self.contract.subscription.address
        return CalendarEvent(
            start=dt_util.as_local(moment),
            # The clocks may change during the appointment.
            end=dt_util.as_local(moment + APPOINTMENT_DURATION),
            summary=self._texts["installation_summary"].format(
                contract=self.coordinator.names[self._subscription_id]
            ),
            description="\n\n".join(description),
            location=address.in_full if address else None,
            uid=f"{self._subscription_id}_{moment.isoformat()}",
        )
