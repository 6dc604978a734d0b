"""Comparison tariffs are created, changed and removed with their subentries."""

from collections.abc import Callable, Mapping

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import get_metadata
from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import (
    async_dispatcher_connect,
    async_dispatcher_send,
)
from homeassistant.helpers.recorder import DATA_INSTANCE
from homeassistant.util import slugify

from ..billing.costs import CostCoordinator
from ..const import DOMAIN, LOGGER, SUBENTRY_COMPARISON
from ..coordinator import ContractCoordinator
from .coordinator import ComparisonCoordinator, async_clear, statistic_prefix
from .tariff import ComparisonTariff, InvalidTariffError


def signal_comparisons_updated(entry: ConfigEntry) -> str:
    """Return the signal that is dispatched when comparison tariffs come or go."""
    return f"{DOMAIN}_{entry.entry_id}_comparisons"


type Create = Callable[[str, ComparisonTariff], ComparisonCoordinator]


@callback
def async_setup_comparisons(
    hass: HomeAssistant,
    entry: ConfigEntry,
    contracts: ContractCoordinator,
    costs: Mapping[str, CostCoordinator],
    comparisons: dict[str, ComparisonCoordinator],
    create: Create,
) -> None:
    """Keep a coordinator for each comparison tariff in `comparisons`, by subentry ID.

    `costs` has the coordinators of the contracts whose usage is imported.
    """
    logged: set[str] = set()

    @callback
    def clear_removed() -> None:
        if DATA_INSTANCE in hass.data:
            entry.async_create_background_task(
                hass,
                _async_clear_removed(hass, entry, contracts),
                f"{DOMAIN} statistics of comparisons",
            )

    @callback
    def update() -> None:
        before = dict(comparisons)
        tariffs = _tariffs(entry, logged)
        measured = {
            key: coordinator
            for key, tariff in tariffs.items()
            if (coordinator := costs.get(tariff.subscription_id))
        }
        for key, comparison in before.items():
            if comparison.costs is not measured.get(key):
                entry.async_create_task(hass, comparisons.pop(key).async_shutdown())
        for key in measured:
            if key not in comparisons:
                comparisons[key] = create(key, tariffs[key])
            elif comparisons[key].tariff != tariffs[key]:
                comparisons[key].async_set_tariff(tariffs[key])
        if comparisons != before:
            async_dispatcher_send(hass, signal_comparisons_updated(entry))
            clear_removed()

    @callback
    def entry_changed(change: ConfigEntryChange, changed: ConfigEntry) -> None:
        if changed is entry and change is ConfigEntryChange.UPDATED:
            update()

    entry.async_on_unload(contracts.async_add_listener(update))
    entry.async_on_unload(
        async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, entry_changed)
    )
    update()
    clear_removed()


def _tariffs(entry: ConfigEntry, logged: set[str]) -> dict[str, ComparisonTariff]:
    """Return the valid tariffs by subentry ID; `logged` has the invalid ones."""
    tariffs: dict[str, ComparisonTariff] = {}
    for key, subentry in entry.subentries.items():
        if subentry.subentry_type != SUBENTRY_COMPARISON:
            continue
        try:
            tariffs[key] = ComparisonTariff.from_data(subentry.title, subentry.data)
            logged.discard(key)
        except InvalidTariffError as err:
            if key not in logged:
                LOGGER.warning("The comparison tariff %s is skipped: %s", key, err)
            logged.add(key)
    return tariffs


async def _async_clear_removed(
    hass: HomeAssistant, entry: ConfigEntry, contracts: ContractCoordinator
) -> None:
    """Clear the statistics of tariffs that were removed: they can be computed again."""
    prefixes = tuple(map(statistic_prefix, contracts.data))
    kept = {prefix + slugify(key) for prefix in prefixes for key in entry.subentries}
    stored = await get_instance(hass).async_add_executor_job(
        lambda: get_metadata(hass, statistic_source=DOMAIN)
    )
    gone = [each for each in stored if each.startswith(prefixes) and each not in kept]
    if gone:
        await async_clear(hass, gone)
