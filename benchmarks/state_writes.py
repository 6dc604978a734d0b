"""State writes in a month in which nothing happens."""

import logging

from simulator import Fault, scenarios
from tests import DAY, pass_time, writes

from .frozen import MONTH, Stage, play
from .isolation import fresh
from .table import Row, Section

OUTAGE = range(10, 12)
"""Days on which Nomos does not answer."""

NOTE = (
    f"state_changed and state_reported events in {MONTH} days of daily refreshes,"
    f" {len(OUTAGE)} of them without an answer;\n"
    "   three subscriptions: an order in progress, an activated one, none."
)


def section() -> Section:
    """Count what is written in a quiet month."""
    entities, written = fresh(quiet_month)
    return Section(
        "State writes",
        (Row(f"a quiet month, {entities} entities", str(written), "0", written == 0),),
        NOTE,
    )


def quiet_month() -> tuple[int, int]:
    """Return how many entities there are, and how often one was written."""

    async def story(stage: Stage) -> tuple[int, int]:
        waiting = stage.simulator.add(scenarios.happy_path(1, timeline=[]))
        waiting.place_order()
        stage.simulator.add(scenarios.happy_path(2)).advance_to("activated")
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
        return entities, len(written)

    return play(story)
