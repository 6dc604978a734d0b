"""What begins for a contract when its gate opens."""

from asyncio import gather
from collections.abc import Callable, Iterable
from functools import partial
from itertools import batched

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.recorder import DATA_INSTANCE

from .const import DOMAIN
from .coordinator import NomosConfigEntry
from .prices.coordinator import PriceCoordinator
from .usage.coordinator import UsageCoordinator

AT_A_TIME = 10
"""For how many contracts Nomos is asked in parallel for the first time."""


@callback
def async_watch_gates(hass: HomeAssistant, entry: NomosConfigEntry) -> None:
    """Let prices and usage appear when the gate of a contract opens."""
    update = partial(_update, hass, entry)
    entry.async_on_unload(entry.runtime_data.async_add_listener(update))
    update()


@callback
def _update(hass: HomeAssistant, entry: NomosConfigEntry) -> None:
    account = entry.runtime_data
    prices = _follow(hass, entry, account.prices, PriceCoordinator)
    # Who records nothing has no statistics to bring usage into.
    usage = (
        _follow(hass, entry, account.usage, UsageCoordinator)
        if DATA_INSTANCE in hass.data
        else []
    )
    if prices or usage:
        entry.async_create_background_task(
            hass, _async_ask_first(prices, usage), f"{DOMAIN} first prices and usage"
        )


@callback
def _follow[CoordinatorT: PriceCoordinator | UsageCoordinator](
    hass: HomeAssistant,
    entry: NomosConfigEntry,
    known: dict[str, CoordinatorT],
    create: Callable[..., CoordinatorT],
) -> list[CoordinatorT]:
    """Begin and end with the contracts; return the new ones that have to ask."""
    account = entry.runtime_data
    for key in known.keys() - account.data.keys():
        entry.async_create_task(hass, known.pop(key).async_shutdown())
    new = [
        create(hass, account, key)
        for key, contract in account.data.items()
        if contract.smart_meter_active and key not in known
    ]
    known.update((each.subscription_id, each) for each in new)
    return [each for each in new if each.is_due]


async def _async_ask_first(
    prices: Iterable[PriceCoordinator], usage: Iterable[UsageCoordinator]
) -> None:
    """Ask for what everybody waits for first, and then for the long past."""
    for some in batched(prices, AT_A_TIME, strict=False):
        await gather(*(each.async_refresh() for each in some))
    for each in usage:
        await each.async_refresh()
