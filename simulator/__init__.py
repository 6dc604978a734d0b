"""Simulated Nomos API, for the demo and the tests.

It returns the payloads and enforces the rules of the real API, so that code which works
against it works against Nomos. Faults of the network and the service are injected on demand.
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
