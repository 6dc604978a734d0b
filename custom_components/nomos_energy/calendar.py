"""The installer's visit, in a calendar."""

from datetime import datetime, timedelta
from typing import override

from homeassistant.components.calendar import (
    CalendarEntity,
    CalendarEntityDescription,
    CalendarEvent,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .coordinator import NomosConfigEntry
from .entity import NomosOrderEntity, async_add_for_each_contract
from .localize import async_get_texts
from .nomos import Provider

PARALLEL_UPDATES = 0

APPOINTMENT_TAKES = timedelta(hours=2)
"""Nomos tells when an appointment begins, and not how long it takes."""

INSTALLATION = CalendarEntityDescription(
    key="installation",
    translation_key="installation",
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NomosConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the calendars of an account."""
    async_add_for_each_contract(
        entry,
        async_add_entities,
        lambda coordinator, key: [
            NomosInstallationCalendar(coordinator, key, INSTALLATION)
        ],
    )


class NomosInstallationCalendar(NomosOrderEntity, CalendarEntity):
    """The appointments of an order: the next one and those that took place."""

    _texts: dict[str, str]

    @override
    async def async_added_to_hass(self) -> None:
        """Fetch the texts in the language of the household."""
        self._texts = await async_get_texts(self.hass)
        await super().async_added_to_hass()

    @property
    @override
    def event(self) -> CalendarEvent | None:
        """Return the appointment that is now or next."""
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

    def _events(self) -> list[CalendarEvent]:
        moments = self.coordinator.memory.appointments.get(self._subscription_id, ())
        return [self._event(moment) for moment in sorted(moments)]

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
            # The clocks may be changed meanwhile.
            end=dt_util.as_local(moment + APPOINTMENT_TAKES),
            summary=self._texts["installation_summary"],
            description="\n\n".join(description),
            location=address.in_full if address else None,
            uid=f"{self._subscription_id}_{moment.isoformat()}",
        )
