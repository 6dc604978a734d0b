"""The modules of §14a EnWG: what is read of them, and when they hold."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.nomos_energy.nomos import (
    Contract,
    GridFeeModule,
    GridFeeReduction,
    NomosResponseError,
    ReductionStatus,
)
from tests.nomos.conftest import a_subscription, warnings

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def a_reduction(**changes: Any) -> dict[str, Any]:
    """Return a grid fee reduction as the API writes it."""
    return {
        "object": "grid_fee_reduction",
        "id": "gfr_1",
        "subscription": "sub_1",
        "type": "enwg-14a-module-1",
        "status": "activated",
        "valid_from": "2026-11-01T00:00:00Z",
        "valid_until": None,
        "created_at": "2026-10-01T00:00:00Z",
        "updated_at": "2026-10-01T00:00:00Z",
        "customer": "cus_1",
        **changes,
    }


def test_reading() -> None:
    """All that matters is read, and kept as it was."""
    reduction = GridFeeReduction.from_json(a_reduction())
    assert reduction == GridFeeReduction(
        subscription_id="sub_1",
        module=GridFeeModule.MODULE_1,
        status=ReductionStatus.ACTIVATED,
        created_at=datetime(2026, 10, 1, tzinfo=UTC),
        valid_from=datetime(2026, 11, 1, tzinfo=UTC),
    )
    assert GridFeeReduction.from_json(reduction.to_json()) == reduction


@pytest.mark.parametrize("field", ["subscription", "type", "status", "created_at"])
@pytest.mark.parametrize("value", [None, "", 3, []])
def test_without_what_it_needs(field: str, value: Any) -> None:
    """A record that lacks what it is about is none."""
    with pytest.raises(NomosResponseError):
        GridFeeReduction.from_json(a_reduction(**{field: value}))


@pytest.mark.parametrize(
    "changes", [{"status": "in_review"}, {"type": "enwg-14a-module-4"}]
)
def test_new_words(changes: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    """What Nomos may add is no error, and holds for nothing that is known."""
    reduction = GridFeeReduction.from_json(a_reduction(**changes))
    assert "unknown" in (reduction.status, reduction.module)
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize("field", ["valid_from", "valid_until"])
def test_validity_that_is_none(field: str, caplog: pytest.LogCaptureFixture) -> None:
    """A time that can't be read is none, with a warning."""
    reduction = GridFeeReduction.from_json(a_reduction(**{field: "soon"}))
    assert getattr(reduction, field) is None
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize(
    ("status", "start", "end", "expected"),
    [
        ("activated", None, None, True),
        ("activated", -DAY, None, True),
        ("activated", -DAY, DAY, True),
        ("activated", timedelta(0), None, True),
        ("activated", DAY, None, False),
        ("activated", -DAY, timedelta(0), False),
        ("activated", -2 * DAY, -DAY, False),
        *((each, -DAY, DAY, False) for each in ("intended", "ordered", "rejected")),
        ("ended", -DAY, DAY, False),
        ("in_review", -DAY, DAY, False),
    ],
)
def test_in_force(
    status: str, start: timedelta | None, end: timedelta | None, expected: bool
) -> None:
    """A module holds while it is activated, from its first moment to its last."""
    reduction = GridFeeReduction.from_json(
        a_reduction(
            status=status,
            valid_from=None if start is None else (NOW + start).isoformat(),
            valid_until=None if end is None else (NOW + end).isoformat(),
        )
    )
    assert reduction.in_force(NOW) is expected


def a_contract(*reductions: dict[str, Any]) -> Contract:
    """Return a contract with these reductions."""
    return Contract(
        subscription=a_subscription(),
        reductions=tuple(map(GridFeeReduction.from_json, reductions)),
    )


def test_last_order_counts() -> None:
    """After a rejection it is the new order that is shown, wherever it stands."""
    rejected = a_reduction(status="rejected")
    again = a_reduction(status="ordered", created_at="2026-11-02T00:00:00Z")
    other = a_reduction(type="enwg-14a-module-3", created_at="2026-11-03T00:00:00Z")
    for reductions in ((rejected, again, other), (other, again, rejected)):
        contract = a_contract(*reductions)
        found = contract.reduction(GridFeeModule.MODULE_1)
        assert found
        assert found.status is ReductionStatus.ORDERED
        assert contract.reduction(GridFeeModule.MODULE_2) is None
        assert contract.in_force(NOW) == {GridFeeModule.MODULE_3}
        assert Contract.from_json(contract.to_json()) == contract


@given(
    st.lists(
        st.tuples(st.none() | st.integers(-5, 5), st.none() | st.integers(-5, 5)),
        max_size=4,
    )
)
def test_next_change(validities: list[tuple[int | None, int | None]]) -> None:
    """Between now and then, nothing begins or ends to hold."""

    def moment(days: int | None) -> str | None:
        return None if days is None else (NOW + days * DAY).isoformat()

    contract = a_contract(
        *(
            a_reduction(
                type=f"enwg-14a-module-{place % 3 + 1}",
                valid_from=moment(start),
                valid_until=moment(end),
            )
            for place, (start, end) in enumerate(validities)
        )
    )
    change = contract.next_reduction_change(NOW)
    assert change is None or change > NOW
    last = change or NOW + 10 * DAY
    hours = range(int((last - NOW).total_seconds() // 3600))
    for hour in hours:
        assert contract.in_force(NOW + hour * timedelta(hours=1)) == contract.in_force(
            NOW
        )


@pytest.mark.parametrize(
    ("module", "number"),
    [(GridFeeModule.MODULE_1, 1), (GridFeeModule.MODULE_3, 3)],
)
def test_numbers(module: GridFeeModule, number: int) -> None:
    """People know the modules by their numbers."""
    assert module.number == number
    assert GridFeeModule.UNKNOWN.number is None
