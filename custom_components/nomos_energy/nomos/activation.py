"""Day of the activation of a smart meter, expected or past; in Europe/Berlin."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Self

from .fields import BERLIN, DAY, berlin_day, midnight
from .orders import MeterOrder

TIME_TO_ACTIVATION = timedelta(weeks=8)
"""Least time from the order to the activation, as Nomos states it."""

LONG_OVERDUE_AFTER = timedelta(weeks=4)
"""Time after the expected day from which on Nomos should be asked."""


class ActivationBasis(StrEnum):
    """Fact that the day follows from."""

    ORDER = "order"
    APPOINTMENT = "appointment"
    INSTALLATION = "installation"
    ACTIVATED = "activated"


@dataclass(frozen=True, slots=True)
class Activation:
    """Day on which the meter was activated, or will be at the earliest."""

    day: date
    basis: ActivationBasis

    @classmethod
    def expected(cls, order: MeterOrder) -> Self:
        """Return the earliest day of an activation that is still to come.

        Eight weeks after the order, and not before the installation, or the appointment
        for it. Of several facts with the same day, the latest one counts.
        """
        in_eight_weeks = order.created_at.astimezone(BERLIN) + TIME_TO_ACTIVATION
        days = [(berlin_day(in_eight_weeks), ActivationBasis.ORDER)]
        if order.installed_at:
            days.append((berlin_day(order.installed_at), ActivationBasis.INSTALLATION))
        elif order.appointment_at:
            days.append((berlin_day(order.appointment_at), ActivationBasis.APPOINTMENT))
        return cls(*max(reversed(days), key=lambda each: each[0]))

    @property
    def is_past(self) -> bool:
        """Return if the meter was activated, so that nothing is expected any more."""
        return self.basis is ActivationBasis.ACTIVATED

    @property
    def overdue_at(self) -> datetime | None:
        """Moment (UTC) from which on the activation is overdue: the end of the day."""
        return None if self.is_past else midnight(self.day + DAY)

    def is_overdue(self, now: datetime) -> bool:
        """Return if the expected day is over."""
        return self.overdue_at is not None and now >= self.overdue_at

    def is_long_overdue(self, now: datetime) -> bool:
        """Return if the activation was expected at least four weeks ago."""
        return not self.is_past and berlin_day(now) >= self.day + LONG_OVERDUE_AFTER
