"""Switching of the targets of a planned load by its plan."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    SERVICE_TURN_OFF,
    SERVICE_TURN_ON,
    STATE_OFF,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import (
    CALLBACK_TYPE,
    Context,
    Event,
    EventStateChangedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..nomos import QUARTER
from ..schedule import Timer
from .coordinator import LoadCoordinator
from .history import Missed, Switched
from .issues import async_delete_missed, async_show_missed
from .planner import Span
from .targets import CALL_ERRORS, SCENE, SCRIPT, async_switch, async_switch_off

LENGTH = QUARTER.total_seconds()


class LoadSwitching:
    """Switches the targets of a load on when a run begins, and off when it ends.

    At the end of a run, all targets are switched off; else only what was switched on
    here. A target that somebody switches off during a run is left alone until its end.
    What fails is tried again at the next quarter-hour.
    """

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, load: LoadCoordinator
    ) -> None:
        """Initialize with the stored state, and make the state of the targets right."""
        self._hass = hass
        self._entry = entry
        self._load = load
        self._targets = load.load.targets
        self._calling: set[str] = set()
        self._tried: set[tuple[str, str]] = set()
        """Calls that are not repeated before the next quarter-hour."""
        self._logged: set[str] = set()
        self._contexts: dict[str, str] = {}
        """ID of the context of the latest call by target."""
        self._quarter = 0.0
        self._retry = Timer(hass, self._update)
        self._piece = self._known_piece()
        self._reached = set(self._switched.on) if self._piece else set()
        self._removers: list[CALLBACK_TYPE] = [
            load.async_add_listener(self._update),
            async_track_state_change_event(
                hass, {*self._targets, *self._switched.on}, self._state_changed
            ),
        ]
        self._show_missed(
            each for each in self._switched.missed if each.entity in self._targets
        )
        # States and services of others are there only when Home Assistant has started.
        self._is_started = False
        self._is_released = False
        self._removers.append(async_at_started(hass, self._start))

    @callback
    def _start(self, _hass: HomeAssistant) -> None:
        self._is_started = True
        self._update()

    @property
    def _switched(self) -> Switched:
        return self._load.history.switched

    def _known_piece(self) -> Span | None:
        """Return the run in progress if it began before a restart or reload."""
        running = self._load.data.running
        return running if running and running.start == self._switched.run else None

    @callback
    def async_stop(self) -> None:
        """Stop switching; what is on stays on."""
        while self._removers:
            self._removers.pop()()
        self._retry.async_cancel()

    @callback
    def async_release(self) -> None:
        """Stop switching, and switch off what was switched on."""
        self.async_stop()
        self._is_released = True
        switched = self._switched
        async_delete_missed(self._hass, self._load.key, switched.missed)
        # What is unavailable is switched off when the load is back.
        reachable = [each for each in switched.on if self._state(each)]
        async_switch_off(self._hass, reachable)
        left = tuple(each for each in switched.on if each not in reachable)
        self._load.async_set_switched(replace(switched, on=left))

    @callback
    def _update(self, _now: datetime | None = None) -> None:
        """Switch what is not as it should be."""
        if not (self._removers and self._is_started):
            return
        quarter, elapsed = divmod(dt_util.utcnow().timestamp(), LENGTH)
        if quarter != self._quarter:
            self._quarter = quarter
            self._tried.clear()
        running, begun = self._load.data.running, self._piece
        if (running and running.start) != (begun and begun.start):
            self._pass_border(begun, running)
        self._piece = running
        wanted = self._targets if running else ()
        for entity in wanted:
            self._switch_on(entity)
        for entity in self._switched.on:
            if entity not in wanted:
                self._call(SERVICE_TURN_OFF, entity)
        if wanted or self._switched.on:
            left = timedelta(seconds=LENGTH - elapsed)
            self._retry.async_start(dt_util.utcnow() + left)
        else:
            self._retry.async_cancel()

    def _pass_border(self, ended: Span | None, begun: Span | None) -> None:
        """Forget what was done by hand, and note what was missed."""
        # A run that somebody cut short did not fail.
        if ended and ended.end <= dt_util.utcnow():
            reached = {*self._reached, *self._switched.by_hand}
            new = {
                entity: Missed(entity, ended.start, ended.end)
                for entity in self._targets
                if entity not in reached
            }
            old = (each for each in self._switched.missed if each.entity not in new)
            self._show_missed([*old, *new.values()])
        self._reached.clear()
        self._tried.clear()
        run = begun.start if begun else None
        self._load.async_set_switched(replace(self._switched, by_hand=(), run=run))

    def _show_missed(self, missed: Iterable[Missed]) -> None:
        known, kept = self._switched.missed, tuple(missed)
        gone = [each for each in known if each not in kept]
        async_delete_missed(self._hass, self._load.key, gone)
        async_show_missed(self._hass, self._entry, self._load, kept)
        self._load.async_set_switched(replace(self._switched, missed=kept))

    def _switch_on(self, entity: str) -> None:
        state = self._state(entity)
        if state is None or entity in self._switched.by_hand:
            return
        domain, is_off = state.domain, state.state in (STATE_OFF, STATE_UNKNOWN)
        if domain != SCENE and not is_off:
            self._note_on(entity)
            self._reach(entity)
        # A script ends by itself, and the state of a scene is a time.
        elif domain not in (SCENE, SCRIPT) or entity not in self._reached:
            self._note_on(entity)
            self._call(SERVICE_TURN_ON, entity)

    def _note_on(self, entity: str) -> None:
        switched = self._switched
        if entity not in switched.on:
            switched = replace(switched, on=(*switched.on, entity))
            self._load.async_set_switched(switched)

    def _note_off(self, entity: str) -> None:
        on = tuple(each for each in self._switched.on if each != entity)
        self._load.async_set_switched(replace(self._switched, on=on))

    def _reach(self, entity: str) -> None:
        """Note that a target does what it should; what it missed is made good."""
        self._reached.add(entity)
        missed = self._switched.missed
        if any(each.entity == entity for each in missed):
            self._show_missed(each for each in missed if each.entity != entity)

    def _refuses(self, entity: str) -> bool:
        """Return if a target is off although it was switched on."""
        state = self._hass.states.get(entity)
        return state is not None and state.domain != SCRIPT and state.state == STATE_OFF

    def _state(self, entity: str) -> State | None:
        """Return the state of an entity, or None if it can't be switched."""
        state = self._hass.states.get(entity)
        return state if state and state.state != STATE_UNAVAILABLE else None

    def _call(self, service: str, entity: str) -> None:
        call = entity, service
        if entity in self._calling or call in self._tried or not self._state(entity):
            return
        self._tried.add(call)
        self._calling.add(entity)
        context = Context()
        self._contexts[entity] = context.id
        self._hass.async_create_task(
            self._async_call(service, entity, context), f"{self._load.name} {service}"
        )

    async def _async_call(self, service: str, entity: str, context: Context) -> None:
        """Switch a target; no other target waits for it."""
        error: Exception | None = None
        try:
            await async_switch(self._hass, service, entity, context)
        except CALL_ERRORS as err:
            error = err
        finally:
            self._calling.discard(entity)
        if self._is_released and service == SERVICE_TURN_ON:
            # The load went while the target was still going on.
            async_switch_off(self._hass, [entity])
        if not self._removers:
            return
        if error is None:
            self._logged.discard(entity)
            if service == SERVICE_TURN_OFF:
                self._note_off(entity)
            elif self._piece and not self._refuses(entity):
                self._reach(entity)
        elif entity not in self._logged:
            self._logged.add(entity)
            # Messages of other integrations may hold names and addresses.
            LOGGER.warning(
                "A target of the planned load %s could not be switched: %s",
                self._load.key,
                type(error).__name__,
            )
        # The run may have ended meanwhile.
        self._update()

    @callback
    def _state_changed(self, event: Event[EventStateChangedData]) -> None:
        entity = event.data["entity_id"]
        old, new = event.data["old_state"], event.data["new_state"]
        if new is None or new.state == STATE_UNAVAILABLE or not self._is_started:
            return
        if old is None or old.state == STATE_UNAVAILABLE:
            self._tried -= {(entity, SERVICE_TURN_ON), (entity, SERVICE_TURN_OFF)}
            self._update()
            return
        if (
            new.context.id == self._contexts.get(entity)
            or new.domain in (SCENE, SCRIPT)
            or STATE_UNKNOWN in (old.state, new.state)
            or (old.state == STATE_OFF) is (new.state == STATE_OFF)
        ):
            self._update()
            return
        self._switched_by_hand(entity, is_on=new.state != STATE_OFF)

    def _switched_by_hand(self, entity: str, *, is_on: bool) -> None:
        switched = self._switched
        if self._piece is None or entity not in self._targets:
            if is_on and entity in switched.on:
                # Somebody else wants it on now.
                self._note_off(entity)
        elif not is_on and entity not in switched.by_hand:
            by_hand = (*switched.by_hand, entity)
            self._load.async_set_switched(replace(switched, by_hand=by_hand))
            self._load.async_replan()
