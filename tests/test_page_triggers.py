"""Examples of the page of triggers and conditions, in a household where each fires."""

from collections import Counter
from collections.abc import AsyncGenerator
from datetime import date
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.nomos_energy.const import DOMAIN
from simulator import Simulator, scenarios
from tests import pass_time, refresh
from tests.conftest import SetUp
from tests.loads.common import a_wallbox, add_load, pass_time_until
from tests.test_pages import ENGLISH, GERMAN, MINUTE, Pages

PAGE = "triggers-and-conditions"
TUESDAY = {2: 15.0, 3: 15.0, 6: 24.0, 10: 18.0, 13: 38.0, 17: 45.0, 18: 45.0}
WEDNESDAY = {2: 25.0, 3: 25.0, 10: 35.0, 17: 38.0, 18: 38.0}
"""Prices in ct/kWh by hour; 30 otherwise."""

ALL_ENTITIES = pytest.mark.usefixtures("all_entities_enabled")


@pytest.fixture(params=[ENGLISH, GERMAN], ids=lambda pages: pages.language)
async def pages(
    hass: HomeAssistant, request: pytest.FixtureRequest
) -> AsyncGenerator[Pages]:
    """Return the pages of one language after the other, with that language set."""
    found: Pages = request.param
    hass.config.language = found.language
    await hass.config.async_set_time_zone("Europe/Berlin")
    async_mock_service(hass, "notify", "send_message")
    async_mock_service(hass, "switch", "turn_on")
    async_mock_service(hass, "switch", "turn_off")
    yield found
    # A trigger of a time waits no longer.
    if hass.services.has_service("automation", "turn_off"):
        await hass.services.async_call(
            "automation", "turn_off", {"entity_id": "all"}, blocking=True
        )


def _examples(pages: Pages) -> list[dict[str, Any]]:
    return pages.examples_of(pages.page(PAGE))


def _kinds(examples: list[dict[str, Any]], part: str) -> Counter[str]:
    """Return how many examples have each trigger or condition of the integration."""
    found = (each[part][0] for each in examples if part in each)
    names = (each.get("trigger") or each["condition"] for each in found)
    return Counter(
        name.removeprefix(f"{DOMAIN}.") for name in names if name.startswith(DOMAIN)
    )


async def _count_runs(
    hass: HomeAssistant, examples: list[dict[str, Any]]
) -> Counter[str]:
    """Set up examples, each also without its condition, and count their runs."""
    runs: Counter[str] = Counter()

    @callback
    def count(event: Event[Any]) -> None:
        runs[event.data["name"]] += 1

    hass.bus.async_listen("automation_triggered", count)
    automations = [
        {**{key: example[key] for key in keys if key in example}, "alias": alias}
        for number, example in enumerate(examples)
        for alias, keys in (
            (f"{number}", ("triggers", "conditions", "actions")),
            (f"{number} always", ("triggers", "actions")),
        )
    ]
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "automation", {"automation": automations})
    await hass.async_block_till_done()
    return runs


def _check(runs: Counter[str], examples: list[dict[str, Any]]) -> None:
    """Check that each example runs, and that each condition holds some runs back."""
    for number, example in enumerate(examples):
        own, always = runs[f"{number}"], runs[f"{number} always"]
        assert own > 0, (example, runs)
        assert (own < always) == ("conditions" in example), (example, runs)


def test_one_example_for_each(pages: Pages) -> None:
    """Each trigger and each condition has one example."""
    examples = _examples(pages)
    texts = pages.translations
    assert _kinds(examples, "triggers") == Counter(list(texts["triggers"]))
    assert _kinds(examples, "conditions") == Counter(list(texts["conditions"]))


def _is_about_order(example: dict[str, Any]) -> bool:
    """Return if an example is for the time until the meter is active."""
    text = str(example)
    return any(each in text for each in ("order_update", "bestellung", "22:00"))


@ALL_ENTITIES
async def test_examples_of_the_order(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
    pages: Pages,
) -> None:
    """They run in the weeks from the order to the active meter."""
    home = simulator.add(scenarios.happy_path(street="Torstraße", house_number="119"))
    await set_up()
    examples = [each for each in _examples(pages) if _is_about_order(each)]
    assert len(examples) == 3
    runs = await _count_runs(hass, examples)
    await pass_time_until(hass, freezer, "2026-11-23T22:00:00+01:00")
    for _ in home.timeline[1:]:
        home.advance()
        await refresh(hass, home)
    await pass_time_until(hass, freezer, "2026-11-24T22:00:00+01:00")
    _check(runs, examples)


@ALL_ENTITIES
async def test_examples_of_prices_and_loads(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
    pages: Pages,
) -> None:
    """They run within three days of a household that uses its meter."""
    freezer.move_to("2026-11-23T13:00:00+00:00")
    for day, prices in ((24, TUESDAY), (25, WEDNESDAY)):
        hours = [prices.get(hour, 30.0) for hour in range(24)]
        simulator.set_prices(
            date(2026, 11, day), [price for price in hours for _ in range(4)]
        )
    home = simulator.add(
        scenarios.dynamic_tariff(street="Torstraße", house_number="119")
    )
    entry = await set_up()
    boiler = a_wallbox(home, name="Boiler", earliest="12:00:00", latest="15:00:00")
    await add_load(hass, entry, boiler)
    examples = [each for each in _examples(pages) if not _is_about_order(each)]
    for name in ("price_limit", "preisgrenze"):
        hass.states.async_set(
            f"input_number.{name}", "30", {"unit_of_measurement": "ct/kWh"}
        )
    runs = await _count_runs(hass, examples)
    for _ in range(3 * 24):
        for state in ("off", "on"):
            hass.states.async_set(pages.dishwasher, state)
        await pass_time(hass, freezer, 60 * MINUTE, 15 * MINUTE)
    _check(runs, examples)
