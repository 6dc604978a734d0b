"""What can go wrong between Home Assistant and Nomos."""


class NomosError(Exception):
    """Nomos did not answer as asked.

    The text holds nothing personal, so it may be logged and shown: the API's
    own messages stay out of it, because they can repeat what was sent.
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
        """HTTP status of the answer; none when there was no answer."""
        self.code = code
        """The API's word for what is wrong, such as `CONFLICT`."""
        self.request_id = request_id
        """What Nomos' support needs to find the request."""
        self.details = details
        """Codes of what is wrong in particular, such as `unsupported_product`."""
        self.retry_after = retry_after
        """Seconds to wait before the next request, where Nomos said so."""

    def __str__(self) -> str:
        """Name the reason and what Nomos' support would ask for."""
        facts = {
            "status": self.status,
            "code": self.code,
            "request": self.request_id,
        }
        known = ", ".join(f"{name} {fact}" for name, fact in facts.items() if fact)
        return f"{self.reason} ({known})" if known else self.reason


class NomosConnectionError(NomosError):
    """No answer came, or none in time."""


class NomosAuthError(NomosError):
    """The login is not, or no longer, accepted: somebody has to log in again."""


class NomosForbiddenError(NomosError):
    """The login is accepted but may not do this."""


class NomosNotFoundError(NomosError):
    """There is no such thing, or this login may not see it."""


class NomosRateLimitError(NomosError):
    """Too many requests; `retry_after` says how long to wait, if Nomos did."""


class NomosResponseError(NomosError):
    """An answer came that is not what the API describes."""
