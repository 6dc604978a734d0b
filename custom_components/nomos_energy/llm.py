"""Tools for language models: they read, and never order or switch.

Each answers for the contracts and loads of which an entity with the answer is exposed
to the assistant that asks.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, override

from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.components.llm import LLMTools
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.llm import LLM_API_ASSIST, LLMContext, Tool, ToolInput
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .compat import READ_ONLY_TOOL, tool_result
from .const import DOMAIN
from .device import contract_devices
from .nomos import DAY, berlin_day, midnight
from .runtime import NomosConfigEntry
from .services import (
    SERVICE_FIND_CHEAPEST_WINDOW,
    SERVICE_GET_ORDER,
    SERVICE_GET_PRICES,
)

ORDER_KEYS = frozenset(
    {
        "appointment",
        "expected_activation",
        "installation",
        "order_status",
        "order_update",
        "smart_meter_active",
    }
)
PRICE_KEYS = frozenset({"payout", "price"})
PLAN_KEYS = frozenset(
    {"next_end", "next_start", "plan_state", "planned_cost", "run_now"}
)
COST_KEYS = frozenset(
    {
        "average_payout_last_day",
        "average_price_paid_last_day",
        "consumption_last_day",
        "cost_last_day",
        "cost_this_month",
        "earnings_last_day",
        "earnings_this_month",
        "expected_cost",
        "feed_in_last_day",
        "savings_this_month",
    }
)

LONGEST_RUN = 24 * 60
"""Minutes."""


class NomosTool(Tool):
    """Tool that answers from the exposed entities with certain translation keys."""

    integration = DOMAIN
    annotations = READ_ONLY_TOOL
    keys: ClassVar[frozenset[str]]

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> Any:
        """Answer; an error is an answer as well, so that the model can explain it."""
        try:
            args = self.parameters(tool_input.tool_args)
            answer = await self._async_answer(hass, args, llm_context)
        except (HomeAssistantError, vol.Invalid) as err:
            return tool_result({"error": str(err)}, error=True)
        return tool_result(answer)

    async def _async_answer(
        self, hass: HomeAssistant, args: Mapping[str, Any], llm_context: LLMContext
    ) -> dict[str, Any]:
        """Return the states of the exposed entities."""
        states = (
            hass.states.get(entity.entity_id)
            for _, entity in exposed(hass, llm_context, self.keys)
        )
        return {
            "entities": [
                {
                    "name": state.name,
                    "state": state.state,
                    **{
                        key: state.attributes[key]
                        for key in ("unit_of_measurement", "date", "plan")
                        if key in state.attributes
                    },
                }
                for state in states
                if state
            ]
        }


class ActionTool(NomosTool):
    """Tool that answers with the response of an action, for each exposed contract."""

    action: ClassVar[str]

    def data(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of the action."""
        return {}

    @override
    async def _async_answer(
        self, hass: HomeAssistant, args: Mapping[str, Any], llm_context: LLMContext
    ) -> dict[str, Any]:
        answers: dict[str, Any] = {}
        data = self.data(args)
        for entry, key in exposed_contracts(hass, llm_context, self.keys):
            name = entry.runtime_data.contracts.names[key]
            device = contract_devices(hass, entry)[key]
            try:
                answers[name] = await hass.services.async_call(
                    DOMAIN,
                    self.action,
                    {"device_id": device.id, **data},
                    blocking=True,
                    return_response=True,
                    context=llm_context.context,
                )
            except HomeAssistantError as err:
                answers[name] = {"error": str(err)}
        return {"contracts": answers}


class OrderTool(ActionTool):
    """Tool for the order of a smart meter."""

    name = f"{DOMAIN}__get_order"
    title = "Get smart meter order"
    description = (
        "Get the state of the smart meter order: milestone, installation appointment, "
        "expected activation, and why it is blocked or cancelled."
    )
    keys = ORDER_KEYS
    action = SERVICE_GET_ORDER


class PricesTool(ActionTool):
    """Tool for the prices of a day."""

    name = f"{DOMAIN}__get_prices"
    title = "Get electricity prices"
    description = (
        "Get the electricity prices of each hour of today or tomorrow, all in. "
        "Prices of tomorrow are usually known from 3 pm on."
    )
    parameters = vol.Schema({vol.Required("day"): vol.In(["today", "tomorrow"])})
    keys = PRICE_KEYS
    action = SERVICE_GET_PRICES

    @override
    def data(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Return the begin and the end of the day."""
        day = berlin_day(dt_util.utcnow()) + (args["day"] == "tomorrow") * DAY
        return {
            "start": midnight(day),
            "end": midnight(day + DAY),
            "resolution": "hour",
        }


def _moment(value: str) -> datetime | None:
    """Return a moment; models fill in what is optional with nothing."""
    moment = dt_util.parse_datetime(value)
    if value and moment is None:
        raise vol.Invalid(f"{value} is no date and time")
    return moment


class CheapestTimeTool(ActionTool):
    """Tool for the cheapest time to run something."""

    name = f"{DOMAIN}__find_cheapest_time"
    title = "Find cheapest time"
    description = (
        "Find the cheapest time for something that uses electricity for some minutes. "
        "Limits are local ISO 8601 times; without them it is looked for from now on, "
        "as far as prices are known. Nothing is switched."
    )
    parameters = vol.Schema(
        {
            vol.Required("minutes"): vol.All(
                vol.Coerce(int), vol.Range(min=15, max=LONGEST_RUN)
            ),
            vol.Optional("earliest"): str,
            vol.Optional("latest"): str,
        }
    )
    keys = PRICE_KEYS
    action = SERVICE_FIND_CHEAPEST_WINDOW

    @override
    def data(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Return the duration and the limits."""
        limits = {key: _moment(args.get(key, "")) for key in ("earliest", "latest")}
        return {
            "duration": timedelta(minutes=args["minutes"]),
            **{key: moment for key, moment in limits.items() if moment},
        }


class PlanTool(NomosTool):
    """Tool for the plans of loads."""

    name = f"{DOMAIN}__get_load_plans"
    title = "Get plans of loads"
    description = (
        "Get when planned loads such as a wallbox run, and at which price in EUR/kWh."
    )
    keys = PLAN_KEYS


class CostTool(NomosTool):
    """Tool for the cost of electricity."""

    name = f"{DOMAIN}__get_cost"
    title = "Get electricity cost"
    description = (
        "Get what electricity has cost, the usage and the feed-in: of the last day "
        "that is known without a gap, and of this month if there are sensors for it."
    )
    keys = COST_KEYS


TOOLS = (OrderTool, PricesTool, CheapestTimeTool, PlanTool, CostTool)


@callback
def async_get_tools(
    hass: HomeAssistant, llm_context: LLMContext, api_id: str
) -> LLMTools | None:
    """Return the tools for which an entity is exposed."""
    if api_id != LLM_API_ASSIST:
        return None
    tools: list[Tool] = [
        kind() for kind in TOOLS if any(exposed(hass, llm_context, kind.keys))
    ]
    return LLMTools(tools=tools) if tools else None


def exposed(
    hass: HomeAssistant, llm_context: LLMContext, keys: frozenset[str]
) -> Iterable[tuple[NomosConfigEntry, er.RegistryEntry]]:
    """Return the exposed entities of loaded accounts with these translation keys."""
    registry = er.async_get(hass)
    entry: NomosConfigEntry
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
            if (
                entity.translation_key in keys
                and entity.disabled_by is None
                and async_should_expose(hass, llm_context.assistant, entity.entity_id)
            ):
                yield entry, entity


def exposed_contracts(
    hass: HomeAssistant, llm_context: LLMContext, keys: frozenset[str]
) -> dict[tuple[NomosConfigEntry, str], None]:
    """Return the account and subscription ID of each exposed contract, once."""
    return {
        (entry, key): None
        for entry, entity in exposed(hass, llm_context, keys)
        if (key := entity.unique_id.removesuffix(f"_{entity.translation_key}"))
        in entry.runtime_data.contracts.data
    }
