"""What Nomos says when it refuses: one envelope for every error."""

from dataclasses import dataclass
from typing import Any

CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    402: "PAYMENT_REQUIRED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    422: "UNPROCESSABLE_ENTITY",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL_SERVER_ERROR",
}


@dataclass(frozen=True)
class Detail:
    """One field of the request, and what is wrong with it."""

    code: str
    field: str
    message: str


class ApiError(Exception):
    """An answer other than success."""

    def __init__(
        self,
        status: int,
        message: str,
        *details: Detail,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Remember what the envelope will say."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = details
        self.headers = headers or {}

    def envelope(self, request_id: str, *, structured: bool) -> dict[str, Any]:
        """Return the body; versions before the structured errors leave the details out."""
        code = CODES[self.status]
        body: dict[str, Any] = {
            "code": code,
            "message": self.message,
            "requestId": request_id,
            "docs": f"https://docs.nomos.energy/api-references/errors/{code}",
        }
        if structured and self.details:
            body["errors"] = [
                {"code": detail.code, "field": detail.field, "message": detail.message}
                for detail in self.details
            ]
        return body


def invalid(code: str, field: str, message: str) -> ApiError:
    """Return the refusal of a request because of one of its fields."""
    return ApiError(400, message, Detail(code, field, message))


def not_found() -> ApiError:
    """Return the answer for what is not there, or belongs to somebody else."""
    return ApiError(404, "There is nothing with this id.")


def unauthorized(message: str) -> ApiError:
    """Return the answer for credentials that do not, or no longer, count."""
    return ApiError(401, message)
