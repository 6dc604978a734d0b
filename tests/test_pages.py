"""The READMEs and pages: their examples, run by Home Assistant, and what they cover."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
import json
from pathlib import Path
import re
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.notify import DATA_COMPONENT
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.nomos_energy.const import DOMAIN
from simulator import Household, Simulator, scenarios
from tests import DAY, entity_id, pass_time
from tests.conftest import SetUp
from tests.phone import Phone

FOLDER = Path(__file__).parent.parent
DOCS = FOLDER / "docs"
MINUTE = timedelta(minutes=1)
THREE_IN_THE_AFTERNOON = "2026-11-23T14:00:00+00:00"


@dataclass(frozen=True)
class Pages:
    """The README and the pages of a language, with the names that their examples use."""

    language: str
    readme: str
    phone: str
    ready: str
    begin: str
    dishwasher: str
    heater: str
    average: str

    @property
    def files(self) -> list[Path]:
        """The README and all pages."""
        return [FOLDER / self.readme, *sorted((DOCS / self.language).glob("*.md"))]

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(each.read_text(encoding="utf-8") for each in self.files)

    def page(self, name: str) -> str:
        """Return the text of a page."""
        return (DOCS / self.language / f"{name}.md").read_text(encoding="utf-8")

    @property
    def translations(self) -> dict[str, Any]:
        """Texts of the integration."""
        path = FOLDER / "custom_components" / DOMAIN / "translations"
        content: dict[str, Any] = json.loads(
            (path / f"{self.language}.json").read_text("utf-8")
        )
        return content

    def examples_of(self, text: str) -> list[Any]:
        """Return everything in YAML within a text, in order."""
        blocks = re.findall(r"^ *```yaml\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
        return [parse_yaml(block) for block in blocks]

    @property
    def examples(self) -> list[Any]:
        """Everything in YAML, in order."""
        return self.examples_of(self.text)

    def having(self, key: str) -> list[Any]:
        """Return the examples with a key."""
        return [example for example in self.examples if key in example]

    def mentioning(self, text: str) -> Any:
        """Return the only automation with a name in which something occurs."""
        named = (each for each in self.having("triggers") if "alias" in each)
        (found,) = (each for each in named if text in str(each))
        return found

    def action(self, name: str) -> tuple[Any, Any]:
        """Return the call of an action, and the response that follows it."""
        examples = self.examples
        (place,) = (
            place
            for place, example in enumerate(examples)
            if example.get("action") == f"{DOMAIN}.{name}"
        )
        return examples[place], examples[place + 1]


ENGLISH = Pages(
    "en",
    "README.md",
    "notify.my_phone",
    "input_boolean.dishwasher_ready",
    "input_datetime.dishwasher_start",
    "switch.dishwasher",
    "switch.water_heater",
    "sensor.price_of_the_next_three_hours",
)
GERMAN = Pages(
    "de",
    "README.de.md",
    "notify.mein_handy",
    "input_boolean.spulmaschine_bereit",
    "input_datetime.start_der_spulmaschine",
    "switch.spulmaschine",
    "switch.heizstab",
    "sensor.strompreis_der_nachsten_drei_stunden",
)


@pytest.fixture(params=[ENGLISH, GERMAN], ids=lambda pages: pages.language)
def pages(request: pytest.FixtureRequest) -> Pages:
    """Return the pages of one language after the other."""
    found: Pages = request.param
    return found


@pytest.fixture
async def home(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    pages: Pages,
    all_entities_enabled: None,
) -> Household:
    """Live at the address of the examples, in Berlin, with all modules."""
    hass.config.language = pages.language
    await hass.config.async_set_time_zone("Europe/Berlin")
    assert await async_setup_component(hass, "homeassistant", {})
    home = simulator.add(
        scenarios.dynamic_tariff(street="Torstraße", house_number="119")
    )
    simulator.add(scenarios.smart_already(2, street="Lindenallee", house_number="25"))
    await set_up()
    return home


@pytest.fixture
async def phone(hass: HomeAssistant, pages: Pages) -> Phone:
    """Give the household the phone of the examples."""
    assert await async_setup_component(hass, "notify", {})
    phone = Phone()
    phone.entity_id = pages.phone
    await hass.data[DATA_COMPONENT].async_add_entities([phone])
    return phone


type Automate = Callable[..., Awaitable[None]]


@pytest.fixture
async def automate(hass: HomeAssistant) -> AsyncGenerator[Automate]:
    """Make automations of examples; Home Assistant says if one is none."""

    async def automate(*examples: Any) -> None:
        assert await async_setup_component(
            hass, "automation", {"automation": list(examples)}
        )
        await hass.async_block_till_done()
        states = hass.states.async_all("automation")
        assert [each.state for each in states] == [STATE_ON] * len(examples)

    yield automate
    # What waits for a minute to pass waits no longer.
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "all"}, blocking=True
    )


async def run(hass: HomeAssistant, example: Mapping[str, Any]) -> Any:
    """Run an action as a script does, and return its response."""
    answer = example["response_variable"]
    sequence = [example, {"stop": "That's it", "response_variable": answer}]
    assert await async_setup_component(
        hass, "script", {"script": {"example": {"sequence": sequence}}}
    )
    return await hass.services.async_call(
        "script", "example", blocking=True, return_response=True
    )


def test_same_examples() -> None:
    """Both languages show the same examples, each with its own names."""

    def kinds(pages: Pages) -> list[Any]:
        return [
            (each.get("action"), sorted(each)) if isinstance(each, dict) else each
            for each in pages.examples
        ]

    assert kinds(ENGLISH) == kinds(GERMAN)


def _lines(text: str) -> list[str]:
    """Return the lines outside of examples."""
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE).split(
        "\n"
    )


def _headings(text: str) -> list[tuple[int, str]]:
    found = (re.match(r"(#+) (.*)", line) for line in _lines(text))
    return [(len(each[1]), each[2]) for each in found if each]


def _structure(text: str) -> list[object]:
    """Return the levels of the headings, and the number of rows of the tables."""
    parts: list[object] = []
    for line in _lines(text):
        if line.startswith("#"):
            parts.append(len(line.partition(" ")[0]))
        elif line.strip().startswith("|"):
            parts.append("row")
    return parts


def test_same_pages() -> None:
    """Both languages have the same pages, with the same headings and tables."""
    english, german = (
        [each.name for each in pages.files[1:]] for pages in (ENGLISH, GERMAN)
    )
    assert english == german
    assert {
        name
        for name in ("README", *(each.removesuffix(".md") for each in english))
        if _structure(ENGLISH.page(name)) != _structure(GERMAN.page(name))
    } == set()


def test_lengths(pages: Pages) -> None:
    """A README is read in a minute, a page in some."""
    readme, *others = pages.files
    assert len(readme.read_text("utf-8").split()) <= 900
    lengths = {each.name: len(each.read_text("utf-8").split()) for each in others}
    assert {name: words for name, words in lengths.items() if words > 1500} == {}


def _anchors(path: Path) -> set[str]:
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for _, heading in _headings(path.read_text("utf-8"))
    }


def _broken(path: Path) -> set[str]:
    """Return the links within the project that lead nowhere."""
    broken = set()
    text = "\n".join(_lines(path.read_text("utf-8")))
    for link in re.findall(r"\]\((?!https?:|mailto:)([^)\s]*)\)", text):
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.add(link)
    return broken


OTHER_PAGES = (
    "CHANGELOG.md",
    "CHANGELOG.de.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/architecture.md",
    "docs/performance.md",
    "docs/releasing.md",
)


def test_links_lead_somewhere(pages: Pages) -> None:
    """No link between the pages goes astray."""
    files = (*pages.files, *(FOLDER / each for each in OTHER_PAGES))
    found = {each.name: _broken(each) for each in files}
    assert {name: broken for name, broken in found.items() if broken} == {}


def test_all_pages_are_listed(pages: Pages) -> None:
    """The index leads to each page."""
    index = pages.page("README")
    names = {each.name for each in pages.files[1:]} - {"README.md"}
    assert {name for name in names if f"]({name})" not in index} == set()


def test_pictures_are_used() -> None:
    """Each picture is on a page."""
    text = ENGLISH.text + GERMAN.text
    pictures = {each.name for each in (DOCS / "images").glob("*.png")}
    assert {name for name in pictures if f"images/{name})" not in text} == set()


def _plain(title: str) -> str:
    """Return a text without its placeholders."""
    return re.sub(r"({\w+}|\(.*?\)):? ?", "", title).strip()


def _cells(text: str) -> set[str]:
    """Return the cells of the tables, without placeholders and marks."""
    return {
        _plain(cell).strip("`")
        for line in text.split("\n")
        if line.strip().startswith("|")
        for cell in line.split("|")
    }


EVENT_PAGES = {
    "invoice": "does-it-pay-off",
    "order_update": "events",
    "run": "events",
}


def _labels(steps: Mapping[str, Any]) -> set[str]:
    """Return the choices of the menus, and the labels of all fields."""
    return {
        label
        for step in steps.values()
        for part in (step, *step.get("sections", {}).values())
        for texts in (part.get("data", {}), part.get("menu_options", {}))
        for label in texts.values()
    }


def _rows_wanted(texts: dict[str, Any]) -> dict[str, set[str]]:
    """Return what has to have a row of its own, by page."""
    wanted = {
        "access": _labels(texts["options"]["step"]),
        "actions": {f"{DOMAIN}.{name}" for name in texts["services"]},
        "entities": {
            entity["name"]
            for entities in texts["entity"].values()
            for entity in entities.values()
        },
        "repairs": {_plain(issue["title"]) for issue in texts["issues"].values()},
        "triggers-and-conditions": {
            text
            for kind in ("triggers", "conditions")
            for name, each in texts[kind].items()
            for text in (f"{DOMAIN}.{name}", each["name"])
        },
    }
    for key, entity in texts["entity"]["event"].items():
        event_types = entity["state_attributes"]["event_type"]["state"]
        wanted.setdefault(EVENT_PAGES[key], set()).update(event_types)
    return wanted


def test_everything_has_its_row(pages: Pages) -> None:
    """Each entity, action, event type, option, repair, trigger and condition."""
    missing = {
        page: wanted - _cells(pages.page(page))
        for page, wanted in _rows_wanted(pages.translations).items()
    }
    assert {page: rows for page, rows in missing.items() if rows} == {}


def test_errors_are_explained(pages: Pages) -> None:
    """Each error of an action has its row, and each row its error."""
    section = pages.page("action-errors")
    texts = re.findall(r"^\| (?!---)(.*?) \|", section, re.MULTILINE)[1:]
    rows = [part.strip() for text in texts for part in text.split(" / ")]
    said = {
        key: re.sub(r"{\w+}", "366", error["message"])
        for key, error in pages.translations["exceptions"].items()
        if key != "insecure_url"
    }
    patterns = {row: re.escape(row).replace("…", ".*") for row in rows}
    assert {
        key
        for key, text in said.items()
        if not any(re.match(pattern, text) for pattern in patterns.values())
    } == set()
    assert {
        row
        for row, pattern in patterns.items()
        if not any(re.match(pattern, text) for text in said.values())
    } == set()


async def test_entities_are_there(
    hass: HomeAssistant, home: Household, pages: Pages
) -> None:
    """Examples name entities as a household has them."""
    named = set(
        re.findall(
            r"\b(?:binary_sensor|calendar|event|sensor)\.torstrasse_119_\w+",
            pages.text,
        )
    )
    assert len(named) >= 9
    registry = er.async_get(hass)
    assert {each for each in named if not registry.async_get(each)} == set()


async def test_automations_are_valid(
    hass: HomeAssistant,
    automate: Automate,
    home: Household,
    pages: Pages,
) -> None:
    """Home Assistant takes every automation and every script."""
    await automate(*pages.having("triggers"))
    scripts = [
        *pages.having("sequence"),
        *({"sequence": [each]} for each in pages.having("action")),
    ]
    assert await async_setup_component(
        hass,
        "script",
        {"script": {f"number_{n}": each for n, each in enumerate(scripts)}},
    )
    states = hass.states.async_all("script")
    assert [each.state for each in states] == [STATE_OFF] * len(scripts)


@pytest.mark.parametrize(
    "name", ["get_prices", "find_cheapest_window", "order_grid_fee_reduction"]
)
async def test_response_is_what_comes(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    home: Household,
    pages: Pages,
    name: str,
) -> None:
    """What is shown as a response is what the action answers at three o'clock."""
    freezer.move_to(THREE_IN_THE_AFTERNOON)
    call, response = pages.action(name)
    assert await run(hass, call) == response


async def test_cheapest_hours_are_told(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    automate: Automate,
    home: Household,
    phone: Phone,
    pages: Pages,
) -> None:
    """The message comes once a day, when tomorrow is known."""
    await automate(pages.mentioning("timedelta(days=2)"))
    await pass_time(hass, freezer, timedelta(hours=3), timedelta(minutes=15))
    assert dt_util.now().hour == 14
    assert not phone.messages
    await pass_time(hass, freezer, timedelta(hours=3), timedelta(minutes=5))
    (message,) = phone.take()
    assert re.search(r"01:45 .* 04:45.*: 18[.,]8 ct/kWh\.$", message)
    await pass_time(hass, freezer, DAY, timedelta(minutes=15))
    assert len(phone.take()) == 1


async def test_dishwasher_runs_when_it_is_cheapest(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    automate: Automate,
    home: Household,
    pages: Pages,
) -> None:
    """It starts once, when the action says, and not without being filled."""
    calls = async_mock_service(hass, "switch", "turn_on")
    for helper, options in (
        (pages.ready, None),
        (pages.begin, {"has_date": True, "has_time": True}),
    ):
        domain, name = helper.split(".")
        assert await async_setup_component(hass, domain, {domain: {name: options}})
    await automate(pages.mentioning(pages.ready))
    await pass_time(hass, freezer, timedelta(hours=5), timedelta(minutes=15))
    await hass.services.async_call(
        "input_boolean", "turn_on", {"entity_id": pages.ready}, blocking=True
    )
    await hass.async_block_till_done()
    begin = hass.states.get(pages.begin)
    assert begin
    assert begin.state == "2026-11-24 02:30:00"
    assert not calls
    await pass_time(hass, freezer, timedelta(hours=10, minutes=29), MINUTE)
    assert not calls
    await pass_time(hass, freezer, MINUTE, MINUTE)
    assert targets(calls) == [[pages.dishwasher]]
    ready = hass.states.get(pages.ready)
    assert ready
    assert ready.state == STATE_OFF
    await pass_time(hass, freezer, 2 * DAY)
    assert len(calls) == 1


def targets(calls: list[ServiceCall]) -> list[list[str]]:
    """Return what was switched."""
    return [call.data["entity_id"] for call in calls]


@pytest.mark.parametrize(
    ("key", "states"),
    [
        ("price_level", {"cheap", "very_cheap"}),
        ("grid_fee_window", {"low", "standard"}),
    ],
)
async def test_switch_follows(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    automate: Automate,
    home: Household,
    pages: Pages,
    key: str,
    states: set[str],
) -> None:
    """What an automation switches is on in some states, and off in the others."""
    switched: list[tuple[str, str]] = []

    @callback
    def switch(call: ServiceCall) -> None:
        switched.extend((call.service, target) for target in call.data["entity_id"])

    for action in ("turn_on", "turn_off"):
        hass.services.async_register("switch", action, switch)
    sensor = entity_id(hass, home, key)
    await automate(pages.mentioning(sensor))
    await pass_time(hass, freezer, 10 * MINUTE, 5 * MINUTE)
    seen = set()
    for _ in range(96):
        await pass_time(hass, freezer, 15 * MINUTE, 5 * MINUTE)
        state = hass.states.get(sensor)
        assert state
        seen.add(state.state)
        if switched:
            is_on = switched[-1][0] == "turn_on"
            assert is_on == (state.state in states)
    assert seen & states
    assert seen - states
    assert {action for action, _ in switched} == {"turn_on", "turn_off"}
    target = pages.heater if key == "price_level" else "switch.wallbox"
    assert {target for _, target in switched} == {target}


async def test_template_reads_the_list(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    home: Household,
    pages: Pages,
) -> None:
    """The template shows the average of the next three hours."""
    freezer.move_to(THREE_IN_THE_AFTERNOON)
    await pass_time(hass, freezer, timedelta(hours=1), timedelta(minutes=15))
    (example,) = pages.having("template")
    assert await async_setup_component(hass, "template", example)
    await hass.async_block_till_done()
    shown = hass.states.get(pages.average)
    assert shown
    _, response = pages.action("get_prices")
    prices = [each["price"] for each in response["prices"]]
    assert float(shown.state) == pytest.approx(sum(prices) / 3, abs=0.0001)


async def test_prices_for_emhass(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    home: Household,
    pages: Pages,
) -> None:
    """Each price keeps its time, also where one is missing."""
    # The home has asked for its prices already; tomorrow's come in the afternoon.
    simulator.set_prices(date(2026, 11, 24), [10.0] * 4 + [None] + [20.0] * 91)
    await pass_time(hass, freezer, timedelta(hours=12), timedelta(minutes=15))
    (example,) = (
        each for each in pages.having("sequence") if "emhass" in str(each).lower()
    )
    calls = async_mock_service(hass, "rest_command", "emhass_mpc")
    assert await async_setup_component(hass, "script", {"script": {"emhass": example}})
    await hass.services.async_call("script", "emhass", blocking=True)
    (call,) = calls
    parameters = call.data["parameters"]
    assert parameters["optimization_time_step"] == 15
    assert parameters["prediction_horizon"] == 96
    prices = parameters["load_cost_forecast"]
    assert "2026-11-24T01:00:00+01:00" not in prices
    assert prices["2026-11-24T00:45:00+01:00"] == 0.1
    assert prices["2026-11-24T01:15:00+01:00"] == 0.2
