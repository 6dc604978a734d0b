"""Subentry flow of planned loads: what a load needs, when it may run, what is switched."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME
import voluptuous as vol

from ..contract_selector import CONF_SUBSCRIPTION, contract_selector
from ..coordinator import ContractCoordinator
from ..nomos import PriceSeries
from ..number_field import price_in_euros
from .form import ADVANCED, hours_schema, need_schema, with_choices
from .form_errors import hours_errors, need_errors, switching_errors
from .form_fields import (
    CONF_ALWAYS_BELOW,
    CONF_TARGETS,
    CONF_UPPER_PRICE,
    HIGHEST_NUMBER,
    HIGHEST_PRICE,
    MOST_STARTS,
)
from .form_switching import async_action_errors, async_automation_of, switching_schema
from .form_values import advanced_fields, flatten, read, shown
from .limit_option import power_limit
from .need import FULL, HIGHEST_ENERGY, HIGHEST_POWER, NeedKind
from .preview import preview
from .settings import PlannedLoad

PRICES = (CONF_UPPER_PRICE, CONF_ALWAYS_BELOW)

LIMITS = {
    "highest_price": str(HIGHEST_PRICE),
    "highest_power": str(HIGHEST_POWER),
    "highest_energy": str(HIGHEST_ENERGY),
    "highest_percent": str(FULL),
    "highest_number": str(HIGHEST_NUMBER),
    "most_starts": str(MOST_STARTS),
}
"""Placeholders of the error texts."""

type Check = Callable[[Mapping[str, Any]], dict[str, str]]


class PlannedLoadFlow(ConfigSubentryFlow):
    """Subentry flow that adds or changes a planned load."""

    def __init__(self) -> None:
        """Initialize a flow in which nothing was entered yet."""
        self._data: dict[str, Any] = {}
        """What was entered in the steps so far, as it is stored."""
        self._confirmed_prices: set[float] = set()
        """Prices that were asked back; entered again, they are accepted."""
        self._automation = ""
        """Automation that was named in a warning; sent again, the form is accepted."""

    @abstractmethod
    def contracts(self) -> ContractCoordinator | None:
        """Return the contracts of the account, or None if it is not loaded."""

    @abstractmethod
    def known_prices(self, subscription_id: str) -> PriceSeries:
        """Return the prices of a contract that need no request."""

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the kind of need."""
        if (contracts := self.contracts()) is None:
            return self.async_abort(reason="not_loaded")
        if not _consumption(contracts):
            return self.async_abort(reason="no_consumption")
        return self.async_show_menu(
            step_id=self.source, menu_options=[each.value for each in NeedKind]
        )

    async_step_reconfigure = async_step_user

    async def async_step_run_time(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for a run time."""
        return await self._async_need_step(NeedKind.RUN_TIME, user_input)

    async def async_step_energy(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for an amount of energy."""
        return await self._async_need_step(NeedKind.ENERGY, user_input)

    async def async_step_charge_level(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for a charge level."""
        return await self._async_need_step(NeedKind.CHARGE_LEVEL, user_input)

    async def _async_need_step(
        self, kind: NeedKind, user_input: dict[str, Any] | None
    ) -> SubentryFlowResult:
        if (contracts := self.contracts()) is None:
            return self.async_abort(reason="not_loaded")
        keys = _consumption(contracts)
        # With a single contract there is nothing to choose.
        is_clear = (
            self._stored.get(CONF_SUBSCRIPTION, keys[0]) in keys and len(keys) == 1
        )
        schema = need_schema(
            kind, None if is_clear else contract_selector(contracts, keys)
        )
        self._data |= {"need": kind.value, CONF_SUBSCRIPTION: keys[0]}
        if form := self._form(kind, schema, need_errors, user_input):
            return form
        return await self.async_step_hours()

    async def async_step_hours(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask when the load may run."""
        if form := self._form("hours", hours_schema(), hours_errors, user_input):
            return form
        return await self.async_step_switching()

    async def async_step_switching(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask what is switched, and finish."""
        unusable = await async_action_errors(self.hass, flatten(user_input or {}))

        def check(data: Mapping[str, Any]) -> dict[str, str]:
            return switching_errors(data) | unusable or self._conflict(data)

        if form := self._form("switching", switching_schema(), check, user_input):
            return form
        return self._finish()

    def _conflict(self, data: Mapping[str, Any]) -> dict[str, str]:
        """Warn once of an automation that switches the same."""
        automation = async_automation_of(self.hass, data)
        if automation is None or automation == self._automation:
            return {}
        self._automation = automation
        return {CONF_TARGETS: "switched_by_automation"}

    @property
    def _stored(self) -> Mapping[str, Any]:
        """Data of the load that is changed."""
        if self.source != SOURCE_RECONFIGURE:
            return {}
        subentry = self._get_reconfigure_subentry()
        return {CONF_NAME: subentry.title, **subentry.data}

    def _form(
        self,
        step_id: str,
        schema: vol.Schema,
        check: Check,
        user_input: dict[str, Any] | None,
    ) -> SubentryFlowResult | None:
        """Return the form of a step, or None if its input is valid and was taken over."""
        errors: dict[str, str] = {}
        doubts: dict[str, str] = {}
        if user_input is None:
            known = {**self._stored, **self._data}
            is_new = self._stored.get("need") != self._data["need"]
            values = shown(self.hass, schema, known, is_new=is_new)
        else:
            entered = flatten(user_input)
            data, errors = read(entered)
            errors = check(self._data | data) | errors
            doubts = {} if errors else self._doubt(entered, data)
            if not errors and not doubts:
                self._data |= data
                return None
            values = entered
        return self._show(step_id, schema, values, errors, doubts)

    def _show(
        self,
        step_id: str,
        schema: vol.Schema,
        values: Mapping[str, Any],
        errors: Mapping[str, str],
        doubts: Mapping[str, str],
    ) -> SubentryFlowResult:
        advanced = advanced_fields(schema)
        if doubts:
            errors = {ADVANCED: "price_in_euros"}
        # The frontend shows no errors within a section.
        shown_errors = {
            ADVANCED if field in advanced else field: key
            for field, key in reversed(list(errors.items()))
        }
        nested = {name: each for name, each in values.items() if name in advanced}
        if ADVANCED in shown_errors or advanced & self._stored.keys():
            schema.schema[ADVANCED].options["collapsed"] = False
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                with_choices(schema, values), {**values, ADVANCED: nested}
            ),
            errors=shown_errors,
            description_placeholders={
                **LIMITS,
                **doubts,
                "automation": self._automation,
            },
            last_step=step_id == "switching",
        )

    def _doubt(
        self, entered: Mapping[str, Any], data: Mapping[str, Any]
    ) -> dict[str, str]:
        """Return what to ask back about the prices, once for each price."""
        for name in PRICES:
            price = data.get(name)
            known = self._confirmed_prices | {self._stored.get(name)}
            if price is None or price in known:
                continue
            if doubt := price_in_euros(entered[name], price):
                self._confirmed_prices.add(price)
                return doubt
        return {}

    def _preview(
        self, name: str, data: Mapping[str, Any]
    ) -> tuple[str, dict[str, str]]:
        """Return what happens next, once the load is there."""
        load, contracts = PlannedLoad.from_data(name, data), self.contracts()
        contract = contracts and contracts.data.get(load.subscription_id)
        prices = self.known_prices(load.subscription_id)
        is_active = bool(contract and contract.has_prices)
        limit = power_limit(self._get_entry(), load.subscription_id)
        return preview(
            self.hass,
            load,
            prices,
            is_active=is_active,
            is_limited=limit is not None,
        )

    def _finish(self) -> SubentryFlowResult:
        data = dict(self._data)
        name = data.pop(CONF_NAME).strip()
        if self.source != SOURCE_RECONFIGURE:
            description, placeholders = self._preview(name, data)
            return self.async_create_entry(
                title=name,
                data=data,
                description=description,
                description_placeholders=placeholders,
            )
        # Planned loads listen to changes of the entry.
        return self.async_update_and_abort(
            self._get_entry(), self._get_reconfigure_subentry(), title=name, data=data
        )


def _consumption(contracts: ContractCoordinator) -> list[str]:
    return [key for key, each in contracts.data.items() if not each.feeds_in]
