"""The Nomos API in Python; knows nothing of Home Assistant."""

from .activation import Activation, ActivationBasis
from .auth import ClientCredentials, FixedToken, TokenSource, read_scopes, request_token
from .changes import Change, ChangeType, changes
from .client import NomosClient
from .contract import Contract
from .errors import (
    NomosAuthError,
    NomosConnectionError,
    NomosError,
    NomosForbiddenError,
    NomosGrantError,
    NomosNotFoundError,
    NomosRateLimitError,
    NomosResponseError,
)
from .events import WebhookEvent
from .fields import (
    BERLIN,
    DAY,
    HOUR,
    QUARTER,
    at_clock,
    berlin_day,
    midnight,
    parse_token,
)
from .grid_fees import GridFeeModule, GridFeeReduction, GridFeeWindow, ReductionStatus
from .invoices import Invoice, InvoiceKind, InvoiceStatus, latest_invoice, settled
from .listing import Listing
from .orders import BlockedReason, CancelledReason, MeterOrder, Milestone, Provider
from .price_day import Price, PriceDay
from .prices import RESOLUTIONS, PriceSeries
from .quotes import Quote
from .readings import MeterReading, ReadingKind
from .requester import PRODUCTION_URL
from .signature import is_genuine
from .subscriptions import (
    Address,
    MeterType,
    Plan,
    Subscription,
    SubscriptionStatus,
    SubscriptionType,
)
from .transport import RATE_LIMIT_WAIT
from .usage import HourUsage, Usage, UsageDay, add_up, hours_of, measured

__all__ = [
    "BERLIN",
    "DAY",
    "HOUR",
    "PRODUCTION_URL",
    "QUARTER",
    "RATE_LIMIT_WAIT",
    "RESOLUTIONS",
    "Activation",
    "ActivationBasis",
    "Address",
    "BlockedReason",
    "CancelledReason",
    "Change",
    "ChangeType",
    "ClientCredentials",
    "Contract",
    "FixedToken",
    "GridFeeModule",
    "GridFeeReduction",
    "GridFeeWindow",
    "HourUsage",
    "Invoice",
    "InvoiceKind",
    "InvoiceStatus",
    "Listing",
    "MeterOrder",
    "MeterReading",
    "MeterType",
    "Milestone",
    "NomosAuthError",
    "NomosClient",
    "NomosConnectionError",
    "NomosError",
    "NomosForbiddenError",
    "NomosGrantError",
    "NomosNotFoundError",
    "NomosRateLimitError",
    "NomosResponseError",
    "Plan",
    "Price",
    "PriceDay",
    "PriceSeries",
    "Provider",
    "Quote",
    "ReadingKind",
    "ReductionStatus",
    "Subscription",
    "SubscriptionStatus",
    "SubscriptionType",
    "TokenSource",
    "Usage",
    "UsageDay",
    "WebhookEvent",
    "add_up",
    "at_clock",
    "berlin_day",
    "changes",
    "hours_of",
    "is_genuine",
    "latest_invoice",
    "measured",
    "midnight",
    "parse_token",
    "read_scopes",
    "request_token",
    "settled",
]
