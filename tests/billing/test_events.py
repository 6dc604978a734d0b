"""Event entity of the invoices."""

from datetime import date, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.nomos_energy.const import DOMAIN
from simulator import Household, Simulator, scenarios
from tests import DAY, next_start, pass_time, refresh, start_again
from tests.conftest import SetUp

OCTOBER = date(2026, 10, 1), date(2026, 11, 1)


@pytest.fixture
def home(simulator: Simulator) -> Household:
    """Return a household with an invoice, before its meter is active."""
    home = simulator.add(scenarios.happy_path())
    home.issue("prepayment", *OCTOBER, 60.0)
    return home


def listen(hass: HomeAssistant) -> list[tuple[str, Any]]:
    """Return the events of invoices from now on: type and number."""
    fired: list[tuple[str, Any]] = []

    @callback
    def changed(event: Event[Any]) -> None:
        new, old = event.data["new_state"], event.data["old_state"]
        if (
            event.data["entity_id"].endswith("_invoice")
            and event.data["entity_id"].startswith("event.")
            and new
            and new.state not in ("unknown", "unavailable", old and old.state)
        ):
            fired.append((new.attributes["event_type"], new.attributes["number"]))

    hass.bus.async_listen(EVENT_STATE_CHANGED, changed)
    return fired


async def test_events(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """What was there before is no news; each later change is one, with its facts."""
    await set_up()
    fired = listen(hass)
    await pass_time(hass, freezer, 8 * DAY, timedelta(hours=12))
    assert fired == []
    first, *_ = home.invoices
    usage = home.issue("usage", *OCTOBER, 88.5, usage=250.0)
    home.mark_invoice(first, "uncollectible")
    await pass_time(hass, freezer, 7 * DAY, timedelta(hours=12))
    assert fired == [("uncollectible", first.number), ("issued", usage.number)]
    entity = er.async_get(hass).async_get_entity_id(
        "event", DOMAIN, f"{home.subscription_id}_invoice"
    )
    found = hass.states.get(entity or "")
    assert found
    assert found.attributes["kind"] == "usage"
    assert found.attributes["total"] == 88.5
    assert found.attributes["last_day"] == "2026-10-31"
    fired.clear()
    home.mark_invoice(usage, "paid")
    home.issue("void", *OCTOBER, -88.5, voids=usage, status="paid")
    await pass_time(hass, freezer, 7 * DAY, timedelta(hours=12))
    assert fired == [("voided", usage.number)]


async def test_first_invoice_is_news(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The entity comes with the first invoice, and announces it."""
    home = simulator.add(scenarios.happy_path())
    await set_up()
    fired = listen(hass)
    invoice = home.issue("prepayment", *OCTOBER, 60.0)
    await pass_time(hass, freezer, 8 * DAY, timedelta(hours=12))
    assert fired == [("issued", invoice.number)]


async def test_restart(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """What happened while Home Assistant was off is announced once it has started."""
    entry = await set_up()
    first, *_ = home.invoices
    home.mark_invoice(first, "paid")
    freezer.tick(8 * DAY)
    async with next_start(hass, entry) as (new, _):
        fired = listen(new)
        assert fired == []
        await new.async_start()
        await new.async_block_till_done(wait_background_tasks=True)
        assert fired == [("paid", first.number)]
        await refresh(new, home)
        assert len(fired) == 1


@pytest.mark.parametrize("damaged", [None, {}, {"id": 5, "status": "open"}])
async def test_damaged_marks(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
    storage: dict[str, Any],
    damaged: Any,
) -> None:
    """If it is unknown what was announced, nothing is announced again."""
    entry = await set_up()
    await hass.config_entries.async_unload(entry.entry_id)
    data = storage[f"{DOMAIN}.{entry.entry_id}.billing"]["data"]
    assert len(data[home.subscription_id]["announced"]) == 1
    data[home.subscription_id]["announced"] = [damaged]
    fired = listen(hass)
    await start_again(hass, entry)
    await pass_time(hass, freezer, 8 * DAY, timedelta(hours=12))
    assert fired == []
    home.mark_invoice(home.invoices[0], "paid")
    await pass_time(hass, freezer, 8 * DAY, timedelta(hours=12))
    assert fired == [("paid", home.invoices[0].number)]
