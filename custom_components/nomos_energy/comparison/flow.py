"""Subentry flow of comparison tariffs."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    DateSelector,
    ObjectSelector,
    ObjectSelectorConfig,
    TextSelector,
)
import voluptuous as vol

from ..contract_selector import CONF_SUBSCRIPTION, contract_selector
from ..coordinator import ContractCoordinator
from ..number_field import InvalidNumberError, NumberField, price_field, price_in_euros
from .tariff import ComparisonTariff, InvalidTariffError, TariffPrice

CONF_PRICE = "price"
CONF_BASE_FEE = "base_fee"
CONF_PRICES = "prices"
CONF_VALID_FROM = "valid_from"
SECTION_CHANGES = "changes"

HIGHEST_PRICE = 500
"""ct/kWh."""

HIGHEST_FEE = 1000
"""EUR per month."""

NUMBERS = {
    CONF_PRICE: price_field(HIGHEST_PRICE),
    CONF_BASE_FEE: NumberField(
        unit="€",
        lowest=0,
        highest=HIGHEST_FEE,
        out_of_range="base_fee_out_of_range",
    ),
}


class ComparisonFlow(ConfigSubentryFlow):
    """Subentry flow that adds or changes a comparison tariff."""

    _confirmed_price: float | None = None
    """Price that was asked back; entered again, it is accepted."""

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
        keys = [key for key, each in coordinator.data.items() if not each.feeds_in]
        if not keys:
            return self.async_abort(reason="no_consumption")
        errors: dict[str, str] = {}
        placeholders = {
            "highest_price": str(HIGHEST_PRICE),
            "highest_fee": str(HIGHEST_FEE),
        }
        if user_input is not None:
            name = user_input[CONF_NAME].strip()
            data, errors = _read(user_input)
            errors |= _errors(name, data, errors)
            if not errors and (doubt := self._doubt(user_input, data)):
                errors[CONF_PRICE] = "price_in_euros"
                placeholders |= doubt
            if not errors:
                return self._finish(name, data)
        schema = vol.Schema(
            {
                vol.Required(CONF_NAME): TextSelector(),
                vol.Required(CONF_SUBSCRIPTION): contract_selector(coordinator, keys),
                vol.Required(CONF_PRICE): NUMBERS[CONF_PRICE].selector,
                vol.Optional(CONF_BASE_FEE): NUMBERS[CONF_BASE_FEE].selector,
                vol.Required(SECTION_CHANGES): section(
                    vol.Schema({vol.Optional(CONF_PRICES): _ROWS}),
                    {"collapsed": True},
                ),
            }
        )
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(
                schema, user_input or self._known(keys[0])
            ),
            errors=errors,
            description_placeholders=placeholders,
        )

    async_step_reconfigure = async_step_user

    def _known(self, first: str) -> Mapping[str, Any]:
        """Return the suggested values of the form."""
        if self.source != SOURCE_RECONFIGURE:
            return {CONF_SUBSCRIPTION: first}
        subentry = self._get_reconfigure_subentry()
        known = {CONF_NAME: subentry.title, **subentry.data}
        try:
            prices = ComparisonTariff.from_data(subentry.title, subentry.data).prices
        except InvalidTariffError:
            # The form also repairs a tariff: it suggests nothing that it would refuse.
            return {CONF_NAME: subentry.title, CONF_SUBSCRIPTION: first}
        first_price, *changes = prices
        rows = [
            {CONF_VALID_FROM: each.valid_from.isoformat(), **self._shown(each)}
            for each in changes
        ]
        return known | self._shown(first_price) | {SECTION_CHANGES: {CONF_PRICES: rows}}

    def _shown(self, price: TariffPrice) -> dict[str, str]:
        """Return the numbers of a price as they are entered."""
        shown = {
            name: field.show(self.hass, getattr(price, name))
            for name, field in NUMBERS.items()
        }
        return {name: number for name, number in shown.items() if number is not None}

    def _doubt(
        self, user_input: Mapping[str, Any], data: Mapping[str, Any]
    ) -> dict[str, str] | None:
        """Return what to ask back about the price, once for each price."""
        price = data[CONF_PRICES][0][CONF_PRICE]
        if price == self._confirmed_price:
            return None
        self._confirmed_price = price
        return price_in_euros(user_input[CONF_PRICE], price)

    def _finish(self, name: str, data: dict[str, Any]) -> SubentryFlowResult:
        if self.source != SOURCE_RECONFIGURE:
            return self.async_create_entry(title=name, data=data)
        return self.async_update_and_abort(
            self._get_entry(), self._get_reconfigure_subentry(), title=name, data=data
        )


_ROWS = ObjectSelector(
    ObjectSelectorConfig(
        multiple=True,
        label_field=CONF_VALID_FROM,
        description_field=CONF_PRICE,
        translation_key="price_change",
        fields={
            CONF_VALID_FROM: {"required": True, "selector": DateSelector()},
            CONF_PRICE: {"required": True, "selector": NUMBERS[CONF_PRICE].selector},
            CONF_BASE_FEE: {"selector": NUMBERS[CONF_BASE_FEE].selector},
        },
    )
)


def _read(user_input: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the data to store, and the translation keys of invalid numbers.

    The first price holds from the beginning, each further one from its day on.
    """
    changes = user_input[SECTION_CHANGES].get(CONF_PRICES) or []
    prices: list[dict[str, Any]] = []
    errors: dict[str, str] = {}
    for place, entered in enumerate((user_input, *changes)):
        row = {CONF_VALID_FROM: entered[CONF_VALID_FROM]} if place else {}
        for name, field in NUMBERS.items():
            text = entered.get(name, "").strip()
            if not text and name == CONF_BASE_FEE:
                continue
            try:
                row[name] = field.parse(text)
            except InvalidNumberError as err:
                # Errors can't be shown within a row.
                errors["base" if place else name] = (
                    f"change_{err.key}" if place else err.key
                )
        prices.append(row)
    data = {CONF_SUBSCRIPTION: user_input[CONF_SUBSCRIPTION], CONF_PRICES: prices}
    return data, errors


def _errors(
    name: str, data: Mapping[str, Any], known: Mapping[str, str]
) -> dict[str, str]:
    """Return the translation keys of other invalid fields."""
    errors = {} if name else {CONF_NAME: "name_missing"}
    days = [each[CONF_VALID_FROM] for each in data[CONF_PRICES][1:]]
    if len(set(days)) < len(days):
        errors["base"] = "same_day"
    if not errors and not known:
        try:
            ComparisonTariff.from_data(name, data)
        except InvalidTariffError:
            errors["base"] = "change_unusable"
    return errors
