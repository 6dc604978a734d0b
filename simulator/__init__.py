"""A Nomos API that runs on your own machine, for the demo and the tests.

It is honest: what works against it works against Nomos. It answers in the same shapes,
enforces the same rules, and is as unpleasant as a network can be when asked to.
"""

from . import scenarios
from .backend import Request
from .faults import Fault
from .households import Household
from .oauth import APP, CLIENTS, ORGANISATION, READ_ONLY, Client
from .orders import Order, Step
from .reductions import GridFeeReduction
from .server import Simulator
from .versions import CURRENT, OLDER
from .webhooks import Endpoint, Event, sign

__all__ = [
    "APP",
    "CLIENTS",
    "CURRENT",
    "OLDER",
    "ORGANISATION",
    "READ_ONLY",
    "Client",
    "Endpoint",
    "Event",
    "Fault",
    "GridFeeReduction",
    "Household",
    "Order",
    "Request",
    "Simulator",
    "Step",
    "scenarios",
    "sign",
]
