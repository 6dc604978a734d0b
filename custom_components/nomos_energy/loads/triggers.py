"""Triggers of planned loads."""

from homeassistant.helpers.trigger import Trigger

from ..event_trigger import EventTypeTrigger
from .events import RUN


class LoadTrigger(EventTypeTrigger):
    """Trigger for what becomes of the runs of a planned load."""

    translation_keys = frozenset({RUN.key})


class LoadStartedTrigger(LoadTrigger):
    """Trigger for a planned load that started."""

    _event_types = frozenset({"started"})


class LoadFinishedTrigger(LoadTrigger):
    """Trigger for a planned load that finished."""

    _event_types = frozenset({"finished"})


class LoadCouldNotFinishTrigger(LoadTrigger):
    """Trigger for a planned load that could not finish in time."""

    _event_types = frozenset({"could_not_finish"})


LOAD_TRIGGERS: dict[str, type[Trigger]] = {
    "load_could_not_finish": LoadCouldNotFinishTrigger,
    "load_finished": LoadFinishedTrigger,
    "load_started": LoadStartedTrigger,
}
