"""Tests of grid fee reductions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custom_components.nomos_energy.nomos import (
    DAY,
    GridFeeModule,
    GridFeeReduction,
    NomosResponseError,
    ReductionStatus,
)
from tests.nomos.common import a_reduction, warnings

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_all_fields() -> None:
    """Every field of a reduction is parsed."""
    reduction = GridFeeReduction.from_json(a_reduction())
    assert reduction == GridFeeReduction(
        subscription_id="sub_1",
        module=GridFeeModule.MODULE_1,
        status=ReductionStatus.ACTIVATED,
        created_at=datetime(2026, 10, 1, tzinfo=UTC),
        valid_from=datetime(2026, 11, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize("field", ["subscription", "type", "status", "created_at"])
@pytest.mark.parametrize("value", [None, "", 3, []])
def test_required_fields(field: str, value: Any) -> None:
    """A reduction without a required field raises an error."""
    with pytest.raises(NomosResponseError):
        GridFeeReduction.from_json(a_reduction(**{field: value}))


@pytest.mark.parametrize(
    "changes", [{"status": "in_review"}, {"type": "enwg-14a-module-4"}]
)
def test_new_values(changes: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    """Values that Nomos adds are parsed as unknown and logged."""
    reduction = GridFeeReduction.from_json(a_reduction(**changes))
    assert "unknown" in (reduction.status, reduction.module)
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize("field", ["valid_from", "valid_until"])
def test_invalid_validity(field: str, caplog: pytest.LogCaptureFixture) -> None:
    """An invalid time is dropped and logged."""
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
    """A module is in force while it is activated and valid."""
    reduction = GridFeeReduction.from_json(
        a_reduction(
            status=status,
            valid_from=None if start is None else (NOW + start).isoformat(),
            valid_until=None if end is None else (NOW + end).isoformat(),
        )
    )
    assert reduction.in_force(NOW) is expected


@pytest.mark.parametrize(
    ("module", "number"),
    [(GridFeeModule.MODULE_1, 1), (GridFeeModule.MODULE_3, 3)],
)
def test_numbers(module: GridFeeModule, number: int) -> None:
    """Known modules have a number."""
    assert module.number == number
    assert GridFeeModule.UNKNOWN.number is None
