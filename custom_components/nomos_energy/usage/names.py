"""Names of the statistics, which follow the names of the contracts."""

from collections.abc import Collection

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from sqlalchemy.exc import SQLAlchemyError

from ..const import DOMAIN, LOGGER
from ..coordinator import ContractCoordinator
from .statistics import async_describe, async_rename


@callback
def async_setup_statistics_names(
    hass: HomeAssistant,
    entry: ConfigEntry,
    contracts: ContractCoordinator,
    measured: Collection[str],
) -> None:
    """Rename statistics at set-up, and whenever the name of a contract changes.

    `measured` has the subscription IDs of the contracts whose usage is imported.
    """
    named: dict[str, str] = {}

    @callback
    def update() -> None:
        names = {key: contracts.names[key] for key in measured}
        changed = [key for key, name in names.items() if named.get(key) != name]
        named.update(names)
        if changed:
            entry.async_create_background_task(
                hass,
                _async_rename(hass, contracts, changed),
                f"{DOMAIN} names of statistics",
            )

    entry.async_on_unload(contracts.async_add_listener(update))
    update()


async def _async_rename(
    hass: HomeAssistant, contracts: ContractCoordinator, keys: Collection[str]
) -> None:
    try:
        described = [
            await async_describe(hass, contracts, key)
            for key in keys
            if key in contracts.data
        ]
        await async_rename(hass, described)
    except SQLAlchemyError:
        # The next import writes the names, too.
        LOGGER.warning("The recorder does not return the names of the statistics")
