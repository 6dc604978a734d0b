"""Tools for language models, called without a model."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, llm
from homeassistant.helpers.json import json_bytes
from homeassistant.setup import async_setup_component
import pytest

from custom_components.nomos_energy.const import DOMAIN
from simulator import Household, Simulator, scenarios
from tests import requests_since
from tests.conftest import SetUp
from tests.loads.common import a_wallbox, add_load, load_entity
from tests.prices.common import TODAY, entity_of, local

ASSISTANT = "conversation"
ALL = {"get_order", "get_prices", "find_cheapest_time", "get_load_plans", "get_cost"}


@pytest.fixture
async def home(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> Household:
    """Set up a home in Berlin, in the morning; nothing of it is exposed."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to(local("2026-11-23T10:00"))
    simulator.set_prices(TODAY, [30.0] * 80 + [10.0] * 8 + [30.0] * 8)
    home = simulator.add(scenarios.dynamic_tariff())
    for needed in ("homeassistant", "llm"):
        assert await async_setup_component(hass, needed, {})
    entry = await set_up()
    await add_load(hass, entry, a_wallbox(home))
    return home


def expose(hass: HomeAssistant, *entities: str, exposed: bool = True) -> None:
    """Expose entities to the assistant, as its page in the settings does."""
    for entity in entities:
        async_expose_entity(hass, ASSISTANT, entity, exposed)


async def instance(hass: HomeAssistant, api: str = "assist") -> llm.APIInstance:
    """Return the API as a model gets it."""
    context = llm.LLMContext(
        platform="test",
        context=Context(),
        language="de",
        assistant=ASSISTANT,
        device_id=None,
    )
    return await llm.async_get_api(hass, api, context)


async def ours(hass: HomeAssistant) -> set[str]:
    """Return the names of our tools."""
    prefix = f"{DOMAIN}__"
    return {
        tool.name.removeprefix(prefix)
        for tool in (await instance(hass)).tools
        if tool.name.startswith(prefix)
    }


async def call(hass: HomeAssistant, tool: str, **args: Any) -> dict[str, Any]:
    """Call a tool; the result can be sent to a model."""
    # The API's own method would need Assist to be installed.
    api = await instance(hass)
    name = f"{DOMAIN}__{tool}"
    found = next((each for each in api.tools if each.name == name), None)
    if found is None:
        raise HomeAssistantError(f"{name} not found")
    result: Any = await found.async_call(
        hass, llm.ToolInput(name, args), api.llm_context
    )
    data: dict[str, Any] = getattr(result, "data", result)
    assert json_bytes(data)
    assert getattr(result, "error", "error" in data) is ("error" in data)
    return data


async def test_exposure(hass: HomeAssistant, home: Household) -> None:
    """A tool is there while an entity with its answer is exposed."""
    assert await ours(hass) == set()
    price = entity_of(hass, home, "price")
    expose(hass, price)
    assert await ours(hass) == {"get_prices", "find_cheapest_time"}
    expose(hass, entity_of(hass, home, "order_status"))
    assert await ours(hass) == {"get_prices", "find_cheapest_time", "get_order"}
    expose(hass, price, exposed=False)
    assert await ours(hass) == {"get_order"}
    with pytest.raises(HomeAssistantError, match="not found"):
        await call(hass, "get_prices", day="today")


async def test_all_tools_only_read(
    hass: HomeAssistant, simulator: Simulator, home: Household
) -> None:
    """With everything exposed there is no tool that orders or switches."""
    found = er.async_get(hass).entities.values()
    expose(hass, *(each.entity_id for each in found if each.platform == DOMAIN))
    assert await ours(hass) == ALL - {"get_cost"}, "there is no usage without recorder"
    requests_since(simulator)
    await call(hass, "get_order")
    await call(hass, "get_prices", day="today")
    await call(hass, "find_cheapest_time", minutes=60)
    await call(hass, "get_load_plans")
    assert {request.method for request in simulator.requests} <= {"GET"}
    for tool in (await instance(hass)).tools:
        if tool.name.startswith(DOMAIN):
            annotations = getattr(tool, "annotations", None)
            assert annotations is None or annotations.read_only


async def test_other_contract_is_not_exposed(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A tool answers for the exposed contract only."""
    for needed in ("homeassistant", "llm"):
        assert await async_setup_component(hass, needed, {})
    home, _ = (simulator.add(scenarios.happy_path(number)) for number in (1, 2))
    home.advance_to("scheduled")
    await set_up()
    expose(hass, entity_of(hass, home, "order_status"))
    answer = await call(hass, "get_order")
    (name,) = answer["contracts"]
    assert name == f"{home.street} {home.house_number}"
    order = answer["contracts"][name]
    assert order["subscription"] == home.subscription_id
    assert order["order"]["status"] == "scheduled"
    assert order["order"]["appointment_at"]


async def test_prices(hass: HomeAssistant, home: Household) -> None:
    """Prices come by the hour; tomorrow's are not known in the morning."""
    expose(hass, entity_of(hass, home, "price"))
    answer = await call(hass, "get_prices", day="today")
    (prices,) = (each["prices"] for each in answer["contracts"].values())
    assert [each["price"] for each in prices] == [0.3] * 20 + [0.1] * 2 + [0.3] * 2
    answer = await call(hass, "get_prices", day="tomorrow")
    (missing,) = answer["contracts"].values()
    assert "2026" in missing["error"]
    assert "error" in await call(hass, "get_prices", day="next week")


async def test_cheapest_time(hass: HomeAssistant, home: Household) -> None:
    """The time is found within limits that a model gives, or leaves empty."""
    expose(hass, entity_of(hass, home, "price"))
    answer = await call(hass, "find_cheapest_time", minutes=90, earliest="", latest="")
    (found,) = answer["contracts"].values()
    assert found["start"] == "2026-11-23T20:00:00+01:00"
    assert found["end"] == "2026-11-23T21:30:00+01:00"
    answer = await call(
        hass, "find_cheapest_time", minutes="60", earliest="2026-11-23T21:30:00"
    )
    (found,) = answer["contracts"].values()
    assert found["start"] == "2026-11-23T21:30:00+01:00"
    assert "error" in await call(
        hass, "find_cheapest_time", minutes=60, latest="tonight"
    )


async def test_load_plans(hass: HomeAssistant, home: Household) -> None:
    """The plan of an exposed load has its blocks and their prices."""
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    (key,) = entry.subentries
    run_now = load_entity(hass, key, "run_now")
    expose(hass, run_now)
    (load,) = (await call(hass, "get_load_plans"))["entities"]
    assert load["name"].startswith("Wallbox")
    assert load["state"] == "off"
    state = hass.states.get(run_now)
    assert state
    assert load["plan"] == state.attributes["plan"] != []


@pytest.mark.usefixtures("recorder_mock")
async def test_cost(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The cost of the last day comes from the exposed sensors, with their unit."""
    freezer.move_to("2026-11-23T16:30:00+00:00")
    home = simulator.add(scenarios.smart_already(smart_since=local("2026-11-20")))
    await set_up()
    for needed in ("homeassistant", "llm"):
        assert await async_setup_component(hass, needed, {})
    cost = entity_of(hass, home, "cost_last_day")
    expose(hass, cost)
    (told,) = (await call(hass, "get_cost"))["entities"]
    state = hass.states.get(cost)
    assert state
    assert told["state"] == state.state
    assert told["unit_of_measurement"] == "EUR"
