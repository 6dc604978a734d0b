"""State writes in a month in which nothing happens."""

from datetime import timedelta
import logging

from simulator import Fault, Household, scenarios
from tests import DAY, pass_time, writes

from .frozen import MONTH, Stage, play
from .isolation import fresh
from .table import Row, Section

OUTAGE = range(10, 12)
"""Days on which Nomos does not answer."""

NOTE = (
    f"state_changed and state_reported events in {MONTH} days of daily refreshes,"
    f" {len(OUTAGE)} of them without an answer;\n"
    "   three subscriptions: an order in progress, an activated one, none. Prices are"
    " left out.\n   What was written is named."
)


def section() -> Section:
    """Count what is written in a quiet month."""
    entities, written = fresh(quiet_month)
    figure = ", ".join([str(len(written)), *sorted(set(written))])
    row = Row(f"a quiet month, {entities} entities", figure, "0", not written)
    return Section("State writes", (row,), NOTE)


def quiet_month() -> tuple[int, list[str]]:
    """Return how many entities there are, and those that were written, each time."""

    async def story(stage: Stage) -> tuple[int, list[str]]:
        waiting = stage.simulator.add(scenarios.happy_path(1, timeline=[]))
        waiting.place_order()
        stage.simulator.add(_done())
        stage.simulator.add(scenarios.no_order(3))
        await stage.follow()
        entities = len(stage.hass.states.async_entity_ids())
        # The outage is logged, as it should be.
        logging.disable()
        written = writes(stage.hass)
        for day in range(MONTH):
            if day == OUTAGE.start:
                stage.simulator.fail(Fault.CONNECTION_RESET)
            if day == OUTAGE.stop:
                stage.simulator.recover()
            await pass_time(stage.hass, stage.freezer, DAY)
        # Where the gate is open, prices change all day.
        return entities, [each for each in written if "price" not in each]

    return play(story)


def _done() -> Household:
    """Return a household whose meter was activated weeks after the appointment."""
    household = scenarios.happy_path(2)
    household.advance_to("activated")
    assert household.order
    assert household.order.appointment_at
    household.order.appointment_at -= timedelta(weeks=5)
    return household
