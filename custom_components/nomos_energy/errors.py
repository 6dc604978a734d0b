"""Home Assistant's exceptions and texts for errors of the Nomos API."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    HomeAssistantError,
    ServiceValidationError,
)
from homeassistant.helpers.update_coordinator import UpdateFailed

from .const import DOMAIN
from .localize import cached_text
from .nomos import (
    RATE_LIMIT_WAIT,
    NomosAuthError,
    NomosConnectionError,
    NomosError,
    NomosForbiddenError,
    NomosRateLimitError,
)

REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)
"""Status of an answer to a request that would be refused again."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """Translation keys for the reasons for which Nomos refuses an order."""

    by_detail: Mapping[str, str]
    """Keys by the API's error detail."""
    conflict: str
    otherwise: str
    refused: str | None = None
    """Key for a refusal without a known reason; None if it is like any other error."""


def error_key(err: NomosError) -> str:
    """Return the translation key of an error."""
    match err:
        case NomosAuthError():
            return "invalid_auth"
        case NomosRateLimitError():
            return "rate_limited"
        case NomosForbiddenError():
            return "no_permission"
        case NomosConnectionError():
            return "cannot_connect"
        case _:
            return "unexpected_answer"


def form_error_key(err: NomosError) -> str:
    """Return the translation key of an error in a form; forms know fewer kinds."""
    key = error_key(err)
    return "cannot_connect" if key == "unexpected_answer" else key


def placeholders(err: NomosError | None = None) -> dict[str, str]:
    """Return the placeholders of all error texts; seconds for `wait`.

    `request` is the request ID in brackets, `answer` has the status and the code too.
    What is not known is left out, with the brackets. They are in Home Assistant's
    language, as exceptions don't know that of the person.
    """
    if err is None:
        return dict.fromkeys(("answer", "request", "wait"), "")
    request = (
        cached_text("request_id").format(request_id=err.request_id)
        if err.request_id
        else ""
    )
    status = f"Status: {err.status}" if err.status else ""
    code = f"Code: {err.code}" if err.code else ""
    return {
        "answer": _in_brackets(status, code, request),
        "request": _in_brackets(request),
        "wait": str(round(err.retry_after or RATE_LIMIT_WAIT)),
    }


def _in_brackets(*facts: str) -> str:
    known = ", ".join(filter(None, facts))
    return f" ({known})" if known else ""


def login_error(err: NomosAuthError) -> ConfigEntryAuthFailed:
    """Return the exception for a set-up without a valid login."""
    return ConfigEntryAuthFailed(
        translation_domain=DOMAIN,
        translation_key=error_key(err),
        translation_placeholders=placeholders(err),
    )


def update_error(err: NomosError, wait: timedelta) -> UpdateFailed:
    """Return the exception for a coordinator; the next attempt follows after `wait`."""
    return UpdateFailed(
        translation_domain=DOMAIN,
        translation_key=error_key(err),
        translation_placeholders=placeholders(err),
        retry_after=max(wait.total_seconds(), err.retry_after or 0),
    )


def action_error(err: NomosError) -> HomeAssistantError:
    """Return the exception for an action that reads."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=error_key(err),
        translation_placeholders=placeholders(err),
    )


def order_error(err: NomosError, refusals: Refusals) -> HomeAssistantError:
    """Return the exception for an order that Nomos refused or did not confirm."""
    for detail in err.details:
        if key := refusals.by_detail.get(detail):
            return invalid(key, **placeholders(err))
    if err.status == HTTPStatus.CONFLICT:
        return invalid(refusals.conflict, **placeholders(err))
    if refusals.refused and err.status in REFUSED:
        return invalid(refusals.refused, **placeholders(err))
    if isinstance(err, NomosForbiddenError):
        return invalid("read_only", **placeholders(err))
    is_login_refused = isinstance(err, NomosAuthError)
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="invalid_auth" if is_login_refused else refusals.otherwise,
        translation_placeholders=placeholders(err),
    )


def invalid(key: str, **values: str) -> ServiceValidationError:
    """Return the exception for an action that can't be carried out as called."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders() | values,
    )
