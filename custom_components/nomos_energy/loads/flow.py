"""Subentry flow of planned loads."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import (
    DurationSelector,
    DurationSelectorConfig,
    EntitySelector,
    EntitySelectorConfig,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TimeSelector,
)
import voluptuous as vol

from ..contract_selector import CONF_SUBSCRIPTION, contract_selector
from ..coordinator import ContractCoordinator
from ..number_field import InvalidNumberError, NumberField, price_field, price_in_euros
from .planner import NOTHING, TARGET_DOMAINS, WEEKDAYS, InvalidLoadError, PlannedLoad

CONF_RUN_TIME = "run_time"
CONF_EARLIEST = "earliest"
CONF_LATEST = "latest"
CONF_SHORTEST_PIECE = "shortest_piece"
CONF_UPPER_PRICE = "upper_price"
CONF_POWER = "power"
CONF_WEEKDAYS = "weekdays"
CONF_TARGETS = "targets"

SUGGESTED = {
    CONF_RUN_TIME: {"hours": 3, "minutes": 0},
    CONF_EARLIEST: "18:00:00",
    CONF_LATEST: "07:00:00",
    CONF_WEEKDAYS: list(WEEKDAYS),
}
"""Suggested values: a car that is charged overnight."""

HIGHEST_PRICE = 500
"""ct/kWh; above the exchange's limit."""

HIGHEST_POWER = 1000
"""kW."""

NUMBERS = {
    CONF_UPPER_PRICE: price_field(HIGHEST_PRICE),
    CONF_POWER: NumberField(
        unit="kW", lowest=0, highest=HIGHEST_POWER, out_of_range="power_out_of_range"
    ),
}

DURATIONS = (CONF_RUN_TIME, CONF_SHORTEST_PIECE)

_UNUSABLE = {
    CONF_RUN_TIME: {CONF_LATEST: "hours_too_short"},
    CONF_SHORTEST_PIECE: {CONF_SHORTEST_PIECE: "piece_too_long"},
    CONF_WEEKDAYS: {CONF_WEEKDAYS: "no_weekday"},
    CONF_TARGETS: {CONF_TARGETS: "target_unusable"},
}
"""Errors of settings that no plan can be made for; selectors check all others."""


class PlannedLoadFlow(ConfigSubentryFlow):
    """Subentry flow that adds or changes a planned load."""

    _confirmed_price: float | None = None
    """Price limit that was asked back; entered again, it is accepted."""

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
        placeholders = {
            "highest_price": str(HIGHEST_PRICE),
            "highest_power": str(HIGHEST_POWER),
        }
        if user_input is not None:
            name = user_input[CONF_NAME].strip()
            data, errors = _read(user_input)
            errors |= _errors(name, data)
            if doubt := self._doubt(user_input, data):
                errors[CONF_UPPER_PRICE] = "price_in_euros"
                placeholders |= doubt
            if not errors:
                return self._finish(name, data)
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(
                schema, user_input or self._known(contracts[0], schema)
            ),
            errors=errors,
            description_placeholders=placeholders,
        )

    async_step_reconfigure = async_step_user

    def _known(self, first: str, schema: vol.Schema) -> Mapping[str, Any]:
        """Return the suggested values of the form; a new load has the first contract."""
        if self.source != SOURCE_RECONFIGURE:
            return {CONF_SUBSCRIPTION: first, **SUGGESTED}
        subentry = self._get_reconfigure_subentry()
        # The form also repairs a load: it suggests nothing that it would refuse.
        known = {CONF_NAME: subentry.title, **subentry.data}
        for name, number in NUMBERS.items():
            known[name] = number.show(self.hass, known.get(name))
        return SUGGESTED | {
            str(field): known[field]
            for field, selector in schema.schema.items()
            if field in known
            and _accepts(selector, known[field])
            and not _is_negative(known[field])
        }

    def _doubt(
        self, user_input: Mapping[str, Any], data: Mapping[str, Any]
    ) -> dict[str, str] | None:
        """Return what to ask back about the price limit, once for each price."""
        price = data.get(CONF_UPPER_PRICE)
        confirmed = [self._confirmed_price]
        if self.source == SOURCE_RECONFIGURE:
            confirmed.append(
                self._get_reconfigure_subentry().data.get(CONF_UPPER_PRICE)
            )
        if price is None or price in confirmed:
            return None
        self._confirmed_price = price
        return price_in_euros(user_input[CONF_UPPER_PRICE], price)

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


class _DurationSelector(DurationSelector):
    """Duration selector that leaves refusals to the form, whose errors are translated."""

    @override
    def __call__(self, data: Any) -> dict[str, float]:
        if not isinstance(data, dict) or not all(
            isinstance(each, int | float) for each in data.values()
        ):
            raise vol.Invalid("A duration expected")
        return data


def _schema(contract: SelectSelector) -> vol.Schema:
    duration = _DurationSelector(
        DurationSelectorConfig(
            enable_day=False, enable_second=False, allow_negative=False
        )
    )
    return vol.Schema(
        {
            vol.Required(CONF_NAME): TextSelector(),
            vol.Required(CONF_SUBSCRIPTION): contract,
            vol.Optional(CONF_TARGETS): EntitySelector(
                EntitySelectorConfig(
                    multiple=True, filter={"domain": list(TARGET_DOMAINS)}
                )
            ),
            vol.Required(CONF_RUN_TIME): duration,
            vol.Required(CONF_EARLIEST): TimeSelector(),
            vol.Required(CONF_LATEST): TimeSelector(),
            vol.Optional(CONF_SHORTEST_PIECE): duration,
            vol.Optional(CONF_UPPER_PRICE): NUMBERS[CONF_UPPER_PRICE].selector,
            vol.Optional(CONF_POWER): NUMBERS[CONF_POWER].selector,
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


def _read(user_input: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the data to store, and the translation keys of invalid numbers."""
    data = {key: value for key, value in user_input.items() if key != CONF_NAME}
    errors: dict[str, str] = {}
    for name, field in NUMBERS.items():
        if entered := data.pop(name, "").strip():
            try:
                data[name] = field.parse(entered)
            except InvalidNumberError as err:
                errors[name] = err.key
    return data, errors


def _is_negative(value: Any) -> bool:
    """Return if a part of a duration is negative."""
    return isinstance(value, Mapping) and any(
        isinstance(part, int | float) and part < 0 for part in value.values()
    )


def _errors(name: str, data: Mapping[str, Any]) -> dict[str, str]:
    """Return the translation keys of other invalid fields."""
    errors = {
        field: "negative_duration"
        for field in DURATIONS
        if _is_negative(data.get(field))
    }
    if not name:
        errors[CONF_NAME] = "name_missing"
    if CONF_RUN_TIME in errors or CONF_SHORTEST_PIECE in errors:
        return errors
    try:
        load = PlannedLoad.from_data(name, data)
    except InvalidLoadError as err:
        return errors | _UNUSABLE[err.setting]
    if load.run_time <= NOTHING:
        errors[CONF_RUN_TIME] = "run_time_missing"
    elif load.run_time > load.longest_run_time:
        errors[CONF_LATEST] = "hours_too_short"
    if load.shortest_piece and load.shortest_piece > load.run_time:
        errors[CONF_SHORTEST_PIECE] = "piece_too_long"
    return errors
