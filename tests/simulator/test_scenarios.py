"""Stories: how orders move."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
import pytest

import simulator
from simulator import Household, Simulator, Step, scenarios
from simulator.clock import DAY

from .common import START, Clock


def _walk(household: Household, clock: Clock) -> list[str]:
    """Let a household live through its story, and return the statuses seen."""
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
def test_walks(name: str, statuses: str, clock: Clock) -> None:
    """Every scenario takes its own way."""
    assert _walk(scenarios.ALL[name](), clock) == statuses.split()


def test_every_scenario_is_walked() -> None:
    """The table above is complete."""
    assert len(scenarios.ALL) == 12


def test_happy_path(clock: Clock) -> None:
    """Eight weeks: every milestone leaves its mark."""
    household = scenarios.happy_path()
    sim = Simulator([household], now=clock)
    order = household.order
    assert order
    assert (order.status, order.created_at) == ("created", START)
    assert household.status == "active"
    clock.move(days=23)
    sim.tick()
    assert order.status == "scheduled"
    # Nine o'clock in Berlin, in summer time by then.
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
    """Once the meter is live, the grid fee becomes what it is good for."""
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
    """The modules keep to the pace of the walk."""
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


def test_modules_that_are_there(clock: Clock) -> None:
    """What the customer ordered is not ordered again, but confirmed."""
    household = scenarios.from_order_to_tariff()
    Simulator([household], now=clock)
    household.order_module("enwg-14a-module-1")
    household.advance_to("activated")
    household.add_module("enwg-14a-module-3")
    household.advance(2)
    assert _modules(household) == [("1", "activated"), ("3", "activated")]


def test_dynamic_tariff(clock: Clock) -> None:
    """Everything has been there for months, and nobody is told about it now."""
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


def test_entering_a_story(clock: Clock) -> None:
    """A household can appear in the middle of its story, and goes on from there."""
    household = scenarios.happy_path(elapsed=timedelta(days=23))
    pace = timedelta(seconds=56) / scenarios.longest_duration([household])
    sim = Simulator([household], now=clock, pace=pace)
    order = household.order
    assert order
    assert (order.status, order.created_at) == ("scheduled", START - timedelta(days=23))
    # What happens just now is told.
    assert [event.topic for event in sim.events.values()] == ["meter_order.scheduled"]
    clock.move(seconds=19)
    sim.tick()
    assert order.status == "installed"


def test_time_can_jump(clock: Clock) -> None:
    """After a long pause everything that was due has happened."""
    sim = Simulator(now=clock)
    clock.move(days=300)
    sim.tick()
    order = sim.households[0].order
    assert order
    assert order.status == "activated"
    assert order.installed_at == order.activated_at == clock()


def test_blocked(clock: Clock) -> None:
    """A block lies beside the status, and is lifted."""
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
    """An appointment moves while the status stays."""
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
    """A cancellation says when and why, and ends the appointment."""
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
    """The meter that was there stays, and the order is activated after all."""
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
    """A milestone that nobody reported has no timestamp."""
    household = scenarios.skipped_steps()
    Simulator([household], now=clock)
    household.advance_to("activated")
    assert household.order
    assert household.order.installed_at is None
    assert household.order.activated_at == clock()


def test_pending_contract(clock: Clock) -> None:
    """A contract that waits for its meter begins with it."""
    household = scenarios.happy_path(status="pending")
    sim = Simulator([household], now=clock)
    assert household.start_at
    assert household.start_at > clock()
    household.advance_to("activated")
    assert household.status == "active"
    assert "subscription.activated" in [event.topic for event in sim.events.values()]


def test_contract_ends(clock: Clock) -> None:
    """A step can end the contract itself."""
    end = Step(after=timedelta(days=1), subscription="ended")
    household = scenarios.smart_already(timeline=[end])
    sim = Simulator([household], now=clock)
    clock.move(days=1)
    sim.tick()
    assert (household.status, household.end_at) == ("ended", clock())
    assert [event.topic for event in sim.events.values()] == ["subscription.ended"]


def test_pace(clock: Clock) -> None:
    """Eight weeks fit into two minutes."""
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


def test_advancing_alone() -> None:
    """A household moves without a simulator, and keeps what it has when it joins one."""
    household = scenarios.happy_path()
    household.advance_to("scheduled")
    assert household.order
    assert household.order.created_at.tzinfo
    sim = Simulator([household])
    assert household.order.status == "scheduled"
    assert sim.events == {}


def test_no_move_without_order() -> None:
    """What is not ordered cannot be installed."""
    steps = [Step(after=timedelta(0), status="installed")]
    household = scenarios.no_order(timeline=steps)
    with pytest.raises(ValueError, match="has no order"):
        household.advance()


def test_machine_clock(freezer: FrozenDateTimeFactory) -> None:
    """Without a clock of its own the simulator takes the machine's, frozen or not."""
    freezer.move_to("2026-05-01T12:00:00+00:00")
    sim = Simulator()
    assert sim.now() == datetime(2026, 5, 1, 12, tzinfo=UTC)
    freezer.tick(timedelta(days=2))
    sim.tick()
    order = sim.households[0].order
    assert order
    assert order.status == "placed"


def test_identities() -> None:
    """Ids are the same in every run, and no two households share any."""
    everyone = [
        make(index) for make in scenarios.ALL.values() for index in range(1, 101)
    ]
    for name in ("subscription_id", "customer_id", "meter_id", "order_id", "malo"):
        assert len({getattr(each, name) for each in everyone}) == len(everyone)
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
    """Households come and go."""
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


def test_families(clock: Clock) -> None:
    """A customer can have several contracts."""
    one = scenarios.happy_path()
    two = scenarios.feed_in(customer_id=one.customer_id)
    sim = Simulator([one, two], now=clock)
    assert list(sim.customers()) == [one.customer_id]
    sim.remove(one.subscription_id)
    assert list(sim.customers()) == [one.customer_id]


def test_scenario_file(clock: Clock) -> None:
    """The example file says what it means."""
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
