"""Errors of the Nomos API and their envelope."""

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
    """Error in one field of a request."""

    code: str
    field: str
    message: str


class ApiError(Exception):
    """Error response of the API."""

    def __init__(
        self,
        status: int,
        message: str,
        *details: Detail,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Initialize the error with the contents of its envelope."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = details
        self.headers = headers or {}

    def envelope(self, request_id: str, *, structured: bool) -> dict[str, Any]:
        """Return the response body; the older API version has no details."""
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
    """Return the error for an invalid field."""
    return ApiError(400, message, Detail(code, field, message))


def not_found() -> ApiError:
    """Return the error for an ID that is unknown, or hidden from the caller."""
    return ApiError(404, "There is no object with this ID.")


def unauthorized(message: str) -> ApiError:
    """Return the error for invalid or expired credentials."""
    return ApiError(401, message)
