"""Errors of the API client."""


class NomosError(Exception):
    """A request to Nomos failed.

    The text contains no personal data, so it may be logged and shown. Messages of the
    API are left out of it, because they can repeat what was sent.
    """

    def __init__(
        self,
        reason: str,
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        details: tuple[str, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        """Initialize the error."""
        super().__init__(reason)
        self.reason = reason
        self.status = status
        """HTTP status of the answer; None without an answer."""
        self.code = code
        """Error code of the API, such as `CONFLICT`."""
        self.request_id = request_id
        """ID by which Nomos' support finds the request."""
        self.details = details
        """Error codes of single fields, such as `unsupported_product`."""
        self.retry_after = retry_after
        """Seconds to wait before the next request, if Nomos requests a delay."""

    def __str__(self) -> str:
        """Return the reason with status, code and request ID."""
        facts = {
            "status": self.status,
            "code": self.code,
            "request": self.request_id,
        }
        known = ", ".join(f"{name} {fact}" for name, fact in facts.items() if fact)
        return f"{self.reason} ({known})" if known else self.reason


class NomosConnectionError(NomosError):
    """Nomos was not reached or did not answer in time."""


class NomosAuthError(NomosError):
    """The login is not, or no longer, accepted."""

    is_final = False
    """True if it will not be accepted again: the refresh token is spent or revoked."""


class NomosGrantError(NomosAuthError):
    """The refresh token is refused; reauthentication is needed."""

    is_final = True


class NomosForbiddenError(NomosError):
    """The login lacks the permission for this request."""


class NomosNotFoundError(NomosError):
    """The record does not exist or is not visible to this login."""


class NomosRateLimitError(NomosError):
    """Too many requests; `retry_after` is the time to wait in seconds."""


class NomosResponseError(NomosError):
    """The answer does not match the API's description."""
