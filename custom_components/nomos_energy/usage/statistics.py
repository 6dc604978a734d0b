"""Hourly external statistics of energy and money for the Energy dashboard."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    get_last_statistics,
    get_metadata,
    statistics_during_period,
)
from homeassistant.components.recorder.tasks import SynchronizeTask
from homeassistant.components.sensor import ATTR_STATE_CLASS
from homeassistant.const import UnitOfEnergy
from homeassistant.core import HomeAssistant, callback
from homeassistant.core_config import DATA_CUSTOMIZE
from homeassistant.util import dt as dt_util, slugify
from homeassistant.util.unit_conversion import EnergyConverter

# The recorder requires it, and hands on its errors as they are.
from sqlalchemy.exc import SQLAlchemyError

from ..const import CURRENCY, DOMAIN, LOGGER
from ..coordinator import ContractCoordinator
from ..localize import async_get_texts
from ..nomos import HourUsage, add_up

LOOK_BACK = (timedelta(days=2), timedelta(days=62), None)
"""Periods before the first hour that are searched in turn for the last sum; None: all."""

AT_A_TIME = 1000
"""Rows handed to the recorder at once; larger batches would block other statistics."""

type Rows = Mapping[datetime, float]


@dataclass(frozen=True, slots=True)
class ContractStatistics:
    """Metadata of the statistics of a contract."""

    energy: StatisticMetaData
    money: StatisticMetaData


async def async_describe(
    hass: HomeAssistant, contracts: ContractCoordinator, key: str
) -> ContractStatistics:
    """Return the statistics of a contract, named in Home Assistant's language.

    Raises KeyError once the contract is gone.
    """
    texts = await async_get_texts(hass)
    energy, money = (
        ("returned", "compensation")
        if contracts.data[key].feeds_in
        else ("consumption", "cost")
    )

    def describe(kind: str, unit: str, unit_class: str | None) -> StatisticMetaData:
        return StatisticMetaData(
            has_sum=True,
            mean_type=StatisticMeanType.NONE,
            name=texts[f"statistics_{kind}"].format(contract=contracts.names[key]),
            source=DOMAIN,
            statistic_id=f"{DOMAIN}:{slugify(key)}_{kind}",
            unit_class=unit_class,
            unit_of_measurement=unit,
        )

    return ContractStatistics(
        describe(energy, UnitOfEnergy.KILO_WATT_HOUR, EnergyConverter.UNIT_CLASS),
        describe(money, CURRENCY, None),
    )


async def async_stored_until(
    hass: HomeAssistant, statistics: ContractStatistics
) -> datetime | None:
    """Return the end of the last hour that both statistics have; None without one.

    The rows before it are not counted: a hole among them stays unnoticed.
    """
    ends: list[datetime] = []
    for metadata in (statistics.energy, statistics.money):
        statistic_id = metadata["statistic_id"]
        last = await get_instance(hass).async_add_executor_job(
            partial(get_last_statistics, hass, 1, statistic_id, False, {"sum"})
        )
        if statistic_id not in last:
            return None
        ends.append(dt_util.utc_from_timestamp(last[statistic_id][0]["end"]))
    return min(ends)


async def async_write(
    hass: HomeAssistant,
    statistics: ContractStatistics,
    hours: Mapping[datetime, HourUsage],
) -> datetime | None:
    """Write hours and correct all later sums; return once they are stored.

    Stored hours that are not among these keep their states. Returns the first hour that
    changed, or None.
    """
    energy = {start: hour.energy for start, hour in hours.items()}
    money = {start: hour.cost for start, hour in hours.items()}
    changed = (
        await async_write_rows(hass, statistics.energy, energy),
        await async_write_rows(hass, statistics.money, money),
    )
    return min(filter(None, changed), default=None)


async def async_write_rows(
    hass: HomeAssistant, metadata: StatisticMetaData, rows: Rows
) -> datetime | None:
    """Write the hours of one statistic, and correct all later sums.

    Returns the first hour that changed, or None.
    """
    if not rows:
        return None
    recorder = get_instance(hass)
    changed = await recorder.async_add_executor_job(
        partial(_changed, hass, metadata["statistic_id"], rows)
    )
    for place in range(0, len(changed), AT_A_TIME):
        async_add_external_statistics(
            hass, metadata, changed[place : place + AT_A_TIME]
        )
        stored = hass.loop.create_future()
        # The public async_block_till_done returns while the last rows are written.
        recorder.queue_task(SynchronizeTask(stored))
        await stored
    return changed[0]["start"] if changed else None


def _changed(hass: HomeAssistant, statistic_id: str, rows: Rows) -> list[StatisticData]:
    """Return the rows that differ from the stored ones, by start."""
    begin = min(rows)
    stored = {
        dt_util.utc_from_timestamp(row["start"]): (row["state"] or 0.0, row["sum"])
        for row in statistics_during_period(
            hass, begin, None, {statistic_id}, "hour", None, {"state", "sum"}
        ).get(statistic_id, ())
    }
    states = {start: state for start, (state, _) in stored.items()} | dict(rows)
    starts = sorted(states)
    sums = add_up(
        _sum_before(hass, statistic_id, begin), map(states.__getitem__, starts)
    )
    return [
        StatisticData(start=start, state=states[start], sum=total)
        for start, total in zip(starts, sums, strict=True)
        if stored.get(start) != (states[start], total)
    ]


def _sum_before(hass: HomeAssistant, statistic_id: str, begin: datetime) -> float:
    for reach in LOOK_BACK:
        rows = statistics_during_period(
            hass,
            begin - reach if reach else dt_util.utc_from_timestamp(0),
            begin,
            {statistic_id},
            "hour",
            None,
            {"sum"},
        ).get(statistic_id)
        if rows:
            return rows[-1]["sum"] or 0.0
    return 0.0


@callback
def async_declare(hass: HomeAssistant, statistics: ContractStatistics) -> None:
    """Make statistics and their names known before their first hour is written."""
    for metadata in (statistics.energy, statistics.money):
        async_add_external_statistics(hass, metadata, ())


async def async_rename(
    hass: HomeAssistant, described: Iterable[ContractStatistics]
) -> None:
    """Rename stored statistics that have another name than their description."""
    all_metadata = {
        each["statistic_id"]: each
        for statistics in described
        for each in (statistics.energy, statistics.money)
    }
    stored = await get_instance(hass).async_add_executor_job(
        partial(get_metadata, hass, statistic_ids=set(all_metadata))
    )
    for statistic_id, (_, known) in stored.items():
        metadata = all_metadata[statistic_id]
        if known["name"] != metadata["name"]:
            # Metadata are only written with rows, of which there may be none.
            async_add_external_statistics(hass, metadata, ())


async def async_clear_recorded(hass: HomeAssistant, entity_id: str) -> None:
    """Clear the statistics that the recorder made of an entity without a state class.

    A person may have added a state class in `customize`: then they are kept.
    """
    customized = hass.data.get(DATA_CUSTOMIZE)
    if customized and ATTR_STATE_CLASS in customized.get(entity_id):
        return
    recorder = get_instance(hass)
    try:
        found = await recorder.async_add_executor_job(
            partial(get_metadata, hass, statistic_ids={entity_id})
        )
    except SQLAlchemyError:
        LOGGER.warning("The recorder does not return the statistics of a sensor")
        return
    if found:
        recorder.async_clear_statistics([entity_id])
