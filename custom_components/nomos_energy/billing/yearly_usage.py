"""Yearly usage that quotes are requested for, in kWh."""

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from sqlalchemy.exc import SQLAlchemyError

from ..const import LOGGER
from ..coordinator import ContractCoordinator
from ..nomos import DAY, HOUR, berlin_day, midnight
from ..options import entered_yearly_usage
from ..usage.settlement import LEAST_SHARE
from ..usage.sums import async_hours, total
from .store import MonthQuote, UsageSource

YEAR = 365 * DAY

ASSUMED = 2500.0


def is_current(quote: MonthQuote, entered: float | None) -> bool:
    """Return if a quote is for what the household has entered, if it entered anything.

    Measured usage counts before that.
    """
    if quote.usage_source is UsageSource.MEASURED:
        return True
    is_entered = quote.usage_source is UsageSource.ENTERED
    return entered == (quote.usage if is_entered else None)


async def async_yearly_usage(
    hass: HomeAssistant, contracts: ContractCoordinator, key: str
) -> tuple[float, UsageSource]:
    """Return the usage of a contract in kWh per year, and its origin.

    The entry of the household is newer than its statement in the contract.
    """
    measured = await _async_measured(hass, contracts, key)
    if measured is not None:
        return measured, UsageSource.MEASURED
    entered = entered_yearly_usage(contracts.config_entry, key)
    if entered is not None:
        return entered, UsageSource.ENTERED
    if stated := contracts.data[key].subscription.estimated_usage:
        return stated, UsageSource.CONTRACT
    return ASSUMED, UsageSource.ASSUMED


async def _async_measured(
    hass: HomeAssistant, contracts: ContractCoordinator, key: str
) -> float | None:
    """Return the usage of the last twelve months; None if much of it is missing."""
    today = berlin_day(dt_util.utcnow())
    begin = today - YEAR
    since = contracts.data[key].measured_since
    if since is None or since > begin:
        return None
    try:
        hours = await async_hours(
            hass, contracts, key, midnight(begin), midnight(today)
        )
    except SQLAlchemyError:
        LOGGER.warning("The recorder does not return the usage of the year")
        return None
    if len(hours) < LEAST_SHARE * (YEAR // HOUR):
        return None
    return total(hours).energy
