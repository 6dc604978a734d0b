"""When to run a load so that it costs the least, or the most.

Prices are in EUR/kWh, one per quarter-hour slot; None stands for one that is not
known, and such a slot is not run in. Load is in kW, one per quarter-hour of running:
a pause uses up none of it.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import inf, sumprod
from operator import mul, sub
from typing import NamedTuple

type Pieces = tuple[tuple[int, int], ...]
"""Slots to run in: from the first to before the second, ascending, with pauses between."""

# Sums of floats depend on their order, so plans that cost the same would not be equal.
# Whole numbers add up exactly, as floats too (below 2**53, far above any bill), and
# those are faster than integers of that size.
MICRO = 1_000_000
"""Parts of a EUR/kWh that are told apart."""
MILLI = 1000
"""Parts of a kW that are told apart: watts."""

QUARTERS = 4
"""Slots in an hour."""


def cheapest(
    prices: Sequence[float | None],
    load: Sequence[float],
    shortest_piece: int,
    *,
    most_expensive: bool = False,
) -> Pieces | None:
    """Return when to run the load for the least (or most) money, or None if it can't.

    Every piece has at least `shortest_piece` slots; as many as the load has means one
    block. Of plans that cost the same, it is the one that runs earlier.
    """
    if len(load) > len(prices):
        return None
    missing = [price is None for price in prices]
    amounts = _whole(
        (price or 0.0 for price in prices), -MICRO if most_expensive else MICRO
    )
    watts = _whole(load, MILLI)
    rows = _rows(amounts, missing, watts, shortest_piece)
    if rows[-1].least[-1] == inf:
        return None
    return _earliest(rows, amounts, missing, watts)


def cost(
    prices: Sequence[float | None], load: Sequence[float], pieces: Pieces
) -> float | None:
    """Return what running in these slots costs in EUR, or None without a price."""
    run = [prices[slot] for piece in pieces for slot in range(*piece)]
    known = [price for price in run if price is not None]
    if len(known) < len(run):
        return None
    total: float = sumprod(_whole(known, MICRO), _whole(load, MILLI))
    return total / (MICRO * MILLI * QUARTERS)


def _whole(values: Iterable[float], parts: int) -> list[float]:
    return [float(round(value * parts)) for value in values]


class _Row(NamedTuple):
    """The cost of what is left to do, while so many slots are left to be idle in.

    Each list has the quarters that are left to run for an index, and says infinity
    for what can't be done.
    """

    paused: list[float]
    """When the next slot is idle."""
    running: list[float]
    """When a piece begins with the next slot."""
    least: list[float]


def _rows(
    amounts: list[float], missing: list[bool], watts: list[float], shortest: int
) -> list[_Row]:
    """Return a row for each number of idle slots that can be left, from none on."""
    # It is the end that is known, so all goes backwards: with so many slots to be idle
    # in and quarters to run, their sum is where one stands, counted from the end.
    amounts, missing, watts = amounts[::-1], missing[::-1], watts[::-1]
    shut = [
        any(missing[slot : slot + shortest])
        for slot in range(len(missing) - shortest + 1)
    ]
    rows: list[_Row] = []
    least = [0.0, *[inf] * len(watts)]
    for idle in range(len(amounts) - len(watts) + 1):
        # Runs without a pause from there to the end, as if nothing were missing: the
        # difference of two is what the run from one to the other costs.
        to_end = list(accumulate(map(mul, watts, amounts[idle:]), initial=0.0))
        paused = least
        running = _running(paused, to_end, shut[idle:], shortest)
        least = list(map(min, paused, running))
        rows.append(_Row(paused, running, least))
    return rows


def _running(
    paused: list[float], to_end: list[float], shut: list[bool], shortest: int
) -> list[float]:
    """Return what is left to pay when a piece begins now and ends where it is best."""
    running = [inf] * shortest
    best = inf
    # A piece may end where it is just long enough, or wherever a shorter one might.
    # What ends beyond a missing price drops out once that is among the first slots.
    for ending, begun, is_shut in zip(
        map(sub, paused, to_end), to_end[shortest:], shut, strict=False
    ):
        if is_shut:
            best = inf
        elif ending < best:
            best = ending
        running.append(begun + best)
    return running


def _earliest(
    rows: list[_Row], amounts: list[float], missing: list[bool], watts: list[float]
) -> Pieces:
    """Return the plan of the least cost that runs whenever such a plan can."""
    pieces: list[tuple[int, int]] = []
    slot, left = 0, len(watts)
    # Each row is used up by one idle slot, be it after a piece or for want of one.
    for row in reversed(rows):
        if row.running[left] == row.least[left]:
            end = [*missing, True].index(True, slot)
            length = _longest(row, watts[-left:], amounts[slot:end])
            pieces.append((slot, slot + length))
            slot += length
            left -= length
        slot += 1
    return tuple(pieces)


def _longest(row: _Row, watts: list[float], amounts: list[float]) -> int:
    """Return the length of the longest piece that a plan of the least cost begins with."""
    left = len(watts)
    ways = zip(
        accumulate(map(mul, watts, amounts)), row.paused[left - 1 :: -1], strict=False
    )
    # What is too short may cost as little, but is never the longest: one that is long
    # enough is among them.
    return max(
        length
        for length, (paid, rest) in enumerate(ways, start=1)
        if paid + rest == row.least[left]
    )
