"""Subentry flow of planned loads."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import (
    DurationSelector,
    DurationSelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TimeSelector,
)
import voluptuous as vol

from ..const import PRICE_UNIT
from ..contract_selector import CONF_SUBSCRIPTION, contract_selector
from ..coordinator import ContractCoordinator
from .planner import NOTHING, WEEKDAYS, InvalidLoadError, PlannedLoad

CONF_RUN_TIME = "run_time"
CONF_EARLIEST = "earliest"
CONF_LATEST = "latest"
CONF_SHORTEST_PIECE = "shortest_piece"
CONF_UPPER_PRICE = "upper_price"
CONF_POWER = "power"
CONF_WEEKDAYS = "weekdays"

SUGGESTED = {
    CONF_RUN_TIME: {"hours": 3, "minutes": 0},
    CONF_EARLIEST: "18:00:00",
    CONF_LATEST: "07:00:00",
    CONF_WEEKDAYS: list(WEEKDAYS),
}
"""Suggested values: a car that is charged overnight."""

HIGHEST_PRICE = 5.0
"""EUR/kWh; above the exchange's limit."""

HIGHEST_POWER = 1000.0
"""kW."""

_UNUSABLE = {
    CONF_RUN_TIME: {CONF_LATEST: "hours_too_short"},
    CONF_SHORTEST_PIECE: {CONF_SHORTEST_PIECE: "piece_too_long"},
    CONF_WEEKDAYS: {CONF_WEEKDAYS: "no_weekday"},
}
"""Errors of settings that no plan can be made for; selectors check all others."""


class PlannedLoadFlow(ConfigSubentryFlow):
    """Subentry flow that adds or changes a planned load."""

    @abstractmethod
    def contracts(self) -> ContractCoordinator | None:
        """Return the contracts of the account, or None if it is not loaded."""

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Show the form."""
        coordinator = self.contracts()
        if coordinator is None:
            return self.async_abort(reason="not_loaded")
        contracts = _consumption(coordinator)
        if not contracts:
            return self.async_abort(reason="no_consumption")
        schema = _schema(contract_selector(coordinator, contracts))
        errors: dict[str, str] = {}
        if user_input is not None:
            name = user_input[CONF_NAME].strip()
            errors = _errors(name, user_input)
            if not errors:
                data = {
                    key: value for key, value in user_input.items() if key != CONF_NAME
                }
                return self._finish(name, data)
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(
                schema, user_input or self._known(contracts[0], schema)
            ),
            errors=errors,
        )

    async_step_reconfigure = async_step_user

    def _known(self, first: str, schema: vol.Schema) -> Mapping[str, Any]:
        """Return the suggested values of the form; a new load has the first contract."""
        if self.source != SOURCE_RECONFIGURE:
            return {CONF_SUBSCRIPTION: first, **SUGGESTED}
        subentry = self._get_reconfigure_subentry()
        # The form also repairs a load: it suggests nothing that it would refuse.
        known = {CONF_NAME: subentry.title, **subentry.data}
        return SUGGESTED | {
            str(field): known[field]
            for field, selector in schema.schema.items()
            if field in known and _accepts(selector, known[field])
        }

    def _finish(self, name: str, data: dict[str, Any]) -> SubentryFlowResult:
        if self.source != SOURCE_RECONFIGURE:
            return self.async_create_entry(title=name, data=data)
        # Planned loads listen to changes of the entry.
        return self.async_update_and_abort(
            self._get_entry(), self._get_reconfigure_subentry(), title=name, data=data
        )


def _accepts(selector: Callable[[Any], Any], value: Any) -> bool:
    try:
        selector(value)
    except vol.Invalid, TypeError, ValueError, ArithmeticError, LookupError:
        return False
    return True


def _consumption(contracts: ContractCoordinator) -> list[str]:
    return [key for key, each in contracts.data.items() if not each.feeds_in]


def _schema(contract: SelectSelector) -> vol.Schema:
    duration = DurationSelector(
        DurationSelectorConfig(
            enable_day=False, enable_second=False, allow_negative=False
        )
    )
    return vol.Schema(
        {
            vol.Required(CONF_NAME): TextSelector(),
            vol.Required(CONF_SUBSCRIPTION): contract,
            vol.Required(CONF_RUN_TIME): duration,
            vol.Required(CONF_EARLIEST): TimeSelector(),
            vol.Required(CONF_LATEST): TimeSelector(),
            vol.Optional(CONF_SHORTEST_PIECE): duration,
            vol.Optional(CONF_UPPER_PRICE): NumberSelector(
                NumberSelectorConfig(
                    min=-HIGHEST_PRICE,
                    max=HIGHEST_PRICE,
                    step="any",
                    unit_of_measurement=PRICE_UNIT,
                    mode=NumberSelectorMode.BOX,
                )
            ),
            vol.Optional(CONF_POWER): NumberSelector(
                NumberSelectorConfig(
                    min=0,
                    max=HIGHEST_POWER,
                    step="any",
                    unit_of_measurement="kW",
                    mode=NumberSelectorMode.BOX,
                )
            ),
            vol.Required(CONF_WEEKDAYS): SelectSelector(
                SelectSelectorConfig(
                    options=list(WEEKDAYS),
                    multiple=True,
                    mode=SelectSelectorMode.LIST,
                    translation_key="weekday",
                )
            ),
        }
    )


def _errors(name: str, user_input: Mapping[str, Any]) -> dict[str, str]:
    """Return the translation keys of invalid fields."""
    errors = {}
    if not name:
        errors[CONF_NAME] = "name_missing"
    try:
        load = PlannedLoad.from_data(name, user_input)
    except InvalidLoadError as err:
        return errors | _UNUSABLE[err.setting]
    if load.run_time <= NOTHING:
        errors[CONF_RUN_TIME] = "run_time_missing"
    elif load.run_time > load.longest_run_time:
        errors[CONF_LATEST] = "hours_too_short"
    if load.shortest_piece and load.shortest_piece > load.run_time:
        errors[CONF_SHORTEST_PIECE] = "piece_too_long"
    return errors
