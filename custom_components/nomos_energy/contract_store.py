"""Store of the contracts: their last good state, and what later answers do not tell."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from .disk import Damage, from_disk, to_disk
from .nomos import Contract, MeterOrder, Milestone, Subscription
from .store import SAVE_SOON, RecordStore

STORE = "contracts"

ABSENCE = timedelta(hours=36)
"""Time since the last answer from which on at least one daily poll was missed."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Milestone of an order, and the time (UTC) of the answer that first had it."""

    milestone: Milestone
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRecord:
    """Contract as it is stored, with what later answers do not tell."""

    contract: Contract
    answered_at: datetime
    """Time of the answer that the contract is from."""
    appointments: tuple[datetime, ...] = ()
    """Past appointments and the current one, in their order."""
    is_announced: bool = False
    """True once the order update event has seen this contract."""
    announced: MeterOrder | None = None
    """Order as it was last announced by the order update event."""
    is_order_hidden: bool = False
    """True once the entities of the order were hidden because the meter is active."""
    reached: tuple[Reached, ...] = ()
    """Milestones that the order was seen to reach; Nomos dates only some of them."""


def contract_store(
    hass: HomeAssistant, entry: ConfigEntry
) -> RecordStore[ContractRecord]:
    """Return the store of the contracts, by subscription ID."""
    # The gate is derived from order and subscription: half of one may move it.
    whole = (MeterOrder, Subscription)
    return RecordStore(
        hass, entry, STORE, _read, to_disk, SAVE_SOON, whole, is_durable=True
    )


def _read(data: Any, damage: Damage) -> ContractRecord:
    record = from_disk(ContractRecord, data, damage)
    if record.contract.order is None and data["contract"].get("order") is not None:
        raise ValueError("A contract without its order may have another gate")
    if record.announced is None and data.get("announced") is not None:
        # What was announced is unknown: announce nothing rather than all again.
        return replace(record, is_announced=False)
    return record


def updated_record(
    known: ContractRecord | None, contract: Contract, now: datetime
) -> ContractRecord:
    """Return the record of a contract after an answer at this time."""
    return ContractRecord(
        contract=contract,
        answered_at=now,
        appointments=_appointments(known.appointments if known else (), contract, now),
        is_announced=known.is_announced if known else False,
        announced=known.announced if known else None,
        is_order_hidden=known.is_order_hidden if known else False,
        reached=_reached(known, contract, now) if known else (),
    )


def _reached(
    known: ContractRecord, contract: Contract, now: datetime
) -> tuple[Reached, ...]:
    """Return the reached milestones, with the current one if it is new.

    After an absence its day is not known.
    """
    if contract.milestone is known.contract.milestone:
        return known.reached
    others = [each for each in known.reached if each.milestone != contract.milestone]
    if now > known.answered_at + ABSENCE:
        return tuple(others)
    return (*others, Reached(contract.milestone, now))


def _appointments(
    known: Iterable[datetime], contract: Contract, now: datetime
) -> tuple[datetime, ...]:
    """Return past appointments and the current one; a moved one is dropped."""
    current = contract.order.appointment_at if contract.order else None
    past = [moment for moment in known if moment <= now and moment != current]
    is_over = contract.is_installed or contract.is_cancelled
    if current is None or (current > now and is_over):
        # The meter was installed early: the visit will not happen.
        return tuple(past)
    return (*past, current)
