"""Record of what was done to the targets of a planned load."""

from collections.abc import Iterable
from dataclasses import replace

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from .coordinator import LoadCoordinator
from .history import Missed, Switched
from .issues import async_delete_missed, async_show_missed
from .numbers import NumberTarget
from .planner import Span
from .renames import renamed, renamed_switched


class SwitchRecord:
    """Stores what was done to the targets of a load, and shows what they missed."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, load: LoadCoordinator
    ) -> None:
        """Initialize with the stored record."""
        self._hass = hass
        self._entry = entry
        self._load = load

    @property
    def switched(self) -> Switched:
        """What was done to the targets."""
        return self._load.history.switched

    @callback
    def async_set(self, switched: Switched) -> None:
        """Store what was done to the targets."""
        self._load.async_set_switched(switched)

    @callback
    def async_begin(self, run: Span | None) -> None:
        """Forget what was done by hand, at the border of a run."""
        start = run.start if run else None
        self.async_set(replace(self.switched, by_hand=(), run=start))

    @callback
    def async_note_on(self, entity: str, number: NumberTarget | None) -> None:
        """Note that a target has to go off again."""
        switched = self.switched
        if entity not in switched.on:
            numbers = (*switched.numbers, *([number] if number else []))
            on = (*switched.on, entity)
            self.async_set(replace(switched, on=on, numbers=numbers))

    @callback
    def async_note_off(self, entity: str) -> None:
        """Note that a target need not go off any more."""
        switched = self.switched
        on = tuple(each for each in switched.on if each != entity)
        numbers = tuple(each for each in switched.numbers if each.entity != entity)
        self.async_set(replace(switched, on=on, numbers=numbers))

    @callback
    def async_note_by_hand(self, entity: str) -> None:
        """Note that a target is left alone until the end of the run."""
        switched = self.switched
        if entity not in switched.by_hand:
            self.async_set(replace(switched, by_hand=(*switched.by_hand, entity)))
            self._load.async_replan()

    @callback
    def async_show_missed(self, missed: Iterable[Missed]) -> None:
        """Store and show the runs that targets missed, and no others."""
        known, kept = self.switched.missed, tuple(missed)
        gone = [each for each in known if each not in kept]
        async_delete_missed(self._hass, self._load.key, gone)
        async_show_missed(self._hass, self._entry, self._load, kept)
        self.async_set(replace(self.switched, missed=kept))

    @callback
    def async_note_missed(self, run: Span, entities: Iterable[str]) -> None:
        """Show that targets missed a run that is over."""
        new = {each: Missed(each, run.start, run.end) for each in entities}
        old = (each for each in self.switched.missed if each.entity not in new)
        self.async_show_missed([*old, *new.values()])

    @callback
    def async_note_reached(self, entity: str) -> None:
        """Note that a target works; what it missed is made good."""
        missed = self.switched.missed
        if any(each.entity == entity for each in missed):
            self.async_show_missed(each for each in missed if each.entity != entity)

    @callback
    def async_rename(self, old: str, new: str) -> None:
        """Follow an entity to its new ID, also in the settings of the load."""
        switched = renamed_switched(self.switched, old, new)
        self.async_show_missed(switched.missed)
        self.async_set(switched)
        subentry = self._entry.subentries[self._load.key]
        self._hass.config_entries.async_update_subentry(
            self._entry, subentry, data=renamed(dict(subentry.data), old, new)
        )
