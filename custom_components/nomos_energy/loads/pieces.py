"""Cheapest pieces of a run with pauses of a least length and few starts, exact.

For compressors and wallboxes, which wear out by starting. Prices are in EUR/kWh, one per
quarter-hour slot; a slot without a price is never used.
"""

from collections.abc import Sequence
from math import inf

from ..prices.optimizer import MICRO, Pieces

type _Rows = list[list[float]]
"""Least cost of the rest of a plan, by slot and by the quarter-hours that are left."""


class _Layer:
    """Least costs with some number of starts left."""

    def __init__(
        self, costs: Sequence[float], wanted: int, shortest: int, pause: int
    ) -> None:
        """Initialize the layer without any start: nothing can begin any more."""
        self._costs = costs
        self._shortest = shortest
        self._pause = pause
        slots = len(costs)
        nothing = [0.0, *[inf] * wanted]
        self.idle: _Rows = [list(nothing) for _ in range(slots + 1)]
        """Cost if a piece may begin, but none is running."""
        self.running: _Rows = [list(nothing) for _ in range(slots + 1)]
        """Cost within a piece that has lasted long enough."""
        self._run()

    def fill(self, after: _Layer) -> None:
        """Compute the costs with one start more than in another layer, or in this one."""
        for slot in range(len(self._costs) - self._shortest, -1, -1):
            end = slot + self._shortest
            begun = sum(self._costs[slot:end])
            starting = [begun + rest for rest in after.running[end]]
            row, later = self.idle[slot], self.idle[slot + 1]
            row[1:] = later[1:]
            for left, cost in enumerate(starting, start=self._shortest):
                if left < len(row) and cost < row[left]:
                    row[left] = cost
            self._run_from(slot)
        self._run()

    def _run(self) -> None:
        for slot in range(len(self._costs), -1, -1):
            self._run_from(slot)

    def _run_from(self, slot: int) -> None:
        """Stop and pause, or go on."""
        last = len(self._costs)
        self.running[slot] = list(self.idle[min(slot + self._pause, last)])
        if slot < last:
            price, row = self._costs[slot], self.running[slot]
            longer = (price + rest for rest in self.running[slot + 1])
            row[1:] = map(min, row[1:], longer)

    def trace_piece(self, slot: int, left: int) -> tuple[int, int]:
        """Return the end of a piece that has lasted long enough, and what is left."""
        while left and slot < len(self._costs):
            going_on = self._costs[slot] + self.running[slot + 1][left - 1]
            if going_on != self.running[slot][left]:
                break
            slot, left = slot + 1, left - 1
        return slot, left


def cheapest_pieces(
    prices: Sequence[float | None],
    wanted: int,
    *,
    shortest: int,
    pause: int,
    starts: int | None,
) -> Pieces:
    """Return the cheapest pieces that run as long as possible, up to `wanted`.

    All numbers are in quarter-hours, but `starts`, the greatest number of pieces. Of
    plans with equal cost, the one whose pieces start earliest is returned.
    """
    # Whole numbers add up exactly, so equal costs are equal.
    costs = [inf if price is None else float(round(price * MICRO)) for price in prices]
    layer = _Layer(costs, wanted, shortest, pause)
    layers = [layer]
    is_limited = starts is not None and starts < wanted // shortest
    for _ in range(starts if is_limited and starts is not None else 1):
        layer = _Layer(costs, wanted, shortest, pause)
        layer.fill(layers[-1] if is_limited else layer)
        layers.append(layer)
    if starts == 0:
        return ()
    possible = layers[-1].idle[0]
    left = max(each for each in range(wanted + 1) if possible[each] < inf)
    pieces: list[tuple[int, int]] = []
    slot = 0
    while left:
        layer = layers[-1]
        after = layers[-2] if is_limited else layer
        end = slot + shortest
        rest = after.running[end][left - shortest] if left >= shortest else inf
        if sum(costs[slot:end]) + rest != layer.idle[slot][left]:
            slot += 1
            continue
        first, (slot, left) = slot, after.trace_piece(end, left - shortest)
        pieces.append((first, slot))
        slot = min(slot + pause, len(costs))
        if is_limited:
            layers.pop()
    return tuple(pieces)
