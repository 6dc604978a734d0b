"""Cheapest (or most expensive) time to run a load: exact dynamic programming.

Prices are in EUR/kWh, one per quarter-hour slot; a slot with an unknown price (None) is
never used. The power profile is in kW, one value per quarter-hour of running; it does
not advance during a pause.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import inf, sumprod
from operator import mul, sub
from typing import NamedTuple

type Pieces = tuple[tuple[int, int], ...]
"""Slots to run in: first and end (not included), ascending, with pauses between."""

# Sums of floats depend on their order, so plans of equal cost would differ. Whole
# numbers add up exactly, as floats too (below 2**53, far above any bill), and floats
# are faster than integers of that size.
MICRO = 1_000_000
"""Precision of prices: parts of a EUR/kWh."""
MILLI = 1000
"""Precision of the power: parts of a kW."""

QUARTERS = 4
"""Slots in an hour."""


def cheapest(
    prices: Sequence[float | None],
    load: Sequence[float],
    shortest_piece: int,
    *,
    most_expensive: bool = False,
) -> Pieces | None:
    """Return the pieces of the cheapest (or most expensive) plan, or None without one.

    Every piece has at least `shortest_piece` slots; the length of the load means one
    block. Of plans with equal cost the earliest one is returned.
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


def total(prices: Sequence[float | None], amounts: Sequence[float]) -> float | None:
    """Return the sum of prices times amounts, or None if a price is unknown.

    Divided by the sum of the amounts, it is the average price. In EUR for amounts in
    kWh, four times that for kW per quarter-hour.
    """
    known = [price for price in prices if price is not None]
    if len(known) < len(prices):
        return None
    product: float = sumprod(_whole(known, MICRO), _whole(amounts, MILLI))
    return product / (MICRO * MILLI)


def cost(
    prices: Sequence[float | None], load: Sequence[float], pieces: Pieces
) -> float | None:
    """Return what a load costs in these slots in EUR, or None if a price is unknown."""
    run = [prices[slot] for piece in pieces for slot in range(*piece)]
    product = total(run, load)
    return None if product is None else product / QUARTERS


def _whole(values: Iterable[float], parts: int) -> list[float]:
    return [float(round(value * parts)) for value in values]


class _Row(NamedTuple):
    """Least cost of the rest of a plan, for one number of remaining idle slots.

    The index of each list is the number of remaining quarters of the load; infinity
    stands for an impossible rest.
    """

    paused: list[float]
    """Cost if the next slot is idle."""
    running: list[float]
    """Cost if a piece begins with the next slot."""
    least: list[float]


def _rows(
    amounts: list[float], missing: list[bool], watts: list[float], shortest: int
) -> list[_Row]:
    """Return a row for each number of remaining idle slots, from none on."""
    # The recursion starts at the end. The remaining idle slots and the remaining
    # quarters of the load add up to the position, counted from the end.
    amounts, missing, watts = amounts[::-1], missing[::-1], watts[::-1]
    shut = [
        any(missing[slot : slot + shortest])
        for slot in range(len(missing) - shortest + 1)
    ]
    rows: list[_Row] = []
    least = [0.0, *[inf] * len(watts)]
    for idle in range(len(amounts) - len(watts) + 1):
        # Cost of a run without a pause to the end, unknown prices ignored: the
        # difference of two values is the cost of the run between them.
        to_end = list(accumulate(map(mul, watts, amounts[idle:]), initial=0.0))
        paused = least
        running = _running(paused, to_end, shut[idle:], shortest)
        least = list(map(min, paused, running))
        rows.append(_Row(paused, running, least))
    return rows


def _running(
    paused: list[float], to_end: list[float], shut: list[bool], shortest: int
) -> list[float]:
    """Return the least cost of the rest if a piece begins with the next slot."""
    running = [inf] * shortest
    best = inf
    # A piece may end at its shortest length, or at any end of a shorter one. Ends
    # beyond an unknown price drop out once that is within the shortest length.
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
    """Return the cheapest plan that starts each piece as early as possible."""
    pieces: list[tuple[int, int]] = []
    slot, left = 0, len(watts)
    # One idle slot leads to the next row, after a piece or without one.
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
    """Return the length of the longest first piece of a cheapest plan."""
    left = len(watts)
    ways = zip(
        accumulate(map(mul, watts, amounts)), row.paused[left - 1 :: -1], strict=False
    )
    # Lengths below the shortest piece may match, too, but are never the longest.
    return max(
        length
        for length, (paid, rest) in enumerate(ways, start=1)
        if paid + rest == row.least[left]
    )
