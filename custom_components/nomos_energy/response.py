"""Response data of actions."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from homeassistant.util import dt as dt_util

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
