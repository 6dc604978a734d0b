"""Steps of the options flow that add a contract to the Energy dashboard."""

from abc import abstractmethod
from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
import voluptuous as vol

from ..contract_selector import CONF_SUBSCRIPTION, contract_label, contract_selector
from ..coordinator import ContractCoordinator
from ..issues import escape_markdown
from .energy_dashboard import (
    GridConnection,
    Outcome,
    Proposal,
    async_add,
    async_propose,
)
from .statistics import ContractStatistics, async_declare, async_describe

REASONS = {
    Outcome.MISSING: "energy_missing",
    Outcome.UNKNOWN: "energy_guide",
    Outcome.OTHER_METER: "energy_other_meter",
    Outcome.ALREADY: "energy_already",
    Outcome.POSSIBLE: "energy_added",
}
"""Translation keys of what was done, or what to do instead."""


class EnergyOptionsSteps(OptionsFlow):
    """Steps that add a contract: its choice, confirmation."""

    _added: str
    """Contract that is added."""

    @abstractmethod
    def contracts(self) -> ContractCoordinator | None:
        """Return the contracts of the account, or None if it is not loaded."""

    async def async_step_energy_dashboard(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let a contract be chosen, if usage of several is known."""
        contracts = self.contracts()
        if contracts is None or not contracts.data:
            return self.async_abort(reason="not_loaded")
        active = [
            key for key, each in contracts.data.items() if each.smart_meter_active
        ]
        possible = [key for key in active if not contracts.data[key].feeds_in]
        if not active:
            return self.async_abort(reason="energy_not_active")
        if not possible:
            return await self._async_explain_feed_in(contracts, active[0])
        if user_input is None and len(possible) > 1:
            selector = contract_selector(contracts, possible)
            return self.async_show_form(
                step_id="energy_dashboard",
                data_schema=vol.Schema({vol.Required(CONF_SUBSCRIPTION): selector}),
                last_step=False,
            )
        self._added = user_input[CONF_SUBSCRIPTION] if user_input else possible[0]
        return await self.async_step_energy_confirm()

    async def async_step_energy_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show what will be set, and set it once that is confirmed."""
        contracts, key = self.contracts(), self._added
        if contracts is None or key not in contracts.data:
            return self.async_abort(reason="not_loaded")
        statistics = await async_describe(self.hass, contracts, key)
        feed_in = await self._async_describe_feed_in(contracts, key)
        wanted = _connection(statistics, feed_in)
        placeholders = {
            "contract": escape_markdown(contract_label(contracts, key)),
            **_names(statistics, "consumption", "cost"),
            **(_names(feed_in, "returned", "compensation") if feed_in else {}),
        }
        act = async_propose if user_input is None else async_add
        proposal = await act(self.hass, wanted)
        if proposal.outcome is Outcome.POSSIBLE:
            if user_input is None:
                return self._show_proposal(proposal, placeholders)
            for each in filter(None, (statistics, feed_in)):
                async_declare(self.hass, each)
        return self.async_abort(
            reason=REASONS[proposal.outcome], description_placeholders=placeholders
        )

    async_step_energy_confirm_feed_in = async_step_energy_confirm

    def _show_proposal(
        self, proposal: Proposal, placeholders: dict[str, str]
    ) -> ConfigFlowResult:
        return self.async_show_form(
            step_id="energy_confirm_feed_in" if proposal.feeds_in else "energy_confirm",
            data_schema=vol.Schema({}),
            description_placeholders=placeholders,
        )

    async def _async_explain_feed_in(
        self, contracts: ContractCoordinator, key: str
    ) -> ConfigFlowResult:
        """Say what to choose where another supplier delivers the electricity."""
        statistics = await async_describe(self.hass, contracts, key)
        return self.async_abort(
            reason="energy_only_feed_in",
            description_placeholders=_names(statistics, "returned", "compensation"),
        )

    async def _async_describe_feed_in(
        self, contracts: ContractCoordinator, key: str
    ) -> ContractStatistics | None:
        """Return the statistics of the feed-in contract at the same address."""
        address = contracts.data[key].subscription.address
        for other, each in contracts.data.items():
            if (
                each.feeds_in
                and each.smart_meter_active
                and address is not None
                and each.subscription.address == address
            ):
                return await async_describe(self.hass, contracts, other)
        return None


def _connection(
    statistics: ContractStatistics, feed_in: ContractStatistics | None
) -> GridConnection:
    return GridConnection(
        consumption=statistics.energy["statistic_id"],
        cost=statistics.money["statistic_id"],
        returned=feed_in.energy["statistic_id"] if feed_in else None,
        compensation=feed_in.money["statistic_id"] if feed_in else None,
    )


def _names(statistics: ContractStatistics, energy: str, money: str) -> dict[str, str]:
    """Return the names of statistics as placeholders."""
    return {
        energy: escape_markdown(statistics.energy["name"] or ""),
        money: escape_markdown(statistics.money["name"] or ""),
    }
