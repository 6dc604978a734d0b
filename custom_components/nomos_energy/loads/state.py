"""State of a planned load, as its entities show it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .periods import Shortfall
from .planner import Span


class PlanState(StrEnum):
    """State of a plan: what the load does today."""

    RUNNING = "running"
    SWITCHED_BY_HAND = "switched_by_hand"
    """A target was switched off during the piece in progress, and is left alone."""
    PLANNED = "planned"
    """The next piece is at the cheapest time."""
    PROVISIONAL = "provisional"
    """The next piece was scheduled without prices."""
    CANNOT_FINISH = "cannot_finish"
    """What is planned does not cover what is left."""
    DONE = "done"
    """The load has run, and does not run again today."""
    IDLE = "idle"
    """The load does not run today."""
    DISABLED = "disabled"
    WAITING_FOR_METER = "waiting_for_meter"
    """The gate of the contract is closed."""


class NeedBasis(StrEnum):
    """What the run time is worked out from."""

    RUN_TIME = "run_time"
    ENERGY = "energy"
    CHARGE_LEVEL = "charge_level"
    LAST_CHARGE_LEVEL = "last_charge_level"
    """The charge level is unknown; the last known one counts."""
    ENTERED_RUN_TIME = "entered_run_time"
    """The charge level or target was never known."""
    POWER_UNKNOWN = "power_unknown"
    """There is no run time without power."""


@dataclass(frozen=True, slots=True)
class LoadState:
    """State of a planned load: the piece in progress, and the schedule."""

    plan_state: PlanState
    running: Span | None
    """Piece in progress."""
    pieces: tuple[Span, ...]
    """Piece in progress and all scheduled ones."""
    is_fallback: bool
    """True if the next piece is scheduled without prices."""
    run_time: timedelta
    """Run time within the current or next hours."""
    remaining: timedelta
    """Part of the run time that is left."""
    price: float | None
    """Average price within these hours in EUR/kWh."""
    cost: float | None
    """EUR; None if the power is not known."""
    prices: tuple[float | None, ...]
    """Average price of each piece in EUR/kWh."""
    amount: float | None = None
    """What is needed: hours, kWh or the target level in percent."""
    basis: NeedBasis = NeedBasis.RUN_TIME
    level: float | None = None
    """Charge level in percent, also the last known one."""
    power: float | None = None
    """kW."""
    is_latest_known: bool | None = None
    """None without an entity for the end of the hours."""
    shortfall: Shortfall | None = None
    """Why the load will not finish."""
    reduced: float | None = None
    """Power in kW to which the run in progress is reduced; None: it is not."""
    saved: float = 0.0
    """What the load saved in this month in EUR."""

    @property
    def next_start(self) -> datetime | None:
        """Next time at which the load is turned on."""
        starts = (each.start for each in self.pieces if each is not self.running)
        return next(starts, None)

    @property
    def next_end(self) -> datetime | None:
        """Next time at which the load is turned off."""
        return self.pieces[0].end if self.pieces else None
