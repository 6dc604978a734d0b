"""The Nomos API in Python; knows nothing of Home Assistant."""

from .auth import ClientCredentials, FixedToken, TokenSource, read_scopes, request_token
from .changes import Change, ChangeType, changes
from .client import PRODUCTION_URL, Listing, NomosClient
from .errors import (
    NomosAuthError,
    NomosConnectionError,
    NomosError,
    NomosForbiddenError,
    NomosNotFoundError,
    NomosRateLimitError,
    NomosResponseError,
)
from .models import (
    Address,
    BlockedReason,
    CancelledReason,
    Contract,
    MeterOrder,
    MeterType,
    Milestone,
    Plan,
    Provider,
    Subscription,
    SubscriptionStatus,
    SubscriptionType,
)
from .signature import is_genuine

__all__ = [
    "PRODUCTION_URL",
    "Address",
    "BlockedReason",
    "CancelledReason",
    "Change",
    "ChangeType",
    "ClientCredentials",
    "Contract",
    "FixedToken",
    "Listing",
    "MeterOrder",
    "MeterType",
    "Milestone",
    "NomosAuthError",
    "NomosClient",
    "NomosConnectionError",
    "NomosError",
    "NomosForbiddenError",
    "NomosNotFoundError",
    "NomosRateLimitError",
    "NomosResponseError",
    "Plan",
    "Provider",
    "Subscription",
    "SubscriptionStatus",
    "SubscriptionType",
    "TokenSource",
    "changes",
    "is_genuine",
    "read_scopes",
    "request_token",
]
