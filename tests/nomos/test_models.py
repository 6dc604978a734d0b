"""What the models read, and what a contract answers about itself."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import product
import time
from typing import Any

from hypothesis import example, given, strategies as st
import pytest

from custom_components.nomos_energy.nomos import (
    Address,
    BlockedReason,
    CancelledReason,
    Contract,
    MeterOrder,
    MeterType,
    Milestone,
    NomosResponseError,
    Plan,
    Provider,
    Subscription,
    SubscriptionStatus,
    SubscriptionType,
)
from tests.nomos.conftest import (
    ORDER,
    PLAN,
    SUBSCRIPTION,
    a_subscription,
    an_order,
    warnings,
)

NEW_WORD = "quality_review"
"""Stands for whatever Nomos may think of next."""

BLOCKED = (None, "check_missing", "grid_operator_registration", NEW_WORD)
CANCELLED = (None, "pre_existing", "customer_request", NEW_WORD)
DELIVERY = ("pending", "active", "ended", NEW_WORD)
METERS = ("smart", "analog", NEW_WORD, None)

# The gate, written down a second time: what each order says, by the reason that
# it was cancelled for (in the order of CANCELLED). "meter": the order says
# nothing, so that the meter on the wall decides.
GATE = {
    "created": ("shut", "shut", "shut", "shut"),
    "placed": ("shut", "shut", "shut", "shut"),
    "check_submitted": ("shut", "shut", "shut", "shut"),
    "check_reviewed": ("shut", "shut", "shut", "shut"),
    "scheduled": ("shut", "shut", "shut", "shut"),
    "installed": ("shut", "shut", "shut", "shut"),
    "activated": ("open", "open", "open", "open"),
    "cancelled": ("shut", "shut", "meter", "shut"),
    NEW_WORD: ("shut", "shut", "shut", "shut"),
}
ORDERS = [
    (status, reason, verdict)
    for status, verdicts in GATE.items()
    for reason, verdict in zip(CANCELLED, verdicts, strict=True)
]
# Electricity that Nomos delivers, through a meter that is smart: nothing less.
METER_DECIDES = {("active", "smart"): True}


def subscription(status: str = "active", meter: str | None = "analog") -> Subscription:
    """Return a subscription in a status, with a kind of meter."""
    return a_subscription(
        status=status, meter="mtr_1" if meter is None else {"type": meter}
    )


def contract(**order: Any) -> Contract:
    """Return a delivered contract with an analog meter and an order."""
    return Contract(subscription=subscription(), order=an_order(**order))


class TestGate:
    """Whether a smart meter is on the wall and reports to Nomos."""

    def test_table_has_every_milestone(self) -> None:
        """The table below leaves out no status that the client knows."""
        assert {
            Milestone.UNKNOWN if word == NEW_WORD else Milestone(word) for word in GATE
        } == set(Milestone) - {Milestone.NOT_ORDERED}

    @pytest.mark.parametrize(("status", "cancelled_reason", "verdict"), ORDERS)
    def test_order_decides(
        self, status: str, cancelled_reason: str | None, verdict: str
    ) -> None:
        """Status and reason decide, else the meter; being blocked never does."""
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
                "shut": False,
                "meter": METER_DECIDES.get((delivery, meter or ""), False),
            }[verdict]
            assert case.smart_meter_active is expected, (blocked, delivery, meter)

    def test_without_an_order_the_meter_decides(self) -> None:
        """A household without an order has the meter it had before."""
        for delivery, meter in product(DELIVERY, METERS):
            case = Contract(subscription=subscription(delivery, meter))
            expected = METER_DECIDES.get((delivery, meter or ""), False)
            assert case.smart_meter_active is expected, (delivery, meter)

    def test_a_new_milestone_does_not_shut_an_open_gate(self) -> None:
        """What was activated stays active, whatever Nomos calls it from now on."""
        activated = "2026-11-20T08:00:00Z"
        assert contract(status=NEW_WORD, activated_at=activated).smart_meter_active
        assert not contract(status=NEW_WORD, activated_at=None).smart_meter_active

    @pytest.mark.parametrize("status", ["installed", "cancelled"])
    def test_only_a_new_milestone_asks_for_the_day(self, status: str) -> None:
        """A status that is known is believed, whatever the timestamps say."""
        case = contract(status=status, activated_at="2026-11-20T08:00:00Z")
        assert not case.smart_meter_active

    def test_needs_subscription_where_the_order_says_nothing(self) -> None:
        """The subscription is asked for only where its meter decides."""
        for status, cancelled_reason, verdict in ORDERS:
            case = contract(status=status, cancelled_reason=cancelled_reason)
            assert case.needs_subscription is (verdict == "meter"), case

    def test_needs_subscription_without_an_order(self) -> None:
        """Without an order, only the subscription can tell."""
        assert Contract(subscription=subscription()).needs_subscription


class TestOrderInWords:
    """How far an order is, and what it waits for."""

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
                {"status": "cancelled", "cancelled_reason": NEW_WORD},
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
            # The meter is there; only its registration is missing.
            (
                {"status": "cancelled", "cancelled_reason": "pre_existing"},
                Milestone.CANCELLED,
                86,
                False,
            ),
            ({"status": NEW_WORD}, Milestone.UNKNOWN, None, False),
            (
                {"status": NEW_WORD, "activated_at": "2026-11-20T08:00:00Z"},
                Milestone.UNKNOWN,
                100,
                False,
            ),
        ],
    )
    def test_way(
        self,
        changes: Mapping[str, Any],
        milestone: Milestone,
        progress: int | None,
        is_settled: bool,
    ) -> None:
        """Every milestone is one step; only an end is settled."""
        case = contract(**changes)
        assert case.milestone is milestone
        assert case.progress == progress
        assert case.is_settled is is_settled

    def test_nothing_ordered(self) -> None:
        """Without an order there is no progress, no end and nobody to wait for."""
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
    def test_a_meter_that_was_smart_already_has_arrived(
        self, order: MeterOrder | None
    ) -> None:
        """Where the gate is open, nothing of the way is left."""
        case = Contract(subscription=subscription(meter="smart"), order=order)
        assert case.progress == 100

    def test_cancelled(self) -> None:
        """A reason counts only as long as the order is cancelled."""
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
            ({"blocked_reason": NEW_WORD}, True),
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
        """An order of any status can be blocked; a time or a reason is enough."""
        for status in GATE:
            assert contract(status=status, **changes).is_blocked is is_blocked, status


class TestExpectedActivation:
    """The day on which the meter is likely live."""

    @pytest.mark.parametrize(
        ("changes", "day"),
        [
            pytest.param({}, date(2027, 1, 18), id="eight weeks"),
            pytest.param(
                {"status": "scheduled", "appointment_at": "2027-01-10T09:00:00Z"},
                date(2027, 1, 18),
                id="an appointment before that changes nothing",
            ),
            pytest.param(
                {"status": "scheduled", "appointment_at": "2027-02-03T09:00:00Z"},
                date(2027, 2, 3),
                id="not before the technician comes",
            ),
            pytest.param(
                {
                    "status": "installed",
                    "appointment_at": "2027-02-03T09:00:00Z",
                    "installed_at": "2027-02-05T12:00:00Z",
                },
                date(2027, 2, 5),
                id="not before the technician came",
            ),
            pytest.param(
                {
                    "status": "activated",
                    "appointment_at": "2027-02-03T09:00:00Z",
                    "activated_at": "2026-12-01T12:00:00Z",
                },
                date(2026, 12, 1),
                id="the real day",
            ),
            pytest.param({"status": "activated"}, None, id="a real day unknown"),
            pytest.param(
                {"status": "cancelled", "cancelled_reason": "customer_request"},
                None,
                id="cancelled for good",
            ),
            pytest.param({"status": "cancelled"}, None, id="cancelled without reason"),
            pytest.param(
                {"status": "cancelled", "cancelled_reason": "pre_existing"},
                date(2027, 1, 18),
                id="the meter that is there comes over",
            ),
            pytest.param({"status": NEW_WORD}, date(2027, 1, 18), id="a new milestone"),
        ],
    )
    def test_day(self, changes: Mapping[str, Any], day: date | None) -> None:
        """Eight weeks from the order, later where it has to be."""
        assert contract(**changes).expected_activation == day

    def test_nothing_ordered(self) -> None:
        """Nothing is expected that nobody ordered."""
        assert Contract(subscription=subscription()).expected_activation is None

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
                id="in the hour that is twice",
            ),
            pytest.param(
                "2027-01-31T01:30:00Z", date(2027, 3, 28), id="to the hour that is not"
            ),
        ],
    )
    def test_weeks_are_weeks_in_berlin(self, created_at: str, day: date) -> None:
        """The weekday of the order comes back, whatever the clocks do in between."""
        assert contract(created_at=created_at).expected_activation == day

    @pytest.mark.parametrize(
        ("status", "field"),
        [
            ("scheduled", "appointment_at"),
            ("installed", "installed_at"),
            ("activated", "activated_at"),
        ],
    )
    def test_days_are_days_in_berlin(self, status: str, field: str) -> None:
        """The day of a clock change begins and ends at its own midnights."""
        for moment, day in (
            ("2027-03-27T22:59:59Z", date(2027, 3, 27)),
            ("2027-03-27T23:00:00Z", date(2027, 3, 28)),
            ("2027-03-28T21:59:59Z", date(2027, 3, 28)),
            ("2027-03-28T22:00:00Z", date(2027, 3, 29)),
        ):
            case = contract(status=status, **{field: moment})
            assert case.expected_activation == day, moment

    def test_a_new_milestone_keeps_the_real_day(self) -> None:
        """Where the gate is open, the day that it opened on is the real one."""
        case = contract(status=NEW_WORD, activated_at="2026-12-01T12:00:00Z")
        assert case.smart_meter_active
        assert case.expected_activation == date(2026, 12, 1)

    @pytest.mark.parametrize("field", ["appointment_at", "installed_at"])
    @pytest.mark.parametrize("never", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
    def test_never_is_no_day(self, field: str, never: str) -> None:
        """A timestamp that stands for "never" is none."""
        assert (
            contract(**{field: never}).expected_activation
            == contract().expected_activation
        )


class TestIdentifiers:
    """What the API calls its things."""

    @pytest.mark.parametrize("odd", ["sub_\ud800", "sub_\n1", "sub_\x00"])
    @pytest.mark.parametrize("field", ["id", "subscription"])
    def test_odd_ones_are_refused(self, field: str, odd: str) -> None:
        """An id that no address can carry is none."""
        with pytest.raises(NomosResponseError, match=field):
            MeterOrder.from_json({**ORDER, field: odd})


class TestNames:
    """What people call a contract, and where they look after it."""

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
            ({"address": None, "number": 4711}, "Nomos"),
        ],
    )
    def test_name(self, changes: Mapping[str, Any], name: str) -> None:
        """The address comes first, then the contract number."""
        assert Contract(subscription=a_subscription(**changes)).name == name

    def test_address(self) -> None:
        """All parts of an address are kept, as text."""
        assert Address.from_json(
            {"street": "Hafenstraße", "house_number": 5, "zip": "24103", "city": "Kiel"}
        ) == Address(street="Hafenstraße", house_number="5", zip="24103", city="Kiel")

    def test_portal(self) -> None:
        """The customer portal is the plan's."""
        plan = Plan.from_json(PLAN)
        assert plan == Plan(id="pln_1", name="Lichtblume Dynamik", slug="lichtblume")
        assert plan.portal_url == "https://lichtblume.customerportal.energy/"


class TestReading:
    """JSON becomes dataclasses."""

    def test_order(self) -> None:
        """Every field of an order is read."""
        assert an_order(
            status="cancelled",
            cancelled_reason="pre_existing",
            blocked_reason="check_missing",
            appointment_at="2026-12-01T08:00:00Z",
            installed_at="2026-12-02T08:00:00Z",
            activated_at="2026-12-03T08:00:00Z",
            cancelled_at="2026-12-04T08:00:00Z",
            blocked_at="2026-12-05T08:00:00Z",
        ) == MeterOrder(
            id="prdo_1",
            subscription_id="sub_1",
            status=Milestone.CANCELLED,
            provider=Provider.METRIFY,
            created_at=datetime(2026, 11, 23, 10, tzinfo=UTC),
            appointment_at=datetime(2026, 12, 1, 8, tzinfo=UTC),
            installed_at=datetime(2026, 12, 2, 8, tzinfo=UTC),
            activated_at=datetime(2026, 12, 3, 8, tzinfo=UTC),
            cancelled_at=datetime(2026, 12, 4, 8, tzinfo=UTC),
            cancelled_reason=CancelledReason.PRE_EXISTING,
            blocked_at=datetime(2026, 12, 5, 8, tzinfo=UTC),
            blocked_reason=BlockedReason.CHECK_MISSING,
        )

    def test_order_of_the_bare_minimum(self) -> None:
        """Fields that may be null may as well be missing."""
        nullable = {field for field, value in ORDER.items() if value is None}
        bare = {field: ORDER[field] for field in ORDER.keys() - nullable}
        assert MeterOrder.from_json(bare) == an_order()

    def test_subscription(self) -> None:
        """A subscription on its own comes with its address and its meter."""
        assert a_subscription() == Subscription(
            id="sub_1",
            customer_id="cus_1",
            plan_id="pln_1",
            status=SubscriptionStatus.ACTIVE,
            type=SubscriptionType.CONSUMPTION,
            number="4X44EMKX",
            address=Address(
                street="Lindenallee", house_number="7a", zip="10969", city="Berlin"
            ),
            meter_type=MeterType.ANALOG,
        )

    def test_subscription_in_a_list(self) -> None:
        """A subscription in a list has ids in place of address and meter."""
        listed = a_subscription(customer="cus_1", address="adr_1", meter="mtr_1")
        assert listed.customer_id == "cus_1"
        assert listed.address is None
        assert listed.meter_type is None

    def test_subscription_without_nullable_keys(self) -> None:
        """A contract number may be missing, and address and meter with it."""
        bare = {
            field: value
            for field, value in SUBSCRIPTION.items()
            if field not in {"number", "address", "meter"}
        }
        subscription = Subscription.from_json(bare)
        assert subscription.number is None
        assert subscription.address is None
        assert subscription.meter_type is None

    @pytest.mark.parametrize(
        "field", ["id", "subscription", "status", "provider", "created_at"]
    )
    def test_order_needs(self, field: str) -> None:
        """An order without what it needs is refused, and the field is named."""
        values: tuple[Any, ...] = (None, "", 7, [], {})
        for value in values:
            with pytest.raises(NomosResponseError, match=field):
                an_order(**{field: value})

    @pytest.mark.parametrize("field", ["id", "customer", "plan", "status", "type"])
    def test_subscription_needs(self, field: str) -> None:
        """A subscription without what it needs is refused, and the field is named."""
        values: tuple[Any, ...] = (None, "", 7, [])
        for value in values:
            with pytest.raises(NomosResponseError, match=field):
                a_subscription(**{field: value})

    @pytest.mark.parametrize("field", ["customer", "meter"])
    def test_subscription_needs_what_is_inside(self, field: str) -> None:
        """A whole customer has an id, a whole meter a type."""
        with pytest.raises(NomosResponseError):
            a_subscription(**{field: {}})

    @pytest.mark.parametrize("field", ["id", "name", "slug"])
    def test_plan_needs(self, field: str) -> None:
        """A plan without what it needs is refused, and the field is named."""
        with pytest.raises(NomosResponseError, match=field):
            Plan.from_json({**PLAN, field: None})

    def test_created_at_has_to_be_a_timestamp(self) -> None:
        """An order of an unknown day is refused."""
        with pytest.raises(NomosResponseError, match="created_at"):
            an_order(created_at="next tuesday")

    @pytest.mark.parametrize(
        ("kind", "read"),
        [
            ("Milestone", lambda word: an_order(status=word).status),
            ("Provider", lambda word: an_order(provider=word).provider),
            (
                "BlockedReason",
                lambda word: an_order(blocked_reason=word).blocked_reason,
            ),
            (
                "CancelledReason",
                lambda word: an_order(cancelled_reason=word).cancelled_reason,
            ),
            ("SubscriptionStatus", lambda word: a_subscription(status=word).status),
            ("SubscriptionType", lambda word: a_subscription(type=word).type),
            ("MeterType", lambda word: a_subscription(meter={"type": word}).meter_type),
        ],
    )
    def test_new_words_are_unknown_and_said_once(
        self, kind: str, read: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A word that Nomos adds reads as unknown, and the log says so once."""
        assert [read(NEW_WORD) for _ in range(3)] == ["unknown"] * 3
        assert warnings(caplog) == [f"Nomos uses a new word for {kind}: '{NEW_WORD}'"]
        assert read("another_word") == "unknown"
        assert len(warnings(caplog)) == 2

    def test_new_words_are_cut_short_in_the_log(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A word that is no word does not fill the log."""
        assert an_order(status="x" * 10_000).status is Milestone.UNKNOWN
        (said,) = warnings(caplog)
        assert len(said) < 120

    @pytest.mark.parametrize("value", ["next tuesday", "", 1_790_000_000, [], {}, True])
    def test_unreadable_timestamps_are_none_and_said_once(
        self, value: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A timestamp that is none reads as none; the log names each field once."""
        for _ in range(3):
            assert an_order(appointment_at=value).appointment_at is None
        assert an_order(installed_at=value).installed_at is None
        assert warnings(caplog) == [
            "Nomos sent a timestamp in “appointment_at” that is none",
            "Nomos sent a timestamp in “installed_at” that is none",
        ]

    @pytest.mark.parametrize(
        ("text", "moment"),
        [
            ("2026-11-23T10:00:00Z", datetime(2026, 11, 23, 10, tzinfo=UTC)),
            (
                "2026-11-23T10:00:00.123Z",
                datetime(2026, 11, 23, 10, 0, 0, 123_000, tzinfo=UTC),
            ),
            # More than a datetime can hold; what it can't hold does not matter.
            (
                "2026-11-23T10:00:00.123456789Z",
                datetime(2026, 11, 23, 10, 0, 0, 123_456, tzinfo=UTC),
            ),
            ("2026-11-23T10:00:00+01:00", datetime(2026, 11, 23, 9, tzinfo=UTC)),
            ("2026-11-23T00:30:00+02:00", datetime(2026, 11, 22, 22, 30, tzinfo=UTC)),
            # Without an offset it is what all others are.
            ("2026-11-23T10:00:00", datetime(2026, 11, 23, 10, tzinfo=UTC)),
        ],
    )
    def test_timestamps(self, text: str, moment: datetime) -> None:
        """Timestamps are moments, however they are written."""
        order = an_order(created_at=text, appointment_at=text)
        assert order.created_at == order.appointment_at == moment
        assert order.created_at.tzinfo is UTC

    def test_a_timestamp_without_offset_is_not_local(
        self, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
    ) -> None:
        """Where the machine stands does not change what Nomos said."""
        request.addfinalizer(time.tzset)
        with monkeypatch.context() as elsewhere:
            elsewhere.setenv("TZ", "America/New_York")
            time.tzset()
            order = an_order(created_at="2026-11-23T10:00:00")
        assert order.created_at == datetime(2026, 11, 23, 10, tzinfo=UTC)

    def test_a_moment_before_time_is_none(self) -> None:
        """A timestamp that is out of range in UTC is none, and raises nothing."""
        assert (
            an_order(appointment_at="0001-01-01T00:00:00+02:00").appointment_at is None
        )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def records(good: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return anything that could come in place of a good record."""
    spoilt = st.dictionaries(st.sampled_from(sorted(good)), JSON).map(
        lambda changes: {**good, **changes}
    )
    gaps = st.sets(st.sampled_from(sorted(good))).map(
        lambda missing: {field: good[field] for field in good.keys() - missing}
    )
    return spoilt | gaps | st.dictionaries(st.text(), JSON)


class TestWhateverComes:
    """Nothing that comes from outside breaks anything."""

    @given(records(ORDER))
    def test_any_order(self, data: dict[str, Any]) -> None:
        """Any JSON object is an order, of aware times, or refused."""
        try:
            order = MeterOrder.from_json(data)
        except NomosResponseError:
            return
        moments = (
            order.created_at,
            order.appointment_at,
            order.installed_at,
            order.activated_at,
            order.cancelled_at,
            order.blocked_at,
        )
        assert all(moment.tzinfo is UTC for moment in moments if moment)

    @given(records(SUBSCRIPTION))
    def test_any_subscription(self, data: dict[str, Any]) -> None:
        """Any JSON object is a subscription with a name, or refused."""
        try:
            subscription = Subscription.from_json(data)
        except NomosResponseError:
            return
        assert Contract(subscription=subscription).name

    @given(records(PLAN))
    def test_any_plan(self, data: dict[str, Any]) -> None:
        """Any JSON object is a plan with a portal, or refused."""
        try:
            plan = Plan.from_json(data)
        except NomosResponseError:
            return
        assert plan.slug in plan.portal_url

    @given(st.dictionaries(st.text(), JSON))
    def test_new_fields(self, extra: dict[str, Any]) -> None:
        """Fields that Nomos adds change nothing."""
        assert MeterOrder.from_json({**extra, **ORDER}) == an_order()
        assert Subscription.from_json({**extra, **SUBSCRIPTION}) == a_subscription()
        assert Plan.from_json({**extra, **PLAN}) == Plan.from_json(PLAN)

    @given(
        st.datetimes(datetime(1970, 1, 3), datetime(8999, 12, 29)),
        st.integers(-1439, 1439),
    )
    def test_any_offset(self, moment: datetime, minutes: int) -> None:
        """A timestamp with any offset and any fraction is the same moment in UTC."""
        there = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
        order = an_order(created_at=there.isoformat())
        assert order.created_at == there
        assert order.created_at.tzinfo is UTC

    @given(st.text(min_size=1))
    @example("Created")
    @example(" created")
    def test_any_word(self, word: str) -> None:
        """A word is one that is known, or unknown."""
        order = an_order(
            status=word, provider=word, blocked_reason=word, cancelled_reason=word
        )
        words = (
            order.status,
            order.provider,
            order.blocked_reason,
            order.cancelled_reason,
        )
        assert all(read in {word, "unknown"} for read in words)
