"""Switching of the targets of a planned load by its plan."""

from dataclasses import replace
from datetime import datetime

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    SERVICE_TURN_OFF,
    SERVICE_TURN_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import (
    CALLBACK_TYPE,
    Context,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..schedule import Timer
from .attempts import Attempts
from .coordinator import LoadCoordinator
from .history import Switched
from .issues import async_delete_missed
from .numbers import off_values
from .other_actions import LoadActions
from .planner import Span
from .record import SwitchRecord
from .renames import async_track_renames, entities_in
from .target_states import SCENE, SCRIPT, TargetStates, state_of
from .targets import CALL_ERRORS, async_switch, async_switch_off, async_switch_off_known


class LoadSwitching:
    """Switches the targets of a load on when a run begins, and off when it ends.

    At the end of a run, all targets are switched off, also those that were on before
    it: after an outage, they could not be told apart. Else only what was switched on
    here. A target that somebody switches off during a run is left alone until its end.
    What fails is tried again after a minute, and then at each quarter-hour.
    """

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, load: LoadCoordinator
    ) -> None:
        """Initialize with the stored state, and make the state of the targets right."""
        self._hass = hass
        self._load = load
        self._actions = LoadActions(hass, load)
        self._record = SwitchRecord(hass, entry, load)
        self._states = TargetStates(hass, load.load)
        self._targets = self._states.entities
        self._calling: set[str] = set()
        self._attempts = Attempts()
        self._logged: set[str] = set()
        self._retry = Timer(hass, self._update)
        self._piece = self._known_piece()
        self._reached = set(self._switched.on) if self._piece else set()
        self._removers: list[CALLBACK_TYPE] = [
            load.async_add_listener(self._update),
            async_track_state_change_event(
                hass, {*self._targets, *self._switched.on}, self._state_changed
            ),
            async_track_renames(
                hass,
                entities_in(entry.subentries[load.key].data),
                self._record.async_rename,
            ),
        ]
        self._record.async_show_missed(
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
        return self._record.switched

    def _known_piece(self) -> Span | None:
        """Return the run in progress if it began before a restart or reload."""
        running = self._load.data.running
        return running if running and running.start == self._switched.run else None

    @callback
    def async_stop(self) -> None:
        """Stop switching; what is on stays on."""
        while self._removers:
            self._removers.pop()()
        self._actions.async_stop()
        self._retry.async_cancel()

    @callback
    def async_release(self) -> None:
        """Stop switching, and switch off what was switched on."""
        self.async_stop()
        self._is_released = True
        self._actions.async_release()
        switched = self._switched
        async_delete_missed(self._hass, self._load.key, switched.missed)
        # What is unavailable is switched off when the load is back.
        left = async_switch_off_known(self._hass, switched, only_available=True)
        self._record.async_set(replace(switched, on=left))

    @callback
    def _update(self, _now: datetime | None = None) -> None:
        """Switch what is not as it should be."""
        if not (self._removers and self._is_started):
            return
        now, running = dt_util.utcnow(), self._load.data.running
        if running and running.end <= now:
            # The plan of this moment follows at once.
            return
        self._attempts.follow(now)
        begun = self._piece
        if (running and running.start) != (begun and begun.start):
            self._pass_border(begun, running)
        self._piece = running
        self._follow_reduction()
        wanted = self._targets if running else ()
        for entity in wanted:
            self._switch_on(entity)
        for entity in self._switched.on:
            if entity not in wanted:
                self._call(SERVICE_TURN_OFF, entity)
        if wanted or self._switched.on:
            self._retry.async_start(self._attempts.next_moment(now))
        else:
            self._retry.async_cancel()

    def _follow_reduction(self) -> None:
        """Set the number to what a limit leaves of its value."""
        states, number = self._states, self._states.number
        if number and states.follow(self._load.data.reduced):
            self._reached.discard(number.entity)
            self._attempts.forget((SERVICE_TURN_ON, number.entity))

    def _pass_border(self, ended: Span | None, begun: Span | None) -> None:
        """Forget what was done by hand, and note what was missed."""
        # A run that somebody cut short did not fail.
        if ended and ended.end <= dt_util.utcnow():
            reached = {*self._reached, *self._switched.by_hand}
            missed = (each for each in self._targets if each not in reached)
            self._record.async_note_missed(ended, missed)
        self._reached.clear()
        self._attempts.clear()
        self._record.async_begin(begun)

    def _switch_on(self, entity: str) -> None:
        state = state_of(self._hass, entity)
        if state is None or entity in self._switched.by_hand:
            return
        domain, states = state.domain, self._states
        is_rounded = (
            entity in self._reached
            and states.number_of(entity) is not None
            and not states.is_off(state)
        )
        if domain != SCENE and (states.is_on(state) or is_rounded):
            self._note_on(entity)
            self._reach(entity)
        # A script ends by itself, and the state of a scene is a time.
        elif domain not in (SCENE, SCRIPT) or entity not in self._reached:
            self._note_on(entity)
            self._call(SERVICE_TURN_ON, entity)

    def _note_on(self, entity: str) -> None:
        self._record.async_note_on(entity, self._states.number_of(entity))

    def _reach(self, entity: str) -> None:
        """Note that a target does what it should."""
        self._reached.add(entity)
        self._record.async_note_reached(entity)

    def _call(self, service: str, entity: str) -> None:
        if entity in self._calling or not state_of(self._hass, entity):
            return
        if not self._attempts.begin((service, entity), dt_util.utcnow()):
            return
        self._calling.add(entity)
        context = self._states.new_context(service, entity)
        self._hass.async_create_task(
            self._async_call(service, entity, context), f"{self._load.name} {service}"
        )

    async def _async_call(self, service: str, entity: str, context: Context) -> None:
        """Switch a target; no other target waits for it."""
        error: Exception | None = None
        values = off_values(self._switched.numbers) | self._states.values(service)
        try:
            if service == SERVICE_TURN_ON:
                # What is on must be known after a power cut, to be switched off again.
                await self._load.async_flush()
            await async_switch(self._hass, service, entity, context, values.get(entity))
        except CALL_ERRORS as err:
            error = err
        finally:
            self._calling.discard(entity)
        if self._is_released and service == SERVICE_TURN_ON:
            # The load went while the target was still going on.
            off = self._states.values(SERVICE_TURN_OFF)
            async_switch_off(self._hass, [entity], off)
        if not self._removers:
            return
        if error is None:
            self._logged.discard(entity)
            if service == SERVICE_TURN_OFF:
                self._record.async_note_off(entity)
            elif self._piece and not self._states.refuses(entity):
                self._reach(entity)
        else:
            self._attempts.fail((service, entity), dt_util.utcnow())
            self._log(entity, error)
        # The run may have ended meanwhile.
        self._update()

    def _log(self, entity: str, error: Exception) -> None:
        if entity in self._logged:
            return
        self._logged.add(entity)
        # Messages of other integrations may hold names and addresses.
        LOGGER.warning(
            "A target of the planned load %s could not be switched: %s",
            self._load.key,
            type(error).__name__,
        )

    @callback
    def _state_changed(self, event: Event[EventStateChangedData]) -> None:
        entity = event.data["entity_id"]
        old, new = event.data["old_state"], event.data["new_state"]
        if new is None or new.state == STATE_UNAVAILABLE or not self._is_started:
            return
        if old is None or old.state == STATE_UNAVAILABLE:
            self._attempts.forget((SERVICE_TURN_ON, entity), (SERVICE_TURN_OFF, entity))
            self._update()
            return
        states = self._states
        was_on, is_on = states.is_on(old), states.is_on(new)
        if (
            states.is_ours(new)
            or new.domain in (SCENE, SCRIPT)
            or STATE_UNKNOWN in (old.state, new.state)
            or was_on is is_on
        ):
            self._update()
        elif self._piece and was_on and states.is_refusal(new):
            self._reached.discard(entity)
            self._attempts.fail((SERVICE_TURN_ON, entity), dt_util.utcnow())
            self._update()
        else:
            self._switched_by_hand(entity, is_on=is_on)

    def _switched_by_hand(self, entity: str, *, is_on: bool) -> None:
        if self._piece is None or entity not in self._targets:
            if is_on and entity in self._switched.on:
                # Somebody else wants it on now.
                self._record.async_note_off(entity)
        elif not is_on:
            self._record.async_note_by_hand(entity)
