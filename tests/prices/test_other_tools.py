"""How other tools read the attribute with the prices.

The macro of "Cheapest energy hours" takes the attribute `prices`, with the start of each
interval in `start`, as text or timestamp, and its price in the first number beside it.
EV Smart Charging, with a generic price sensor, decodes the JSON in `prices_today` and
`prices_tomorrow`: lists of `time` and `price`. A template sensor brings them there.
"""

from datetime import date, datetime, timedelta
import json

from homeassistant.core import HomeAssistant
from homeassistant.helpers.template import Template
from homeassistant.util import dt as dt_util
import pytest

from simulator import Household, Simulator, scenarios
from tests import DAY, entity_id
from tests.conftest import SetUp

TODAY = date(2026, 11, 23)

CHEAPEST_BLOCK = """
{%- set data = state_attr(sensor, 'prices') -%}
{%- set key = (data[0].items() | selectattr(1, 'is_number') | first)[0] -%}
{%- set found = namespace(best=none, start=none) -%}
{%- for place in range(data | count - length + 1) -%}
  {%- set sum = data[place:place + length] | map(attribute=key) | sum -%}
  {%- if found.best is none or sum < found.best -%}
    {%- set found.best = sum -%}
    {%- set found.start = data[place]['start'] | as_datetime | as_local -%}
  {%- endif -%}
{%- endfor -%}
{{ found.start.isoformat() }}
"""


@pytest.fixture
async def sensor(hass: HomeAssistant, simulator: Simulator, set_up: SetUp) -> str:
    """Return the sensor of a home for which electricity is cheapest from 3 to 6."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    for day in (TODAY, TODAY + DAY):
        prices = [4.0 if place // 4 in (3, 4, 5) else 30.0 for place in range(96)]
        simulator.set_prices(day, prices)
    home: Household = simulator.add(scenarios.dynamic_tariff())
    await set_up()
    return entity_id(hass, home, "price")


async def test_cheapest_energy_hours(hass: HomeAssistant, sensor: str) -> None:
    """The macro finds the cheapest three hours."""
    template = Template(CHEAPEST_BLOCK, hass)
    start = template.async_render({"sensor": sensor, "length": 12}, parse_result=False)
    assert str(start).strip() == "2026-11-23T03:00:00+01:00"


async def test_ev_smart_charging(hass: HomeAssistant, sensor: str) -> None:
    """Templates make what EV Smart Charging decodes, as the attributes of a sensor."""
    day = (
        "{{% set day = (now() + timedelta(days={})).date() %}}"
        "{{% set found = namespace(prices=[]) %}}"
        "{{% for each in state_attr('" + sensor + "', 'prices') or [] "
        "if (each.start | as_datetime | as_local).date() == day %}}"
        "{{% set found.prices = found.prices + "
        "[{{'time': each.start, 'price': each.price}}] %}}"
        "{{% endfor %}}{{{{ found.prices | to_json }}}}"
    )
    today, tomorrow = (
        _decoded(Template(day.format(later), hass).async_render(parse_result=False))
        for later in (0, 1)
    )
    assert tomorrow == []
    assert len(today) == 96
    now = dt_util.now()
    (current,) = (
        price for start, price in today if start <= now < start + timedelta(minutes=15)
    )
    state = hass.states.get(sensor)
    assert state
    assert current == float(state.state)
    assert min(today, key=lambda each: each[1])[0].isoformat()[11:16] == "03:00"


def _decoded(value: str) -> list[tuple[datetime, float]]:
    """Return prices as EV Smart Charging takes them."""
    return [
        (datetime.fromisoformat(each["time"]), each["price"])
        for each in json.loads(value)
    ]
