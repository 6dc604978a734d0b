"""Receiver of the webhooks of Nomos."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from aiohttp.hdrs import METH_GET, METH_POST, METH_PUT
from aiohttp.web import Request, RequestPayloadError, Response
from homeassistant.components import persistent_notification, webhook
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util
from homeassistant.util.json import json_loads

from ..const import DOMAIN, LOGGER
from ..coordinator import ContractCoordinator
from ..disk import Damage, read_timestamp, to_disk
from ..issues import async_create_issue, async_delete_issue
from ..localize import async_get_texts
from ..nomos import NomosResponseError, WebhookEvent, is_genuine
from ..options import webhook_secret
from ..store import SAVE_SOON, RecordStore
from .address import WEBHOOK_MOVED, async_watch_address

STORE = "deliveries"

WEBHOOK_REFUSED = "webhook_refused"

SIGNATURE_HEADER = "X-Nomos-Signature"
LARGEST_BODY = 64 * 1024
"""Bytes."""

BURST = 3
"""Seconds within which all deliveries lead to one refresh."""

REMEMBERED = timedelta(days=4)
"""Nomos repeats a delivery for about three days."""

REFUSALS_BEFORE_ISSUE = 3
"""Number of refused signatures in a row from which on an issue is created."""

type InvoiceChanged = Callable[[str, str | None], None]


@dataclass(slots=True)
class Deliveries:
    """Statistics of the deliveries since the set-up, for diagnostics."""

    accepted: int = 0
    repeated: int = 0
    refused: int = 0
    refused_in_a_row: int = 0
    last_accepted: datetime | None = None
    last_topic: str | None = None
    last_refused: datetime | None = None
    last_refusal: str | None = None


def delivery_store(hass: HomeAssistant, entry: ConfigEntry) -> RecordStore[datetime]:
    """Return the store of the delivered events: their time by event ID."""
    return RecordStore(hass, entry, STORE, _read_time, to_disk, SAVE_SOON)


def _read_time(data: Any, _damage: Damage) -> datetime:
    return read_timestamp(data)


@callback
def async_setup_webhook(
    hass: HomeAssistant,
    entry: ConfigEntry,
    contracts: ContractCoordinator,
    store: RecordStore[datetime],
    invoice_changed: InvoiceChanged,
) -> Deliveries | None:
    """Register the webhook if it is configured; return its statistics.

    `invoice_changed` is called with the subscription ID of an invoice, and with its ID
    if a payment failed.
    """
    # The secret may have changed: earlier refusals are no evidence any more.
    async_delete_issue(hass, WEBHOOK_REFUSED, entry.entry_id)
    if (secret := webhook_secret(entry)) is None:
        async_delete_issue(hass, WEBHOOK_MOVED, entry.entry_id)
        return None
    receiver = _Receiver(hass, entry, contracts, store, secret, invoice_changed)
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
    async_watch_address(hass, entry)
    return receiver.deliveries


class _Receiver:
    """Receiver of the deliveries of one account."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        contracts: ContractCoordinator,
        store: RecordStore[datetime],
        secret: str,
        invoice_changed: InvoiceChanged,
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._contracts = contracts
        self._store = store
        self._secret = secret
        self._invoice_changed = invoice_changed
        self.deliveries = Deliveries()
        self._cancel_refresh: CALLBACK_TYPE | None = None
        self._is_refreshing = False
        self._is_refresh_due = False
        self._is_shut_down = False

    @callback
    def async_shutdown(self) -> None:
        """Cancel a refresh that is planned, and plan no other one."""
        self._is_shut_down = True
        if self._cancel_refresh:
            self._cancel_refresh()
            self._cancel_refresh = None

    async def async_handle(
        self, hass: HomeAssistant, webhook_id: str, request: Request
    ) -> Response:
        """Answer a delivery; its effect is refreshed later."""
        if request.method != METH_POST:
            return self._refuse("method", HTTPStatus.METHOD_NOT_ALLOWED)
        try:
            body = await _read(request)
        except RequestPayloadError:
            # Home Assistant would log each broken request.
            return self._refuse("broken", HTTPStatus.BAD_REQUEST)
        if body is None:
            return self._refuse("too_large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if not is_genuine(
            self._secret,
            request.headers.get(SIGNATURE_HEADER),
            body,
            dt_util.utcnow(),
        ):
            return self._refuse("signature", HTTPStatus.UNAUTHORIZED)
        self.deliveries.refused_in_a_row = 0
        async_delete_issue(self._hass, WEBHOOK_REFUSED, self._entry.entry_id)
        event = _parse(body)
        if event is None:
            return self._refuse("nonsense", HTTPStatus.BAD_REQUEST)
        await self._async_accept(event)
        return Response(status=HTTPStatus.OK)

    def _refuse(self, reason: str, status: HTTPStatus) -> Response:
        """Refuse a delivery; several wrong signatures in a row are logged once."""
        deliveries = self.deliveries
        deliveries.refused += 1
        deliveries.last_refused = dt_util.utcnow()
        deliveries.last_refusal = reason
        if reason == "signature":
            deliveries.refused_in_a_row += 1
            if deliveries.refused_in_a_row == REFUSALS_BEFORE_ISSUE:
                LOGGER.warning("Deliveries are refused: their signature is wrong")
                async_create_issue(
                    self._hass, self._entry, WEBHOOK_REFUSED, self._entry.entry_id, {}
                )
        return Response(status=status)

    async def _async_accept(self, event: WebhookEvent) -> None:
        deliveries, now = self.deliveries, dt_util.utcnow()
        known = self._store.records
        if event.id in known:
            deliveries.repeated += 1
            return
        deliveries.accepted += 1
        deliveries.last_accepted = now
        deliveries.last_topic = event.topic
        # An organisation gets the events of all contracts. Those that are not included
        # cost nothing, not even a write to disk.
        if not event.is_test and not self._is_relevant(event):
            return
        recent = {key: at for key, at in known.items() if at >= now - REMEMBERED}
        self._store.async_update({**recent, event.id: now})
        if event.is_test:
            await self._async_confirm()
        else:
            self._refresh_soon()

    @callback
    def _refresh_soon(self) -> None:
        """Refresh once for all deliveries of a burst."""
        if self._is_shut_down:
            return
        if self._is_refreshing:
            # The answer under way may be from before this event.
            self._is_refresh_due = True
        elif self._cancel_refresh is None:
            self._cancel_refresh = async_call_later(
                self._hass, BURST, self._refresh_now
            )

    @callback
    def _refresh_now(self, _now: datetime) -> None:
        self._cancel_refresh = None
        self._is_refreshing = True
        self._entry.async_create_background_task(
            self._hass, self._async_refresh(), f"{DOMAIN} deliveries"
        )

    async def _async_refresh(self) -> None:
        # While no request may be sent, the planned retry serves as well.
        if not self._contracts.connection.is_paused:
            await self._contracts.async_refresh()
        self._is_refreshing = False
        if self._is_refresh_due:
            self._is_refresh_due = False
            self._refresh_soon()

    def _is_relevant(self, event: WebhookEvent) -> bool:
        """Return if a delivery concerns an included contract."""
        key = event.subscription_id
        if key is None or key not in self._contracts.data:
            return False
        if event.topic.startswith("subscription."):
            self._contracts.mark_stale(key)
            return True
        if event.topic.startswith("invoice."):
            self._invoice_changed(key, event.failed_payment)
            return True
        return event.topic.startswith("meter_order.")

    async def _async_confirm(self) -> None:
        """Notify that a test event has arrived."""
        texts = await async_get_texts(self._hass)
        persistent_notification.async_create(
            self._hass,
            texts["webhook_works"],
            title=texts["webhook_works_title"],
            notification_id=f"{DOMAIN}_{self._entry.entry_id}_webhook",
        )


async def _read(request: Request) -> bytes | None:
    """Return the raw body, or None if it is larger than any delivery."""
    # Requests through Home Assistant Cloud start over with each read of the body.
    content = request.content
    body = b""
    while chunk := await content.read(LARGEST_BODY + 1 - len(body)):
        body += chunk
        if len(body) > LARGEST_BODY:
            return None
    return body


def _parse(body: bytes) -> WebhookEvent | None:
    try:
        return WebhookEvent.from_json(json_loads(body))
    except ValueError, NomosResponseError:
        return None
