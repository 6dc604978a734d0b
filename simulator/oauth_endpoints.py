"""OAuth endpoints: authorization, consent and tokens."""

from aiohttp import web
from yarl import URL

from .backend import Backend
from .consent import consent_page
from .control import PREFIX
from .errors import ApiError, invalid
from .oauth import AuthorizationRequest

CONSENT_PATH = f"{PREFIX}/consent"
"""Target of the form on the consent page; not part of the documented API."""


async def authorize(backend: Backend, request: web.Request) -> web.Response:
    """Show the consent page; a login redirects at once with a code."""
    authorization = backend.tokens.parse_request(request.query)
    customers = backend.customers()
    if request.query.get("flow_type") == "login" and customers:
        # The simulator has no passwords: the first customer is logged in.
        code = backend.tokens.create_code(authorization, next(iter(customers)))
        return _redirect(authorization, code=code)
    return consent_page(
        authorization,
        request.query,
        customers,
        CONSENT_PATH,
        request.headers.get("Accept-Language", ""),
    )


async def decide(backend: Backend, request: web.Request) -> web.Response:
    """Handle the customer's decision on the consent page."""
    form = await request.post()
    answer = {name: value for name, value in form.items() if isinstance(value, str)}
    authorization = backend.tokens.parse_request(answer)
    if answer.get("decision") != "allow":
        return _redirect(authorization, error="access_denied")
    customer_id = answer.get("customer", "")
    if not backend.find_by_customer(customer_id):
        raise invalid("invalid_value", "customer", "There is no customer with this ID.")
    code = backend.tokens.create_code(authorization, customer_id)
    return _redirect(authorization, code=code)


async def read_token_form(request: web.Request) -> dict[str, str]:
    """Return the fields of a token request, a form or JSON."""
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise ApiError(400, "The body is not a JSON object.")
        return {name: str(value) for name, value in body.items() if value is not None}
    form = await request.post()
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _redirect(request: AuthorizationRequest, **answer: str) -> web.Response:
    """Redirect the browser to the client."""
    if request.state is not None:
        answer["state"] = request.state
    target = URL(request.redirect_uri).update_query(answer)
    return web.Response(status=302, headers={"Location": str(target)})
