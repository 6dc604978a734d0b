"""Optimizer: the cheapest and the most expensive time for a load."""

from collections.abc import Sequence
from itertools import combinations
from random import Random

from hypothesis import given, strategies as st
import pytest

from custom_components.nomos_energy.prices.optimizer import Pieces, cheapest, cost
from tests.prices.common import pieces_of

NOON = [0.3, 0.3, 0.1, -0.1, -0.2, -0.1, 0.2, 0.3]
TWO_VALLEYS = [0.1, 0.1, 0.4, 0.4, 0.4, 0.1, 0.1, 0.4]


def slots_of(pieces: Pieces) -> list[int]:
    """Return every slot that is run in."""
    return [slot for piece in pieces for slot in range(*piece)]


@pytest.mark.parametrize(
    ("prices", "load", "shortest", "expected"),
    [
        # One block
        ([0.3] * 8, [2.0] * 3, 3, ((0, 3),)),
        (NOON, [2.0] * 3, 3, ((3, 6),)),
        (NOON, [2.0], 1, ((4, 5),)),
        (TWO_VALLEYS, [1.0] * 3, 3, ((0, 3),)),
        ([0.4, 0.3, 0.2], [1.0] * 3, 3, ((0, 3),)),
        ([0.2], [1.0], 1, ((0, 1),)),
        # What costs the same is the same, though floats add up to 0.6 and to a bit more
        ([0.1, 0.2, 0.3, 0.1, 0.9], [1.0] * 3, 3, ((0, 3),)),
        ([0.17, 0.29, 0.31, 0.17, 0.9], [8.05] * 3, 3, ((0, 3),)),
        ([0.3, 0.3], [0.0], 1, ((0, 1),)),
        # Pieces
        (TWO_VALLEYS, [1.0] * 4, 2, ((0, 2), (5, 7))),
        (TWO_VALLEYS, [1.0] * 4, 3, ((0, 4),)),
        (TWO_VALLEYS, [1.0] * 5, 2, ((0, 3), (5, 7))),
        (TWO_VALLEYS, [1.0] * 8, 2, ((0, 8),)),
        (NOON, [1.0] * 4, 1, ((2, 6),)),
        ([0.1, 0.3, 0.1, 0.3, 0.1], [1.0] * 3, 1, ((0, 1), (2, 3), (4, 5))),
        # Pieces that cost the same: run rather than be idle, and go on rather than pause
        ([0.3] * 8, [1.0] * 4, 1, ((0, 4),)),
        ([0.1, 0.2, 0.2, 0.2, 0.1], [1.0] * 3, 1, ((0, 2), (4, 5))),
        ([0.2, 0.1, 0.1, 0.2, 0.2], [1.0] * 3, 1, ((0, 3),)),
        # A load that is not the same all the time
        ([0.1, 0.2, 0.3, 0.3], [1.0, 5.0], 2, ((0, 2),)),
        ([0.1, 0.2, 0.15, 0.3], [1.0, 5.0], 2, ((1, 3),)),
        ([0.1, 0.4, 0.3, 0.2], [1.0, 5.0], 1, ((0, 1), (3, 4))),
        ([0.1, 0.4, 0.3, 0.2], [5.0, 1.0], 1, ((0, 1), (3, 4))),
        ([0.2, 0.1, 0.3], [0.0, 1.0], 1, ((0, 2),)),
        ([0.2, 0.2, 0.1], [0.0, 1.0], 1, ((0, 1), (2, 3))),
        # Prices that are not known
        ([None, 0.3, None, 0.4, 0.5], [1.0] * 2, 2, ((3, 5),)),
        ([0.1, None, 0.3, 0.4], [1.0] * 2, 1, ((0, 1), (2, 3))),
        ([0.1, 0.1, None, 0.4, 0.4], [1.0] * 4, 2, ((0, 2), (3, 5))),
        ([0.3, None, 0.3], [0.0], 1, ((0, 1),)),
        ([0.0, None, 0.0], [1.0] * 2, 1, ((0, 1), (2, 3))),
        ([None, 0.3], [0.0], 1, ((1, 2),)),
        # What can't be done
        ([], [1.0], 1, None),
        ([0.1, 0.2], [1.0] * 3, 3, None),
        ([None], [1.0], 1, None),
        ([0.1, None, 0.2, 0.3], [1.0] * 3, 2, None),
        ([0.1, None, 0.1, None, 0.1], [0.0] * 2, 2, None),
        ([0.1, 0.1, None, 0.4, 0.4], [1.0] * 4, 3, None),
    ],
)
def test_cheapest(
    prices: list[float | None],
    load: list[float],
    shortest: int,
    expected: Pieces | None,
) -> None:
    """A load runs when that costs the least, and as early as that allows."""
    assert cheapest(prices, load, shortest) == expected


@pytest.mark.parametrize(
    ("prices", "load", "shortest", "expected"),
    [
        ([0.3] * 8, [2.0] * 3, 3, ((0, 3),)),
        (NOON, [1.0] * 2, 2, ((0, 2),)),
        (NOON, [1.0] * 3, 1, ((0, 2), (7, 8))),
        (TWO_VALLEYS, [1.0] * 3, 3, ((2, 5),)),
        ([0.1, 0.4, None, 0.2, 0.4], [1.0] * 2, 2, ((3, 5),)),
        ([-0.3, -0.1, -0.2], [1.0] * 2, 2, ((1, 3),)),
        ([0.1, None], [1.0] * 2, 1, None),
    ],
)
def test_most_expensive(
    prices: list[float | None],
    load: list[float],
    shortest: int,
    expected: Pieces | None,
) -> None:
    """When running costs the most is found the same way."""
    assert cheapest(prices, load, shortest, most_expensive=True) == expected


@pytest.mark.parametrize(
    ("prices", "load", "pieces", "expected"),
    [
        ([0.3, 0.2], [2.0], ((0, 1),), 0.15),
        ([0.3, 0.2, -0.1, 0.4], [2.0, 1.0, 4.0], ((0, 1), (2, 4)), 0.525),
        ([-0.1, None], [0.8], ((0, 1),), -0.02),
        ([0.1, 0.2, 0.3], [1.0] * 3, ((0, 3),), 0.15),
        ([0.3, 0.2, None], [1.0] * 2, ((1, 3),), None),
        ([0.3], [], (), 0.0),
    ],
)
def test_cost(
    prices: list[float | None],
    load: list[float],
    pieces: Pieces,
    expected: float | None,
) -> None:
    """Running costs a quarter of an hour of load in each slot, in EUR."""
    assert cost(prices, load, pieces) == expected


@st.composite
def small(draw: st.DrawFn) -> tuple[list[int | None], list[int], int]:
    """Return a few cents, some watts and a shortest piece; many plans cost the same."""
    cents = draw(st.lists(st.none() | st.integers(-3, 4), max_size=11))
    watts = draw(
        st.lists(st.integers(0, 3).map(lambda w: w * 700), min_size=1, max_size=8)
    )
    return cents, watts, draw(st.integers(1, len(watts)))


@given(case=small(), most_expensive=st.booleans())
def test_as_good_as_trying_all(
    case: tuple[list[int | None], list[int], int], most_expensive: bool
) -> None:
    """The plan is the first of the best among all possible ones."""
    cents, watts, shortest = case
    sign = -1 if most_expensive else 1

    def amount(slots: Sequence[int]) -> int:
        return sum((cents[s] or 0) * w for s, w in zip(slots, watts, strict=True))

    known = [slot for slot, price in enumerate(cents) if price is not None]
    best = min(
        (
            slots
            for slots in combinations(known, len(watts))
            if all(end - begin >= shortest for begin, end in pieces_of(slots))
        ),
        key=lambda slots: sign * amount(slots),
        default=None,
    )
    prices = [price if price is None else price / 100 for price in cents]
    load = [each / 1000 for each in watts]
    found = cheapest(prices, load, shortest, most_expensive=most_expensive)
    assert found == (None if best is None else pieces_of(best))
    if found and best:
        assert cost(prices, load, found) == amount(best) / 400_000


@st.composite
def large(draw: st.DrawFn) -> tuple[list[float | None], list[float], int]:
    """Return prices of one or two days, a load of hours and a shortest piece."""
    random = Random(draw(st.integers(0, 2**32)))  # drawing each price takes too long
    count = draw(st.integers(96, 200))
    length = draw(st.integers(1, count))
    missing = draw(st.sampled_from([0.0, 0.0, 0.02, 0.2]))
    prices = [
        None if random.random() < missing else round(random.uniform(-0.1, 0.5), 4)
        for _ in range(count)
    ]
    load = [round(random.uniform(0, 11), 3) for _ in range(length)]
    return prices, load, draw(st.integers(1, min(length, 16)) | st.just(length))


@given(case=large())
def test_never_worse_than_one_block(
    case: tuple[list[float | None], list[float], int],
) -> None:
    """Pieces are as long as asked for, and cost no more than the best single block."""
    prices, load, shortest = case
    blocks = [
        spent
        for slot in range(len(prices) - len(load) + 1)
        if (spent := cost(prices, load, ((slot, slot + len(load)),))) is not None
    ]
    found = cheapest(prices, load, shortest)
    if found is None:
        assert not blocks
        return
    assert len(slots_of(found)) == len(load)
    assert found == pieces_of(slots_of(found))
    assert all(end - begin >= shortest for begin, end in found)
    spent = cost(prices, load, found)
    assert spent is not None
    assert spent <= min(blocks, default=spent)
    if shortest == len(load):
        assert spent == min(blocks)


@given(case=large())
def test_single_slots_are_the_cheapest(
    case: tuple[list[float | None], list[float], int],
) -> None:
    """A steady load that may pause at any time runs in the cheapest slots."""
    prices, load, _ = case
    known = sorted(
        (price, slot) for slot, price in enumerate(prices) if price is not None
    )
    found = cheapest(prices, [2.0] * len(load), 1)
    if len(known) < len(load):
        assert found is None
    else:
        assert found == pieces_of(sorted(slot for _, slot in known[: len(load)]))
