"""Nomos telling that something has happened."""

from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any

from aiohttp.hdrs import METH_GET, METH_POST, METH_PUT
from aiohttp.web import Request, RequestPayloadError, Response
from hass_nabucasa import CloudError
from homeassistant.components import cloud, persistent_notification, webhook
from homeassistant.const import CONF_WEBHOOK_ID, EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.util import dt as dt_util
from homeassistant.util.json import json_loads

from ..const import CONF_WEBHOOK_SECRET, CONF_WEBHOOK_URL, DOMAIN, LOGGER
from ..coordinator import Deliveries, NomosConfigEntry, NomosCoordinator
from ..localize import async_get_texts
from ..nomos import is_genuine
from ..repairs import (
    WEBHOOK_MOVED,
    WEBHOOK_REFUSED,
    async_clear_webhook_issue,
    async_note_webhook_issue,
)

SIGNATURE_HEADER = "X-Nomos-Signature"
LARGEST_BODY = 64 * 1024
BURST = 3
"""Seconds within which all deliveries lead to one look at Nomos."""

SETTLE = 10
"""Seconds after which an address that has changed is looked at."""

REMEMBER = timedelta(days=4)
"""Nomos repeats a delivery for about three days."""

REFUSALS_THAT_MATTER = 3
"""How many refused deliveries in a row are no accident."""


@callback
def async_setup_webhook(hass: HomeAssistant, entry: NomosConfigEntry) -> None:
    """Listen to Nomos, where the household wants that."""
    coordinator = entry.runtime_data
    # The secret may be another one now: what was refused before says nothing.
    async_clear_webhook_issue(hass, entry, WEBHOOK_REFUSED)
    if CONF_WEBHOOK_SECRET not in entry.options:
        async_clear_webhook_issue(hass, entry, WEBHOOK_MOVED)
        return
    receiver = _Receiver(hass, entry)
    coordinator.deliveries = receiver.deliveries
    webhook_id = entry.data[CONF_WEBHOOK_ID]
    webhook.async_register(
        hass,
        DOMAIN,
        "Nomos Energy",
        webhook_id,
        receiver.async_handle,
        # Home Assistant would log each request with a method that is not allowed.
        allowed_methods=[METH_GET, METH_POST, METH_PUT],
    )
    entry.async_on_unload(lambda: webhook.async_unregister(hass, webhook_id))
    entry.async_on_unload(receiver.async_shutdown)

    check_address = partial(_async_check_address, hass, entry)
    # Switching off deletes the cloudhook before it ends this. A check at once would
    # make a new one.
    check = Debouncer(
        hass, LOGGER, cooldown=SETTLE, immediate=False, function=check_address
    )

    @callback
    def check_soon(_: Any) -> None:
        check.async_schedule_call()

    entry.async_on_unload(check.async_shutdown)
    for stop_listening in (
        cloud.async_listen_connection_change(hass, check_soon),
        cloud.async_listen_cloudhook_change(hass, webhook_id, check_soon),
        hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, check_soon),
    ):
        entry.async_on_unload(stop_listening)
    entry.async_create_task(hass, check_address())


async def async_webhook_url(hass: HomeAssistant, webhook_id: str) -> str | None:
    """Return the address for Nomos' dashboard: it has to be reached over HTTPS.

    That is Nabu Casa's where there is one, else this Home Assistant's external
    address. None where there is neither; raises CloudNotAvailable where Nabu Casa
    can't tell at the moment.
    """
    if cloud.async_active_subscription(hass):
        try:
            return await cloud.async_get_or_create_cloudhook(hass, webhook_id)
        except (CloudError, TimeoutError, ValueError) as err:
            raise cloud.CloudNotAvailable from err
    try:
        address = get_url(
            hass,
            allow_internal=False,
            allow_cloud=False,
            allow_ip=False,
            require_ssl=True,
        )
    except NoURLAvailableError:
        return None
    return f"{address}{webhook.async_generate_path(webhook_id)}"


async def async_forget_webhook(hass: HomeAssistant, webhook_id: str) -> None:
    """Give the address back that Nabu Casa made for it, if it did."""
    try:
        await cloud.async_delete_cloudhook(hass, webhook_id)
    except cloud.CloudNotAvailable, ValueError:
        LOGGER.debug("There is no cloudhook to delete")


async def _async_check_address(hass: HomeAssistant, entry: NomosConfigEntry) -> None:
    """Tell when Nomos sends to an address that does not lead here any more."""
    registered = entry.options.get(CONF_WEBHOOK_URL)
    try:
        current = await async_webhook_url(hass, entry.data[CONF_WEBHOOK_ID])
    except cloud.CloudNotAvailable:
        return
    # An address that is away for the moment may come back as it was.
    if current is None or current == registered:
        async_clear_webhook_issue(hass, entry, WEBHOOK_MOVED)
    else:
        async_note_webhook_issue(hass, entry, WEBHOOK_MOVED, current)


class _Receiver:
    """Takes the deliveries of one account."""

    def __init__(self, hass: HomeAssistant, entry: NomosConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._coordinator: NomosCoordinator = entry.runtime_data
        self.deliveries = Deliveries()
        self._cancel_look: CALLBACK_TYPE | None = None
        self._is_looking = False
        self._is_look_due = False

    @callback
    def async_shutdown(self) -> None:
        """Stop looking for what was delivered."""
        if self._cancel_look:
            self._cancel_look()

    async def async_handle(
        self, hass: HomeAssistant, webhook_id: str, request: Request
    ) -> Response:
        """Answer a delivery; what it tells is looked at later."""
        if request.method != METH_POST:
            return self._refuse("method", HTTPStatus.METHOD_NOT_ALLOWED)
        try:
            body = await _read(request)
        except RequestPayloadError:
            # Home Assistant would log each of them.
            return self._refuse("broken", HTTPStatus.BAD_REQUEST)
        if body is None:
            return self._refuse("too_large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if not is_genuine(
            self._entry.options[CONF_WEBHOOK_SECRET],
            request.headers.get(SIGNATURE_HEADER),
            body,
            dt_util.utcnow(),
        ):
            return self._refuse("signature", HTTPStatus.UNAUTHORIZED)
        self.deliveries.refused_in_a_row = 0
        async_clear_webhook_issue(self._hass, self._entry, WEBHOOK_REFUSED)
        event = _parse(body)
        if event is None:
            return self._refuse("nonsense", HTTPStatus.BAD_REQUEST)
        await self._async_take(event)
        return Response(status=HTTPStatus.OK)

    def _refuse(self, reason: str, status: HTTPStatus) -> Response:
        """Refuse a delivery, and say so once however many there are."""
        deliveries = self.deliveries
        deliveries.refused += 1
        deliveries.last_refused = dt_util.utcnow()
        deliveries.last_refusal = reason
        if reason == "signature":
            deliveries.refused_in_a_row += 1
            if deliveries.refused_in_a_row == REFUSALS_THAT_MATTER:
                LOGGER.warning(
                    "Deliveries are refused, because their signature is wrong"
                )
                async_note_webhook_issue(self._hass, self._entry, WEBHOOK_REFUSED)
        return Response(status=status)

    async def _async_take(self, event: dict[str, Any]) -> None:
        deliveries, now = self.deliveries, dt_util.utcnow()
        seen = self._coordinator.memory.delivered
        if event["id"] in seen:
            deliveries.repeated += 1
            return
        deliveries.accepted += 1
        deliveries.last_accepted = now
        deliveries.last_topic = event["topic"]
        is_test = event["topic"] == "test.event"
        # An organisation hears of everybody's contracts. Those of others cost
        # nothing, also no write to the disk.
        if not is_test and not self._concerns(event):
            return
        for old in [key for key, moment in seen.items() if moment < now - REMEMBER]:
            del seen[old]
        seen[event["id"]] = now
        self._coordinator.save()
        if is_test:
            await self._async_confirm()
        else:
            self._look_soon()

    @callback
    def _look_soon(self) -> None:
        """Look at Nomos once for all that arrives within a moment."""
        if self._is_looking:
            # What is under way may have been answered before this happened.
            self._is_look_due = True
        elif self._cancel_look is None:
            self._cancel_look = async_call_later(self._hass, BURST, self._look_now)

    @callback
    def _look_now(self, _now: datetime) -> None:
        self._cancel_look = None
        self._is_looking = True
        self._entry.async_create_background_task(
            self._hass, self._async_look(), f"{DOMAIN} deliveries"
        )

    async def _async_look(self) -> None:
        until = self._coordinator.leave_alone_until
        # Nomos limits the rate: the look that is planned for later sees it all.
        if until is None or dt_util.utcnow() >= until:
            await self._coordinator.async_refresh()
        self._is_looking = False
        if self._is_look_due:
            self._is_look_due = False
            self._look_soon()

    def _concerns(self, event: dict[str, Any]) -> bool:
        """Whether a delivery is about a contract that is followed."""
        topic: str = event["topic"]
        context = event.get("context")
        key = context.get("subscription") if isinstance(context, dict) else None
        if not isinstance(key, str) or key not in self._coordinator.data:
            return False
        if topic.startswith("subscription."):
            self._coordinator.look_again_at(key)
            return True
        return topic.startswith("meter_order.")

    async def _async_confirm(self) -> None:
        """Show that a test of the household's has arrived."""
        texts = await async_get_texts(self._hass)
        persistent_notification.async_create(
            self._hass,
            texts["webhook_works"],
            title=texts["webhook_works_title"],
            notification_id=f"{DOMAIN}_{self._entry.entry_id}_webhook",
        )


async def _read(request: Request) -> bytes | None:
    """Read the raw body, as long as it is no larger than any delivery."""
    # Nabu Casa's requests begin anew each time that they are asked for it.
    content = request.content
    body = b""
    while chunk := await content.read(LARGEST_BODY + 1 - len(body)):
        body += chunk
        if len(body) > LARGEST_BODY:
            return None
    return body


def _parse(body: bytes) -> dict[str, Any] | None:
    try:
        event = json_loads(body)
    except ValueError:
        return None
    if (
        isinstance(event, dict)
        and isinstance(event.get("id"), str)
        and isinstance(event.get("topic"), str)
    ):
        return event
    return None
