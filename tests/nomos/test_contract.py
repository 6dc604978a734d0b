"""Tests of contracts and the gate."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.nomos_energy.nomos import (
    DAY,
    HOUR,
    Activation,
    ActivationBasis,
    Contract,
    GridFeeModule,
    GridFeeReduction,
    MeterOrder,
    MeterReading,
    Milestone,
    NomosResponseError,
    ReductionStatus,
    Subscription,
)
from tests.nomos.common import (
    NEW_VALUE,
    READING,
    SUBSCRIPTION,
    a_reduction,
    a_subscription,
    an_order,
    records,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

BLOCKED = (None, "check_missing", "grid_operator_registration", NEW_VALUE)
CANCELLED = (None, "pre_existing", "customer_request", NEW_VALUE)
DELIVERY = ("pending", "active", "ended", NEW_VALUE)
METERS = ("smart", "analog", NEW_VALUE, None)

# Expected state of the gate for each status and reason of cancellation (in the order
# of CANCELLED). "meter": the status and the meter of the subscription decide.
GATE = {
    "created": ("closed", "closed", "closed", "closed"),
    "placed": ("closed", "closed", "closed", "closed"),
    "check_submitted": ("closed", "closed", "closed", "closed"),
    "check_reviewed": ("closed", "closed", "closed", "closed"),
    "scheduled": ("closed", "closed", "closed", "closed"),
    "installed": ("closed", "closed", "closed", "closed"),
    "activated": ("open", "open", "open", "open"),
    "cancelled": ("closed", "closed", "meter", "closed"),
    NEW_VALUE: ("closed", "closed", "closed", "closed"),
}
ORDERS = [
    (status, reason, state)
    for status, states in GATE.items()
    for reason, state in zip(CANCELLED, states, strict=True)
]
METER_DECIDES = {("active", "smart"): True}
"""State of the gate by subscription status and meter type; closed for all others."""


def subscription(status: str = "active", meter: str | None = "analog") -> Subscription:
    """Return a subscription with a status and a meter type."""
    return a_subscription(
        status=status, meter="mtr_1" if meter is None else {"type": meter}
    )


def contract(**order: Any) -> Contract:
    """Return an active contract with an analog meter and an order."""
    return Contract(subscription=subscription(), order=an_order(**order))


class TestGate:
    """Contract.smart_meter_active and needs_subscription."""

    def test_table_is_complete(self) -> None:
        """GATE has every status of an order."""
        assert {
            Milestone.UNKNOWN if status == NEW_VALUE else Milestone(status)
            for status in GATE
        } == set(Milestone) - {Milestone.NOT_ORDERED}

    @pytest.mark.parametrize(("status", "cancelled_reason", "state"), ORDERS)
    def test_with_order(
        self, status: str, cancelled_reason: str | None, state: str
    ) -> None:
        """Status and reason decide, else the meter; a block has no effect."""
        for blocked, delivery, meter in product(BLOCKED, DELIVERY, METERS):
            case = Contract(
                subscription=subscription(delivery, meter),
                order=an_order(
                    status=status,
                    cancelled_reason=cancelled_reason,
                    blocked_reason=blocked,
                ),
            )
            expected = {
                "open": True,
                "closed": False,
                "meter": METER_DECIDES.get((delivery, meter or ""), False),
            }[state]
            assert case.smart_meter_active is expected, (blocked, delivery, meter)

    def test_without_order(self) -> None:
        """Without an order, the status and the meter of the subscription decide."""
        for delivery, meter in product(DELIVERY, METERS):
            case = Contract(subscription=subscription(delivery, meter))
            expected = METER_DECIDES.get((delivery, meter or ""), False)
            assert case.smart_meter_active is expected, (delivery, meter)

    def test_unknown_status_after_activation(self) -> None:
        """A status that Nomos adds keeps an activated meter active."""
        activated = "2026-11-20T08:00:00Z"
        assert contract(status=NEW_VALUE, activated_at=activated).smart_meter_active
        assert not contract(status=NEW_VALUE, activated_at=None).smart_meter_active

    @pytest.mark.parametrize("status", ["installed", "cancelled"])
    def test_known_status_with_activation_time(self, status: str) -> None:
        """A known status decides, even if the order has an activation time."""
        case = contract(status=status, activated_at="2026-11-20T08:00:00Z")
        assert not case.smart_meter_active

    def test_needs_subscription_with_order(self) -> None:
        """The subscription is needed only if its meter decides."""
        for status, cancelled_reason, state in ORDERS:
            case = contract(status=status, cancelled_reason=cancelled_reason)
            assert case.needs_subscription is (state == "meter"), case

    def test_needs_subscription_without_an_order(self) -> None:
        """The subscription is needed if there is no order."""
        assert Contract(subscription=subscription()).needs_subscription


class TestProgress:
    """Milestone, progress, cancellation and block of the order."""

    @pytest.mark.parametrize(
        ("changes", "milestone", "progress", "is_settled"),
        [
            ({"status": "created"}, Milestone.CREATED, 14, False),
            ({"status": "placed"}, Milestone.PLACED, 29, False),
            ({"status": "check_submitted"}, Milestone.CHECK_SUBMITTED, 43, False),
            ({"status": "check_reviewed"}, Milestone.CHECK_REVIEWED, 57, False),
            ({"status": "scheduled"}, Milestone.SCHEDULED, 71, False),
            ({"status": "installed"}, Milestone.INSTALLED, 86, False),
            ({"status": "activated"}, Milestone.ACTIVATED, 100, True),
            ({"status": "cancelled"}, Milestone.CANCELLED, None, False),
            (
                {"status": "cancelled", "cancelled_reason": NEW_VALUE},
                Milestone.CANCELLED,
                None,
                False,
            ),
            (
                {"status": "cancelled", "cancelled_reason": "customer_request"},
                Milestone.CANCELLED,
                None,
                True,
            ),
            # The meter exists; only its registration is missing.
            (
                {"status": "cancelled", "cancelled_reason": "pre_existing"},
                Milestone.CANCELLED,
                86,
                False,
            ),
            ({"status": NEW_VALUE}, Milestone.UNKNOWN, None, False),
            (
                {"status": NEW_VALUE, "activated_at": "2026-11-20T08:00:00Z"},
                Milestone.UNKNOWN,
                100,
                False,
            ),
        ],
    )
    def test_progress(
        self,
        changes: Mapping[str, Any],
        milestone: Milestone,
        progress: int | None,
        is_settled: bool,
    ) -> None:
        """Milestones count alike; only a final status is settled."""
        case = contract(**changes)
        assert case.milestone is milestone
        assert case.progress == progress
        assert case.is_settled is is_settled

    def test_without_order(self) -> None:
        """Without an order there is no progress, block or cancellation."""
        case = Contract(subscription=subscription())
        assert case.milestone is Milestone.NOT_ORDERED
        assert case.progress == 0
        assert not case.is_settled
        assert not case.is_blocked
        assert not case.is_cancelled
        assert not case.awaits_registration

    @pytest.mark.parametrize(
        "order",
        [None, an_order(status="cancelled", cancelled_reason="customer_request")],
    )
    def test_smart_meter_without_own_order(self, order: MeterOrder | None) -> None:
        """The progress is 100 % if the gate is open."""
        case = Contract(subscription=subscription(meter="smart"), order=order)
        assert case.progress == 100

    def test_cancelled(self) -> None:
        """The reason of a cancellation counts only for cancelled orders."""
        for status, cancelled_reason, _ in ORDERS:
            case = contract(status=status, cancelled_reason=cancelled_reason)
            assert case.is_cancelled is (status == "cancelled"), case
            assert case.awaits_registration is (
                (status, cancelled_reason) == ("cancelled", "pre_existing")
            ), case

    @pytest.mark.parametrize(
        ("changes", "is_blocked"),
        [
            ({}, False),
            ({"blocked_at": "2026-11-20T08:00:00Z"}, True),
            ({"blocked_reason": "check_missing"}, True),
            ({"blocked_reason": NEW_VALUE}, True),
            (
                {
                    "blocked_at": "2026-11-20T08:00:00Z",
                    "blocked_reason": "grid_operator_registration",
                },
                True,
            ),
        ],
    )
    def test_blocked(self, changes: Mapping[str, Any], is_blocked: bool) -> None:
        """An order of any status can be blocked, by its time or by its reason."""
        for status in GATE:
            assert contract(status=status, **changes).is_blocked is is_blocked, status


def day_of(case: Contract) -> date | None:
    """Return the day of the activation."""
    return case.activation.day if case.activation else None


class TestActivation:
    """Contract.activation."""

    @pytest.mark.parametrize(
        ("changes", "day", "basis"),
        [
            pytest.param({}, date(2027, 1, 18), "order", id="eight weeks"),
            pytest.param(
                {"status": "scheduled", "appointment_at": "2027-01-10T09:00:00Z"},
                date(2027, 1, 18),
                "order",
                id="earlier appointment",
            ),
            pytest.param(
                {"status": "scheduled", "appointment_at": "2027-01-18T09:00:00Z"},
                date(2027, 1, 18),
                "appointment",
                id="appointment on the same day",
            ),
            pytest.param(
                {"status": "scheduled", "appointment_at": "2027-02-03T09:00:00Z"},
                date(2027, 2, 3),
                "appointment",
                id="later appointment",
            ),
            pytest.param(
                {
                    "status": "installed",
                    "appointment_at": "2027-02-03T09:00:00Z",
                    "installed_at": "2027-02-05T12:00:00Z",
                },
                date(2027, 2, 5),
                "installation",
                id="later installation",
            ),
            pytest.param(
                {
                    "status": "installed",
                    "appointment_at": "2027-02-03T09:00:00Z",
                    "installed_at": "2027-01-25T12:00:00Z",
                },
                date(2027, 1, 25),
                "installation",
                id="installation before the appointment",
            ),
            pytest.param(
                {
                    "status": "activated",
                    "appointment_at": "2027-02-03T09:00:00Z",
                    "activated_at": "2026-12-01T12:00:00Z",
                },
                date(2026, 12, 1),
                "activated",
                id="activated",
            ),
            pytest.param(
                {"status": NEW_VALUE}, date(2027, 1, 18), "order", id="unknown status"
            ),
            pytest.param(
                {"status": "cancelled", "cancelled_reason": "pre_existing"},
                date(2027, 1, 18),
                "order",
                id="cancelled for an existing meter",
            ),
        ],
    )
    def test_day(self, changes: Mapping[str, Any], day: date, basis: str) -> None:
        """Eight weeks after the order, not before the appointment or installation."""
        expected = Activation(day, ActivationBasis(basis))
        assert contract(**changes).activation == expected

    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({"status": "activated"}, id="activated without a time"),
            pytest.param(
                {"status": "cancelled", "cancelled_reason": "customer_request"},
                id="cancelled by the customer",
            ),
            pytest.param({"status": "cancelled"}, id="cancelled without reason"),
        ],
    )
    def test_no_day(self, changes: Mapping[str, Any]) -> None:
        """Without a known day, and after a cancellation, there is none."""
        assert contract(**changes).activation is None

    def test_without_order(self) -> None:
        """Without an order no activation is expected."""
        assert Contract(subscription=subscription()).activation is None

    def test_ended_contract(self) -> None:
        """The meter of an ended contract is not activated any more."""
        case = replace(contract(), subscription=subscription(status="ended"))
        assert case.activation is None

    @pytest.mark.parametrize(
        ("created_at", "day"),
        [
            pytest.param(
                "2026-06-01T21:59:59Z", date(2026, 7, 27), id="before midnight, summer"
            ),
            pytest.param(
                "2026-06-01T22:00:00Z", date(2026, 7, 28), id="at midnight, summer"
            ),
            pytest.param(
                "2026-12-01T22:59:59Z", date(2027, 1, 26), id="before midnight, winter"
            ),
            pytest.param(
                "2026-12-01T23:00:00Z", date(2027, 1, 27), id="at midnight, winter"
            ),
            # Half past midnight in summer; eight weeks of 24 hours would end at
            # half past eleven in winter, on the day before.
            pytest.param(
                "2026-09-30T22:30:00Z", date(2026, 11, 26), id="summer to winter"
            ),
            # Half past eleven in winter; eight weeks of 24 hours would end at
            # half past midnight in summer, on the day after.
            pytest.param(
                "2027-03-01T22:30:00Z", date(2027, 4, 26), id="winter to summer"
            ),
            pytest.param(
                "2026-10-25T00:30:00Z",
                date(2026, 12, 20),
                id="in the repeated hour",
            ),
            pytest.param(
                "2027-01-31T01:30:00Z", date(2027, 3, 28), id="to the skipped hour"
            ),
        ],
    )
    def test_weeks_are_weeks_in_berlin(self, created_at: str, day: date) -> None:
        """Eight weeks end on the same weekday, also across a change of the clocks."""
        assert day_of(contract(created_at=created_at)) == day

    @pytest.mark.parametrize(
        ("status", "field"),
        [
            ("scheduled", "appointment_at"),
            ("installed", "installed_at"),
            ("activated", "activated_at"),
        ],
    )
    def test_days_are_days_in_berlin(self, status: str, field: str) -> None:
        """Days begin at midnight in Berlin, also when the clocks change."""
        for moment, day in (
            ("2027-03-27T22:59:59Z", date(2027, 3, 27)),
            ("2027-03-27T23:00:00Z", date(2027, 3, 28)),
            ("2027-03-28T21:59:59Z", date(2027, 3, 28)),
            ("2027-03-28T22:00:00Z", date(2027, 3, 29)),
        ):
            case = contract(status=status, **{field: moment})
            assert day_of(case) == day, moment

    def test_unknown_status_after_activation(self) -> None:
        """The day of the activation counts if Nomos adds a status after it."""
        case = contract(status=NEW_VALUE, activated_at="2026-12-01T12:00:00Z")
        assert case.smart_meter_active
        assert day_of(case) == date(2026, 12, 1)

    @pytest.mark.parametrize("field", ["appointment_at", "installed_at"])
    @pytest.mark.parametrize("never", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
    def test_placeholder_for_never(self, field: str, never: str) -> None:
        """The first and the last possible timestamp are ignored."""
        assert contract(**{field: never}).activation == contract().activation


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "Lindenallee 7a"),
        ({"address": {"street": "Deichweg"}}, "Deichweg"),
        ({"address": {"house_number": "3"}}, "3"),
        ({"address": "adr_1"}, "4X44EMKX"),
        ({"address": {"street": "", "house_number": None}}, "4X44EMKX"),
        ({"address": None, "number": None}, "Nomos"),
        ({"address": None, "number": ""}, "Nomos"),
        ({"address": None, "number": 4711}, "4711"),
        ({"address": None, "number": True}, "Nomos"),
    ],
)
def test_name(changes: Mapping[str, Any], name: str) -> None:
    """The name is the address, else the contract number, else the brand."""
    assert Contract(subscription=a_subscription(**changes)).name == name


@given(records(SUBSCRIPTION))
def test_any_name(data: dict[str, Any]) -> None:
    """Every subscription that can be parsed has a name."""
    try:
        subscription = Subscription.from_json(data)
    except NomosResponseError:
        return
    assert Contract(subscription=subscription).name


def a_contract(*reductions: dict[str, Any]) -> Contract:
    """Return a contract with grid fee reductions."""
    return Contract(
        subscription=a_subscription(),
        reductions=tuple(map(GridFeeReduction.from_json, reductions)),
    )


def test_latest_reduction() -> None:
    """The latest order of a module counts, in any order of the list."""
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


@given(
    st.lists(
        st.tuples(st.none() | st.integers(-5, 5), st.none() | st.integers(-5, 5)),
        max_size=4,
    )
)
def test_next_reduction_change(validities: list[tuple[int | None, int | None]]) -> None:
    """The modules in force stay the same until the next change."""

    def moment(days: int | None) -> str | None:
        return None if days is None else (NOW + days * DAY).isoformat()

    contract = a_contract(
        *(
            a_reduction(
                type=f"enwg-14a-module-{index % 3 + 1}",
                valid_from=moment(start),
                valid_until=moment(end),
            )
            for index, (start, end) in enumerate(validities)
        )
    )
    change = contract.next_reduction_change(NOW)
    assert change is None or change > NOW
    last = change or NOW + 10 * DAY
    hours = range(int((last - NOW).total_seconds() // 3600))
    for hour in hours:
        assert contract.in_force(NOW + hour * HOUR) == contract.in_force(NOW)


class TestAvailability:
    """Properties that follow from the gate and the status of the subscription."""

    @pytest.mark.parametrize(
        ("changes", "meter", "has_prices", "has_modules", "feeds_in"),
        [
            ({}, "smart", True, True, False),
            ({}, "analog", False, False, False),
            ({"type": "feed_in"}, "smart", True, False, True),
            ({"type": "feed_in"}, "analog", False, False, True),
            ({"type": NEW_VALUE}, "smart", True, True, False),
        ],
    )
    def test_without_order(
        self,
        changes: Mapping[str, Any],
        meter: str,
        has_prices: bool,
        has_modules: bool,
        feeds_in: bool,
    ) -> None:
        """Prices need an open gate; modules need a contract that does not feed in."""
        case = Contract(subscription=a_subscription(meter={"type": meter}, **changes))
        assert case.has_prices is has_prices
        assert case.has_modules is has_modules
        assert case.feeds_in is feeds_in

    def test_ended_subscription(self) -> None:
        """An ended subscription has no prices, though the gate stays open."""
        case = Contract(
            subscription=subscription(status="ended", meter="smart"),
            order=an_order(status="activated"),
        )
        assert case.smart_meter_active
        assert not case.has_prices
        assert not case.has_modules

    @pytest.mark.parametrize(
        ("kind", "meter", "order", "has_own_smart_meter"),
        [
            ("consumption", "smart", None, True),
            ("consumption", "analog", None, False),
            ("feed_in", "smart", None, False),
            ("consumption", "smart", an_order(status="activated"), False),
        ],
    )
    def test_has_own_smart_meter(
        self, kind: str, meter: str, order: MeterOrder | None, has_own_smart_meter: bool
    ) -> None:
        """An active smart meter without an order existed before."""
        case = Contract(
            subscription=a_subscription(type=kind, meter={"type": meter}), order=order
        )
        assert case.has_own_smart_meter is has_own_smart_meter

    @pytest.mark.parametrize(
        ("changes", "order", "can_be_ordered"),
        [
            ({}, None, True),
            ({"status": "pending"}, None, True),
            ({"status": "ended"}, None, False),
            ({"type": "feed_in"}, None, False),
            ({"meter": {"type": "smart"}}, None, False),
            ({}, an_order(), False),
            (
                {},
                an_order(status="cancelled", cancelled_reason="customer_request"),
                False,
            ),
        ],
    )
    def test_can_be_ordered(
        self, changes: Mapping[str, Any], order: MeterOrder | None, can_be_ordered: bool
    ) -> None:
        """A smart meter can be ordered once, for consumption without one."""
        case = Contract(subscription=a_subscription(**changes), order=order)
        assert case.can_be_ordered is can_be_ordered


class TestInstallation:
    """Installation and its delays."""

    APPOINTMENT = datetime(2026, 12, 12, 8, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("changes", "is_installed"),
        [
            ({"status": "scheduled"}, False),
            ({"status": "installed"}, True),
            ({"status": "activated"}, True),
            (
                {"status": NEW_VALUE, "installed_at": "2026-12-12T08:00:00Z"},
                True,
            ),
        ],
    )
    def test_is_installed(self, changes: Mapping[str, Any], is_installed: bool) -> None:
        """A meter is installed by its status or by the time of its installation."""
        assert contract(**changes).is_installed is is_installed

    def test_without_order(self) -> None:
        """Nothing is installed or missed without an order."""
        case = Contract(subscription=subscription())
        assert case.is_installed is False
        assert case.missed_appointment(NOW + 999 * DAY) is False

    @pytest.mark.parametrize(
        ("changes", "delay", "missed"),
        [
            ({"status": "scheduled"}, 2 * DAY, True),
            ({"status": "scheduled"}, 2 * DAY - timedelta.resolution, False),
            ({"status": "check_reviewed"}, 3 * DAY, True),
            ({"status": "scheduled", "appointment_at": None}, 3 * DAY, False),
            ({"status": "installed"}, 3 * DAY, False),
            ({"status": "activated"}, 3 * DAY, False),
            ({"status": "cancelled"}, 3 * DAY, False),
        ],
    )
    def test_missed_appointment(
        self, changes: Mapping[str, Any], delay: timedelta, missed: bool
    ) -> None:
        """An appointment is missed two days after it without an installation."""
        case = contract(**{"appointment_at": self.APPOINTMENT.isoformat(), **changes})
        assert case.missed_appointment(self.APPOINTMENT + delay) is missed


class TestModules:
    """Modules of §14a EnWG."""

    @pytest.mark.parametrize(
        ("module", "status", "meter", "has_windows"),
        [
            (3, "activated", "smart", True),
            (3, "ended", "smart", True),
            (3, "ordered", "smart", False),
            (1, "activated", "smart", False),
            (3, "activated", "analog", False),
        ],
    )
    def test_has_grid_fee_windows(
        self, module: int, status: str, meter: str, has_windows: bool
    ) -> None:
        """Module 3 has windows once it was activated."""
        reduction = GridFeeReduction.from_json(
            a_reduction(type=f"enwg-14a-module-{module}", status=status)
        )
        case = Contract(subscription=subscription(meter=meter), reductions=(reduction,))
        assert case.has_grid_fee_windows is has_windows

    def test_activated_modules(self) -> None:
        """Activated modules are returned before their validity too."""
        later = a_reduction(valid_from="2030-01-01T00:00:00Z")
        case = a_contract(later, a_reduction(status="ended"))
        assert case.activated_modules == {GridFeeReduction.from_json(later)}


class TestUsageAndReadings:
    """Days with usage, and meter readings."""

    @pytest.mark.parametrize(
        ("order", "start_at", "day"),
        [
            (None, None, None),
            (None, "2026-03-31T22:00:00Z", date(2026, 4, 1)),
            ({"activated_at": None}, "2026-03-31T22:00:00Z", date(2026, 4, 1)),
            ({"activated_at": "2026-05-31T22:00:00Z"}, None, date(2026, 6, 1)),
            (
                {"activated_at": "2026-05-31T22:00:00Z"},
                "2026-03-31T22:00:00Z",
                date(2026, 6, 1),
            ),
            (
                {"activated_at": "2026-05-31T22:00:00Z"},
                "2026-06-30T22:00:00Z",
                date(2026, 7, 1),
            ),
        ],
    )
    def test_measured_since(
        self, order: Mapping[str, Any] | None, start_at: str | None, day: date | None
    ) -> None:
        """Usage starts on the later day of the activation and the delivery."""
        case = Contract(
            subscription=a_subscription(start_at=start_at),
            order=None if order is None else an_order(**order),
        )
        assert case.measured_since == day

    @pytest.mark.parametrize(
        ("end_at", "day"),
        [
            (None, None),
            ("2026-06-30T22:00:00Z", date(2026, 6, 30)),
            ("2026-06-30T22:00:00.000001Z", date(2026, 7, 1)),
        ],
    )
    def test_last_day(self, end_at: str | None, day: date | None) -> None:
        """Usage ends on the day before, if the contract ends at midnight."""
        case = Contract(subscription=a_subscription(end_at=end_at))
        assert case.last_day == day

    @staticmethod
    def reading(day: int, meter: str = "mtr_1", **changes: Any) -> MeterReading:
        """Return a meter reading of a day in November."""
        return MeterReading.from_json(
            {
                **READING,
                "meter": meter,
                "timestamp": f"2026-11-{day:02}T23:00:00Z",
                **changes,
            }
        )

    def test_no_readings(self) -> None:
        """The contract stays the same without readings of its subscription."""
        case = contract()
        assert case.with_readings([]) is case
        assert case.with_readings([self.reading(1, subscription="sub_2")]) is case

    def test_first_readings(self) -> None:
        """The latest reading of the contract is shown, not another contract's."""
        first, last = self.reading(2), self.reading(9)
        other = self.reading(10, subscription="sub_2")
        old_meter = self.reading(1, "mtr_0")
        case = contract().with_readings([first, other, last, old_meter])
        assert case.reading == last

    def test_newer_readings(self) -> None:
        """A newer reading takes the place of the known one, also of another meter."""
        case = contract().with_readings([self.reading(2)])
        for last in (self.reading(9), self.reading(16, "mtr_2")):
            case = case.with_readings([last])
            assert case.reading == last

    def test_older_readings(self) -> None:
        """The latest reading is kept, whatever is reported of an earlier day."""
        last = self.reading(9)
        known = contract().with_readings([last])
        late = self.reading(2, created_at="2027-01-20T08:00:00Z")
        for readings in ([self.reading(2)], [late], []):
            assert known.with_readings(readings).reading == last

    def test_corrected_reading(self) -> None:
        """Of two readings of a moment the one that was reported last is shown."""
        case = contract().with_readings([self.reading(9)])
        corrected = self.reading(9, value=1, created_at="2027-01-20T08:00:00Z")
        assert case.with_readings([corrected]).reading == corrected
