"""Tests of the scenarios and their timelines."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
import pytest

import simulator
from simulator import Household, Simulator, Step, scenarios
from simulator.clock import DAY

from .common import START, Clock


def _statuses(household: Household, clock: Clock) -> list[str]:
    """Apply a household's timeline and return the statuses of its order."""
    sim = Simulator([household], now=clock)
    seen: list[str] = []
    while True:
        if household.order and household.order.status not in seen[-1:]:
            seen.append(household.order.status)
        if (due := household.next_due()) is None:
            return seen
        clock.moment = due
        sim.tick()


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        (
            "happy_path",
            "created placed check_submitted check_reviewed scheduled installed activated",
        ),
        (
            "from_order_to_tariff",
            "created placed check_submitted check_reviewed scheduled installed activated",
        ),
        ("dynamic_tariff", "activated"),
        (
            "blocked_then_unblocked",
            "created placed check_submitted check_reviewed scheduled installed activated",
        ),
        (
            "appointment_moved",
            "created placed check_submitted check_reviewed scheduled installed activated",
        ),
        ("cancelled_by_request", "created placed check_submitted cancelled"),
        ("pre_existing_then_activated", "created placed cancelled activated"),
        ("skipped_steps", "created check_reviewed scheduled activated"),
        ("no_order", ""),
        ("smart_already", ""),
        ("feed_in", ""),
        ("unsupported_plan", ""),
    ],
)
def test_statuses(name: str, statuses: str, clock: Clock) -> None:
    """Each scenario has its sequence of statuses."""
    assert _statuses(scenarios.ALL[name](), clock) == statuses.split()


def test_every_scenario_is_listed() -> None:
    """The table above has all scenarios."""
    assert len(scenarios.ALL) == 12


def test_happy_path(clock: Clock) -> None:
    """Each milestone sets its timestamps."""
    household = scenarios.happy_path()
    sim = Simulator([household], now=clock)
    order = household.order
    assert order
    assert (order.status, order.created_at) == ("created", START)
    assert household.status == "active"
    clock.move(days=23)
    sim.tick()
    assert order.status == "scheduled"
    # 9:00 in Berlin, in summer time.
    assert order.appointment_at == datetime(2026, 4, 27, 7, tzinfo=UTC)
    first_meter = household.meter_id
    clock.move(days=19)
    sim.tick()
    assert order.status == "installed"
    assert order.installed_at == clock()
    assert household.meter_type == "analog"
    assert household.meter_id != first_meter
    clock.move(days=14)
    sim.tick()
    assert order.status == "activated"
    assert order.activated_at == clock()
    assert household.meter_type == "smart"
    assert household.smart_since == clock()


def _modules(household: Household) -> list[tuple[str, str]]:
    return [(module.type[-1], module.status) for module in household.modules]


def test_from_order_to_tariff(clock: Clock) -> None:
    """Modules 1 and 3 follow the activation."""
    household = scenarios.from_order_to_tariff()
    sim = Simulator([household], now=clock)
    household.advance_to("installed")
    assert household.modules == []
    household.advance_to("activated")
    assert _modules(household) == [("1", "activated")]
    household.advance()
    assert _modules(household) == [("1", "activated"), ("3", "ordered")]
    household.advance()
    assert _modules(household) == [("1", "activated"), ("3", "activated")]
    for module in household.modules:
        assert module.valid_from == datetime(2026, 3, 15, 23, tzinfo=UTC)
    assert household.next_due() is None
    assert sim.find(household.subscription_id) is household


def test_pace_of_the_tariff(clock: Clock) -> None:
    """The modules of a timeline follow its pace."""
    household = scenarios.from_order_to_tariff()
    pace = timedelta(seconds=120) / scenarios.longest_duration([household])
    sim = Simulator([household], now=clock, pace=pace)
    seen = []
    for seconds in (111, 2, 2, 6):
        clock.move(seconds=seconds)
        sim.tick()
        seen.append(_modules(household))
    assert seen == [
        [],
        [("1", "activated")],
        [("1", "activated"), ("3", "ordered")],
        [("1", "activated"), ("3", "activated")],
    ]


def test_existing_modules(clock: Clock) -> None:
    """A timeline activates modules that the customer has ordered."""
    household = scenarios.from_order_to_tariff()
    Simulator([household], now=clock)
    household.order_module("enwg-14a-module-1")
    household.advance_to("activated")
    household.add_module("enwg-14a-module-3")
    household.advance(2)
    assert _modules(household) == [("1", "activated"), ("3", "activated")]


def test_dynamic_tariff(clock: Clock) -> None:
    """The past timeline sets its dates and emits no events."""
    household = scenarios.dynamic_tariff()
    sim = Simulator([household], now=clock)
    order = household.order
    assert order
    assert sim.events == {}
    assert household.next_due() is None
    assert order.created_at == clock() - 150 * DAY
    assert order.installed_at == household.swapped_at == clock() - 108 * DAY
    assert order.activated_at == household.smart_since == clock() - 94 * DAY
    assert household.created_at
    assert household.start_at
    assert household.created_at < household.start_at < order.created_at
    assert (household.status, household.meter_type) == ("active", "smart")
    assert _modules(household) == [("1", "activated"), ("3", "activated")]
    assert [module.valid_from for module in household.modules] == [
        datetime(2025, 12, 11, 23, tzinfo=UTC),
        datetime(2025, 12, 15, 23, tzinfo=UTC),
    ]


def test_elapsed_timeline(clock: Clock) -> None:
    """A household can be added in the middle of its timeline."""
    household = scenarios.happy_path(elapsed=timedelta(days=23))
    pace = timedelta(seconds=56) / scenarios.longest_duration([household])
    sim = Simulator([household], now=clock, pace=pace)
    order = household.order
    assert order
    assert (order.status, order.created_at) == ("scheduled", START - timedelta(days=23))
    # The step that is due now emits its event.
    assert [event.topic for event in sim.events.values()] == ["meter_order.scheduled"]
    clock.move(seconds=19)
    sim.tick()
    assert order.status == "installed"


def test_time_can_jump(clock: Clock) -> None:
    """A jump of the clock applies all steps that are due."""
    sim = Simulator(now=clock)
    clock.move(days=300)
    sim.tick()
    order = sim.households[0].order
    assert order
    assert order.status == "activated"
    assert order.installed_at == order.activated_at == clock()


def test_blocked(clock: Clock) -> None:
    """A block keeps the status, and is lifted."""
    household = scenarios.blocked_then_unblocked()
    Simulator([household], now=clock)
    order = household.order
    assert order
    household.advance(2)
    assert (order.status, order.blocked_reason) == ("placed", "check_missing")
    assert order.blocked_at == clock()
    household.advance()
    assert household.order is order
    assert (_blocked(household), order.status) == ((None, None), "placed")
    household.advance(3)
    assert _blocked(household) == (clock(), "grid_operator_registration")
    assert household.order.status == "check_reviewed"


def _blocked(household: Household) -> tuple[datetime | None, str | None]:
    assert household.order
    return household.order.blocked_at, household.order.blocked_reason


def test_appointment_moves(clock: Clock) -> None:
    """A new appointment keeps the status."""
    household = scenarios.appointment_moved()
    Simulator([household], now=clock)
    household.advance_to("scheduled")
    order = household.order
    assert order
    slots = [order.appointment_at]
    for _ in range(2):
        household.advance()
        assert order.status == "scheduled"
        slots.append(order.appointment_at)
    assert len(set(slots)) == 3


def test_cancelled(clock: Clock) -> None:
    """A cancellation has a time and a reason."""
    household = scenarios.cancelled_by_request()
    Simulator([household], now=clock)
    household.advance_to("cancelled")
    order = household.order
    assert order
    assert order.cancelled_reason == "customer_request"
    assert order.cancelled_at == clock()
    with pytest.raises(ValueError, match="never becomes activated"):
        household.advance_to("activated")


def test_pre_existing(clock: Clock) -> None:
    """The order is activated with the existing meter."""
    household = scenarios.pre_existing_then_activated()
    Simulator([household], now=clock)
    meter = household.meter_id
    household.advance_to("cancelled")
    order = household.order
    assert order
    assert order.cancelled_reason == "pre_existing"
    assert household.meter_type == "analog"
    household.advance_to("activated")
    assert order.cancelled_at is None
    assert (household.meter_id, household.meter_type) == (meter, "smart")


def test_skipped_steps(clock: Clock) -> None:
    """A skipped milestone has no timestamp."""
    household = scenarios.skipped_steps()
    Simulator([household], now=clock)
    household.advance_to("activated")
    assert household.order
    assert household.order.installed_at is None
    assert household.order.activated_at == clock()


def test_pending_contract(clock: Clock) -> None:
    """A pending contract starts with the activation of its meter."""
    household = scenarios.happy_path(status="pending")
    sim = Simulator([household], now=clock)
    assert household.start_at
    assert household.start_at > clock()
    household.advance_to("activated")
    assert household.status == "active"
    assert "subscription.activated" in [event.topic for event in sim.events.values()]


def test_contract_ends(clock: Clock) -> None:
    """A step can end the contract."""
    end = Step(after=timedelta(days=1), subscription="ended")
    household = scenarios.smart_already(timeline=[end])
    sim = Simulator([household], now=clock)
    clock.move(days=1)
    sim.tick()
    assert (household.status, household.end_at) == ("ended", clock())
    assert [event.topic for event in sim.events.values()] == ["subscription.ended"]


def test_pace(clock: Clock) -> None:
    """The pace shortens eight weeks to two minutes."""
    household = scenarios.happy_path()
    pace = timedelta(seconds=120) / scenarios.longest_duration([household])
    sim = Simulator([household], now=clock, pace=pace)
    clock.move(seconds=119)
    sim.tick()
    assert household.order
    assert household.order.status == "installed"
    clock.move(seconds=2)
    sim.tick()
    assert household.order.status == "activated"


def test_household_without_simulator() -> None:
    """A household advances without a simulator, and keeps its order in one."""
    household = scenarios.happy_path()
    household.advance_to("scheduled")
    assert household.order
    assert household.order.created_at.tzinfo
    sim = Simulator([household])
    assert household.order.status == "scheduled"
    assert sim.events == {}


def test_step_without_order() -> None:
    """A step that needs an order raises an error."""
    steps = [Step(after=timedelta(0), status="installed")]
    household = scenarios.no_order(timeline=steps)
    with pytest.raises(ValueError, match="has no order"):
        household.advance()


def test_system_clock(freezer: FrozenDateTimeFactory) -> None:
    """By default, the simulator uses the system clock."""
    freezer.move_to("2026-05-01T12:00:00+00:00")
    sim = Simulator()
    assert sim.now() == datetime(2026, 5, 1, 12, tzinfo=UTC)
    freezer.tick(timedelta(days=2))
    sim.tick()
    order = sim.households[0].order
    assert order
    assert order.status == "placed"


def test_identities() -> None:
    """IDs are reproducible and unique."""
    households = [
        make(index) for make in scenarios.ALL.values() for index in range(1, 101)
    ]
    for name in ("subscription_id", "customer_id", "meter_id", "order_id", "malo"):
        assert len({getattr(each, name) for each in households}) == len(households)
    places = {
        (each.street, each.house_number, each.city)
        for each in (scenarios.happy_path(index) for index in range(1, 1001))
    }
    assert len(places) == 1000
    first, again = scenarios.happy_path(7), scenarios.happy_path(7)
    assert first.subscription_id == again.subscription_id
    assert first.subscription_id.startswith("sub_")
    assert first.order_id.startswith("prdo_")
    assert Household.numbered(7).subscription_id != first.subscription_id


def test_adding_and_removing(clock: Clock) -> None:
    """Households can be added and removed."""
    sim = Simulator([], now=clock)
    household = sim.add(scenarios.happy_path())
    with pytest.raises(ValueError, match="already"):
        sim.add(scenarios.happy_path())
    assert sim.household(household.subscription_id) is household
    sim.remove(household.subscription_id)
    assert sim.households == []
    clock.move(days=10)
    sim.tick()
    assert household.order
    assert household.order.status == "created"
    with pytest.raises(KeyError):
        sim.household(household.subscription_id)


def test_customer_with_two_contracts(clock: Clock) -> None:
    """A customer can have several contracts."""
    one = scenarios.happy_path()
    two = scenarios.feed_in(customer_id=one.customer_id)
    sim = Simulator([one, two], now=clock)
    assert list(sim.customers()) == [one.customer_id]
    sim.remove(one.subscription_id)
    assert list(sim.customers()) == [one.customer_id]


def test_scenario_file(clock: Clock) -> None:
    """The example file is read with its overrides."""
    path = Path(simulator.__file__).with_name("example.json")
    households = scenarios.load(path)
    Simulator(households, now=clock)
    plain, blocked, own, smart, selling = households
    assert plain.subscription_id == scenarios.happy_path().subscription_id
    assert blocked.number is None
    assert own.first_name == "Greta"
    own.advance(2)
    assert own.order
    assert own.order.blocked_reason == "check_missing"
    own.advance(2)
    assert own.order.appointment_at == datetime(2026, 3, 26, 8, tzinfo=UTC)
    assert smart.hourly
    assert [module.type[-1] for module in smart.modules] == ["1", "3"]
    assert all(module.id and module.valid_from for module in smart.modules)
    assert selling.start_at == datetime(2025, 4, 30, 22, tzinfo=UTC)
