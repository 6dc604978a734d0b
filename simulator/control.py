"""Control endpoints of the simulator, for the demo. Nomos has none of them."""

from datetime import timedelta
from typing import Any

from aiohttp import web

from .backend import Backend
from .clock import iso
from .faults import Fault
from .households import Household

PREFIX = "/_simulator"
_FAULT_FIELDS = (
    "path",
    "times",
    "seconds",
    "retry_after",
    "subscription",
    "value",
    "field",
    "customer",
)


def routes(backend: Backend) -> list[web.RouteDef]:
    """Return the control endpoints."""
    control = Control(backend)
    return [
        web.get(PREFIX, control.state),
        web.post(f"{PREFIX}/advance", control.advance),
        web.post(f"{PREFIX}/faults", control.fail),
        web.delete(f"{PREFIX}/faults", control.recover),
        web.post(f"{PREFIX}/publication", control.delay_publication),
        web.post(f"{PREFIX}/webhooks", control.register_webhook),
        web.post(f"{PREFIX}/webhooks/test", control.send_test_event),
    ]


class Control:
    """Handlers of the control endpoints."""

    def __init__(self, backend: Backend) -> None:
        """Create the handlers for a backend."""
        self._backend = backend

    async def state(self, _request: web.Request) -> web.Response:
        """Return the state of the simulator."""
        backend = self._backend
        backend.tick()
        return web.json_response(
            {
                "now": iso(backend.now()),
                "requests": len(backend.requests),
                "publication_delay": backend.publication_delay.total_seconds(),
                "faults": [fault.kind for fault in backend.faults.active],
                "webhooks": [endpoint.url for endpoint in backend.webhooks],
                "households": [_summary(each) for each in backend.households],
            }
        )

    async def advance(self, request: web.Request) -> web.Response:
        """Apply the next timeline steps of one household, or of all."""
        body = await _body(request)
        chosen = self._backend.households
        if wanted := body.get("subscription"):
            found = self._backend.find(wanted)
            if found is None:
                raise web.HTTPNotFound(text=f"There is no subscription {wanted}.\n")
            chosen = [found]
        for household in chosen:
            _advance(household, body)
        return web.json_response([_summary(household) for household in chosen])

    async def fail(self, request: web.Request) -> web.Response:
        """Inject a fault."""
        body = await _body(request)
        try:
            fault = Fault(str(body.get("fault")))
            self._backend.fail(
                fault, **{name: body[name] for name in _FAULT_FIELDS if name in body}
            )
        except ValueError as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        return web.json_response({"fault": fault})

    async def recover(self, _request: web.Request) -> web.Response:
        """Remove all faults."""
        self._backend.recover()
        return web.json_response({})

    async def delay_publication(self, request: web.Request) -> web.Response:
        """Delay the price publication by minutes (default: 0)."""
        body = await _body(request)
        try:
            delay = timedelta(minutes=body.get("minutes", 0))
            self._backend.publication_delay = delay
        except (OverflowError, TypeError, ValueError) as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        return web.json_response({"seconds": delay.total_seconds()})

    async def register_webhook(self, request: web.Request) -> web.Response:
        """Register a webhook endpoint, as a partner does in the Nomos dashboard."""
        body = await _body(request)
        if not {"url", "secret"} <= body.keys():
            raise web.HTTPBadRequest(text="url and secret are required.\n")
        endpoint = self._backend.register_webhook(body["url"], body["secret"])
        return web.json_response({"url": endpoint.url})

    async def send_test_event(self, _request: web.Request) -> web.Response:
        """Send a test event to all endpoints."""
        event = self._backend.emit("test.event", {})
        return web.json_response(event.payload())


async def _body(request: web.Request) -> dict[str, Any]:
    text = await request.text()
    try:
        body = await request.json() if text else {}
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="The body is not a JSON object.\n")
    return body


def _advance(household: Household, body: dict[str, Any]) -> None:
    try:
        if "to" in body:
            household.advance_to(body["to"])
        else:
            household.advance(body.get("n", 1))
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"{error}\n") from error


def _summary(household: Household) -> dict[str, Any]:
    order, due = household.order, household.next_due()
    return {
        "subscription": household.subscription_id,
        "customer": household.customer_id,
        "key": household.key,
        "number": household.number,
        "status": household.status,
        "meter_type": household.meter_type,
        "order": order and order.id,
        "order_status": order and order.status,
        "blocked_reason": order and order.blocked_reason,
        "next": due and iso(due),
    }
