"""Response data of actions."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from homeassistant.core import ServiceResponse
from homeassistant.helpers.json import json_bytes
from homeassistant.util import dt as dt_util
from homeassistant.util.json import json_loads_object

from .nomos import GridFeeReduction, MeterOrder


def response_data(record: MeterOrder | GridFeeReduction) -> dict[str, Any]:
    """Return a record as response data; timestamps are in Home Assistant's time zone."""
    values = {each.name: getattr(record, each.name) for each in fields(record)}
    return {
        name: dt_util.as_local(value).isoformat()
        if isinstance(value, datetime)
        else value
        for name, value in values.items()
    }


def plain(response: ServiceResponse) -> ServiceResponse:
    """Return a response whose enums are strings.

    A template that passes a response on makes text of it if it holds anything else than
    what Python writes as a literal.
    """
    return response and json_loads_object(json_bytes(response))
