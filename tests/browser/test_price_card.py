"""Card of the prices, drawn by the real frontend and told by role and text."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
import random
import re
from typing import Any

from playwright.sync_api import Locator, expect
import pytest

from custom_components.nomos_energy.nomos import (
    DAY,
    QUARTER,
    Price,
    PriceSeries,
    berlin_day,
    midnight,
)

from .conftest import Open, Pages
from .dashboard import Dashboard, read_fixture
from .test_journey_card import fits, smallest_target

CARD = {"type": "custom:nomos-price-card"}

ANSWER = """windows => {
  window.asked = [];
  window.setPicture({
    callService: async (domain, service, data) => {
      window.asked.push({ domain, service, ...data });
      const response = windows[String(data.duration.minutes)];
      if (!response) throw {
        code: "service_validation_error",
        translation_domain: domain,
        translation_key: "prices_not_known",
        translation_placeholders: { day: "24", month: "11", year: "2026", time: "23:59" },
      };
      return { response };
    },
  });
}"""
"""Answers find_cheapest_window as Home Assistant did when the picture was recorded."""

MODULE = """async name => {
  const [folder] = document.documentElement.innerHTML.match(/\\/nomos_energy\\/\\w+\\//);
  return import(folder + name);
}"""
"""Returns a module of the cards, which is loaded already."""

type Texts = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Told:
    """What the card tells, in each language."""

    texts: Texts
    bars: tuple[int, ...]
    """Prices of today and tomorrow."""


TOMORROW = (
    "Die Preise für morgen kommen meist bis 15 Uhr.",
    "The prices for tomorrow usually arrive by 3 pm.",
)
NO_FEE = ("Günstigstes Zeitfenster", "Cheapest window")

TOLD = {
    "prices_quarters": Told(
        (
            ("29,5 ct/kWh", "29.5 ct/kWh"),
            ("Normalbis 17:00", "Normaluntil 17:00"),
            (
                "Wieder günstig ab Di, 0:00 (19,6 ct)",
                "Cheap again from Tue, 0:00 (19.6",
            ),
            (
                "Netzentgelt: Niedrig (NT), Standard (ST), Hoch (HT)",
                "Grid fee: Low (NT)",
            ),
            (
                "Di, 2:30 – 4:30, im Schnitt 18,7 ct/kWh",
                "Tue, 2:30 – 4:30, 18.7 ct/kWh on",
            ),
            ("20,4 bis 43,3 ct/kWh, im Schnitt 30,5", "20.4 to 43.3 ct/kWh, 30.5 on"),
        ),
        (96, 96),
    ),
    "prices_morning": Told((("32,8 ct/kWh", "32.8 ct/kWh"), TOMORROW), (96,)),
    "prices_hours": Told((("29,8 ct/kWh", "29.8 ct/kWh"),), (24, 24)),
    "prices_negative": Told(
        (("-5,6 bis 16,0 ct/kWh", "-5.6 to 16.0 ct/kWh"),), (96, 96)
    ),
    "prices_gaps": Told(
        (
            ("Preis nicht bekannt", "Price not known"),
            ("Wieder günstig ab 18:00 (20,0 ct)", "Cheap again from 18:00 (20.0 ct)"),
        ),
        (88, 56),
    ),
    "prices_spring": Told(
        (("Heute, Sonntag, 28. März", "Today, Sunday 28 March"),), (92, 96)
    ),
    "prices_autumn": Told(
        (("Heute, Sonntag, 25. Oktober", "Today, Sunday 25 October"),), (100, 96)
    ),
    "prices_standard_only": Told(
        (("Netzentgelt: Standard (ST)", "Grid fee: Standard (ST)"),), (96, 96)
    ),
    "prices_plain": Told((("30,5 ct/kWh", "30.5 ct/kWh"),), (96, 96)),
    "prices_feed_in": Told(
        (
            ("Einspeisevergütung", "Payout"),
            ("Niedrigbis 15:45", "Lowuntil 15:45"),
            ("Wieder hoch ab 16:45", "High again from 16:45"),
            ("Bestes Zeitfenster für", "Best window for"),
        ),
        (96, 96),
    ),
    "prices_unavailable": Told(
        (("Zurzeit keine Preise von Nomos.", "No prices from Nomos"),), ()
    ),
    "walk_created": Told(
        (("sobald der Zähler freigeschaltet ist", "once the meter is active"),), ()
    ),
    "load_planned": Told(
        (
            ("Boiler: Wartet auf günstige Zeit", "Boiler: Waiting for a cheap time"),
            ("Di, 1:45 – 4:45 (18,8 ct/kWh)", "Tue, 1:45 – 4:45 (18.8 ct/kWh)"),
            ("Mi, 4:00 – 7:00 (vorläufig)", "Wed, 4:00 – 7:00 (provisional)"),
        ),
        (96, 96),
    ),
    "load_provisional": Told(
        (("Wallbox: Vorläufig geplant", "Wallbox: Provisionally planned"),), (96, 0)
    ),
    "load_running": Told((("Wallbox: Läuft", "Wallbox: Running"), TOMORROW), (96, 0)),
    "load_switched": Told(
        (
            ("Wallbox: Von Hand geschaltet", "Wallbox: Switched by hand"),
            ("bis 4:45", "until 4:45"),
        ),
        (96, 0),
    ),
    "load_cannot_finish": Told(
        (
            ("Wallbox: Wird nicht fertig", "Wallbox: Will not finish"),
            ("Di, 3:45 – 4:00 (18,4 ct/kWh)", "Tue, 3:45 – 4:00 (18.4 ct/kWh)"),
        ),
        (96, 96),
    ),
    "load_off": Told((("Wallbox: Planung aus", "Wallbox: Planning off"),), (96, 96)),
}

STATES = {
    "load_planned": ["planned", "planned"],
    "load_provisional": ["provisional"],
    "load_running": ["running", "provisional"],
    "load_switched": ["switched_by_hand", "provisional"],
    "load_cannot_finish": ["cannot_finish"],
    "load_off": [],
}
"""State of the blocks of the loads that are drawn, in the first two days."""


def show(dashboard: Dashboard, name: str, width: int | None = None) -> Locator:
    """Show the card of a picture."""
    picture = dashboard.show_picture(name)
    dashboard.page.evaluate(ANSWER, picture.get("windows", {}))
    card = dashboard.place_card(picture, CARD, width)
    expect(card.get_by_role("heading", level=2)).to_be_visible()
    return card


def bars(card: Locator) -> tuple[int, ...]:
    """Return the number of bars with a price of each day that is drawn."""
    count = """each => [...each.querySelectorAll(".bar:not(.unknown)")]
      .reduce((sum, path) => sum + path.getAttribute("d").split("M").length - 1, 0)"""
    return tuple(each.evaluate(count) for each in card.get_by_role("slider").all())


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", TOLD)
def test_card(pages: Pages, shots: Path | None, language: str, name: str) -> None:
    """All prices are drawn, and told by role and text."""
    told = TOLD[name]
    stage = pages.stage(language, "phone")
    card = show(stage, name)
    for texts in told.texts:
        expect(card).to_contain_text(texts[["de", "en"].index(language)])
    assert bars(card) == told.bars
    if shots:
        card.screenshot(path=shots / f"price-{name}-{language}.png")


@pytest.mark.parametrize("name", STATES)
def test_blocks_of_loads(pages: Pages, name: str) -> None:
    """Planned loads are drawn as blocks, whose look tells their state."""
    card = show(pages.stage("en", "phone"), name)
    blocks = card.locator("rect.load")
    shown = [str(each.get_attribute("class")).split()[-1] for each in blocks.all()]
    assert shown == STATES[name]


def test_level_is_that_of_the_sensor(pages: Pages) -> None:
    """The level of the current price is the one of the sensor."""
    stage = pages.stage("en", "phone")
    for name in (
        "prices_quarters",
        "prices_negative",
        "prices_feed_in",
        "load_running",
    ):
        card = show(stage, name)
        states = read_fixture(name)["states"]
        level = next(
            each["state"]
            for key, each in states.items()
            if key.endswith(("price_level", "payout_level"))
        )
        text = level.replace("_", " ").capitalize()
        expect(card.locator(".head .level")).to_have_text(re.compile(f"^{text}"))


def test_levels_are_those_of_the_integration(pages: Pages) -> None:
    """Each price of a day gets the level that Home Assistant computes."""
    dice = random.Random(17)
    now = datetime.fromisoformat("2026-11-23T12:00:00+01:00")
    today = berlin_day(now)
    start = midnight(today)
    stage = pages.stage("en", "phone")
    show(stage, "prices_quarters")
    for spread in (0.001, 0.02, 0.3):
        prices = tuple(
            Price(start + place * QUARTER, start + (place + 1) * QUARTER, amount)
            for place in range(96)
            if (amount := round(dice.gauss(0.25, spread), 4)) or True
        )
        day = PriceSeries(QUARTER, prices).day(today)
        listed = [
            {
                "start": each.start.isoformat(),
                "end": each.end.isoformat(),
                "price": each.amount,
            }
            for each in prices
        ]
        levels = stage.page.evaluate(
            f"""async ([listed, now]) => {{
              const {{ daysOf }} = await ({MODULE})("prices.js");
              return daysOf(listed, "price", now)[0].intervals.map(each => each.level);
            }}""",
            [listed, now.timestamp() * 1000],
        )
        assert levels == [day.level(each.amount or 0) for each in prices]
        assert start + DAY == prices[-1].end


def test_keyboard(pages: Pages) -> None:
    """Arrow keys tell each interval of a day, with all that is known of it."""
    stage = pages.stage("en", "phone")
    card = show(stage, "load_planned")
    today, tomorrow = card.get_by_role("slider").all()
    today.focus()
    expect(today).to_have_attribute(
        "aria-valuetext",
        "15:15 – 15:30: 29.5 ct/kWh · Normal · Grid fee: Standard (ST)",
    )
    stage.page.keyboard.press("ArrowRight")
    expect(today).to_have_attribute(
        "aria-valuetext", re.compile("^15:30 – 15:45: 30.1")
    )
    readout = card.locator(".day").first.locator(".readout")
    expect(readout).to_contain_text("15:30 – 15:45: 30.1 ct/kWh")
    stage.page.keyboard.press("PageUp")
    expect(today).to_have_attribute("aria-valuetext", re.compile("^16:30 – 16:45"))
    stage.page.keyboard.press("End")
    stage.page.keyboard.press("ArrowRight")
    expect(today).to_have_attribute("aria-valuetext", re.compile("^23:45 – 0:00"))
    tomorrow.focus()
    stage.page.keyboard.press("Home")
    for _ in range(8):
        stage.page.keyboard.press("ArrowRight")
    expect(tomorrow).to_have_attribute(
        "aria-valuetext",
        re.compile(r"^2:00 – 2:15: 19.* · Very cheap · .*Low.* · Boiler · Wallbox$"),
    )


def test_pointer(pages: Pages) -> None:
    """Pointing at a bar tells its price, until the pointer leaves."""
    stage = pages.stage("en", "tablet")
    card = show(stage, "prices_quarters")
    chart = card.get_by_role("slider").first
    box = chart.bounding_box()
    assert box
    readout = card.locator(".readout").first
    stage.page.mouse.move(box["x"] + box["width"] * 0.75 + 1, box["y"] + 60)
    expect(readout).to_contain_text("18:00 – 18:15")
    assert chart.locator(".cursor").is_visible()
    stage.page.mouse.move(0, 0)
    expect(readout).to_contain_text("on average")
    expect(chart.locator(".cursor")).to_be_hidden()


def test_window_for_a_length(pages: Pages) -> None:
    """The window is looked for by the length that is chosen, and drawn."""
    stage = pages.stage("en", "phone")
    card = show(stage, "prices_quarters")
    status = card.get_by_role("status")
    expect(status).to_contain_text("Tue, 2:30 – 4:30, 18.7 ct/kWh on average")
    assert card.locator(".found").count() == 1
    length = card.get_by_role("combobox", name="Cheapest window for")
    length.select_option("480")
    expect(status).to_contain_text("Mon, 23:00 – Tue, 7:00")
    # Its window begins today and ends tomorrow.
    assert card.locator(".found").count() == 2
    length.select_option("360")
    expect(status).to_contain_text("2026-11-24")
    expect(status).to_contain_text("23:59")
    assert card.locator(".found").count() == 0
    asked = stage.page.evaluate("() => window.asked")
    assert [each["duration"] for each in asked] == [
        {"minutes": minutes} for minutes in (120, 480, 360)
    ]
    assert {each["service"] for each in asked} == {"find_cheapest_window"}
    assert not any(each["most_expensive"] for each in asked)
    show(stage, "prices_feed_in")
    asked = stage.page.evaluate("() => window.asked")
    assert [each["most_expensive"] for each in asked] == [True]


def test_table(pages: Pages) -> None:
    """All prices stand in a table, too."""
    stage = pages.stage("en", "phone")
    card = show(stage, "prices_gaps")
    assert card.get_by_role("table").count() == 0
    card.get_by_text("Prices as a table").click()
    rows = card.get_by_role("row")
    expect(rows).to_have_count(1 + 88 + 56)
    expect(rows.nth(1)).to_contain_text("0:00 – 0:15")
    expect(rows.nth(1)).to_contain_text("20.0")
    expect(rows.nth(1)).to_contain_text("Low (NT)")


def test_load_opens_its_dialog(pages: Pages) -> None:
    """A load leads to what Home Assistant knows of it."""
    stage = pages.stage("en", "phone")
    card = show(stage, "load_running")
    stage.page.evaluate(
        """() => document.querySelector("main#picture").addEventListener(
          "hass-more-info", event => {
            event.stopPropagation();
            window.opened = event.detail.entityId;
          })"""
    )
    card.get_by_role("button", name="Wallbox").click()
    assert stage.page.evaluate("() => window.opened") == "sensor.wallbox_plan_state"


@pytest.mark.parametrize("width", [320, 600, 1600])
@pytest.mark.parametrize("name", ["load_planned", "prices_feed_in"])
def test_fits(pages: Pages, name: str, width: int) -> None:
    """Nothing is cut off or smaller than a finger, from a phone to a wall tablet."""
    card = show(pages.stage("de", "tablet"), name, width)
    assert fits(card)
    assert smallest_target(card) >= 44
    first, second = (each.bounding_box() for each in card.locator(".day").all())
    assert first
    assert second
    # The days stand side by side where there is room.
    assert (first["y"] == second["y"]) is (width > 640)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["load_planned", "prices_gaps", "prices_unavailable"])
def test_accessible(pages: Pages, name: str, dark: bool) -> None:
    """Axe finds no serious fault, in light and dark."""
    stage = pages.stage("de", "tablet", dark)
    card = show(stage, name)
    if name == "load_planned":
        card.get_by_text("Preise als Tabelle").click()
    assert stage.serious_faults("nomos-price-card") == []


def test_redraws_only_what_changed(open_page: Open) -> None:
    """The card follows the price, stays where the keyboard is, and else draws nothing."""
    dashboard = open_page("en")
    card = show(dashboard, "prices_quarters")
    picture = read_fixture("prices_quarters")
    value = card.locator(".value")
    expect(value).to_have_text("29.5")
    value.evaluate("each => (window.drawn = each)")
    average = next(each for each in picture["states"] if "average" in each)
    dashboard.change(**{average.replace(".", "__"): {"state": "0.3"}})
    assert value.evaluate("each => each === window.drawn")
    card.get_by_role("slider").first.focus()
    price = next(each for each in picture["states"] if each.endswith("_price"))
    later = {"state": "0.301"}
    dashboard.page.clock.set_fixed_time("2026-11-23T15:31:00+01:00")
    dashboard.change(**{price.replace(".", "__"): later})
    expect(value).to_have_text("30.1")
    expect(card.get_by_role("slider").first).to_be_focused()


def test_redraw_is_fast(
    open_page: Open, record_property: Callable[[str, object], None]
) -> None:
    """A price that changes takes few milliseconds to draw, with all 192 bars."""
    dashboard = open_page("en")
    card = show(dashboard, "load_planned")
    expect(card.get_by_role("slider")).to_have_count(2)
    times, drawn = dashboard.page.evaluate(
        """() => {
          const times = [];
          const app = document.querySelector("home-assistant");
          const all = Object.values(app.hass.states);
          const id = all.find(each => each.attributes.prices).entity_id;
          const heads = new Set();
          let begin = performance.now();
          for (let round = 1; round <= 200; round++) {
            const changed = { ...app.hass.states[id] };
            const states = { ...app.hass.states, [id]: changed };
            window.shownCard.hass = { ...app.hass, states };
            const { shadowRoot } = window.shownCard.firstElementChild;
            heads.add(shadowRoot.querySelector(".head"));
            // Playwright's clock has whole milliseconds only.
            if (round % 10 === 0) {
              times.push((performance.now() - begin) / 10);
              begin = performance.now();
            }
          }
          return [times, heads.size];
        }"""
    )
    # Other load on the machine takes part of the time.
    record_property("redraw", f"{min(times):.2f} – {max(times):.2f} ms")
    assert drawn == 200
    assert min(times) < 5


def test_forced_colors(open_page: Open, shots: Path | None) -> None:
    """With the few colours of a contrast theme, levels still differ and bars are seen."""
    dashboard = open_page("en")
    dashboard.page.emulate_media(forced_colors="active")
    card = show(dashboard, "load_planned")
    looks = {
        level: card.locator(f".day path.{level}:not(.over)").first.evaluate(
            "each => [getComputedStyle(each).fill, getComputedStyle(each).stroke]"
        )
        for level in ("bar.q0", "bar.q2", "bar.q4", "pattern.q0", "pattern.q4")
    }
    fills = {level: fill for level, (fill, _) in looks.items()}
    assert fills["bar.q0"] != fills["bar.q2"]
    assert fills["pattern.q0"] != fills["pattern.q4"]
    background = card.locator("ha-card").evaluate(
        "each => getComputedStyle(each).backgroundColor"
    )
    assert looks["bar.q2"][1] != background
    if shots:
        card.screenshot(path=shots / "price-forced-colors.png")
    assert dashboard.serious_faults("nomos-price-card") == []


def test_clock_of_twelve_hours(open_page: Open, shots: Path | None) -> None:
    """Times are told as the user has set it, and the hours of the scale have room."""
    dashboard = open_page("en")
    card = show(dashboard, "prices_quarters", 320)
    dashboard.page.evaluate(
        """() => {
          const { locale } = document.querySelector("home-assistant").hass;
          window.setPicture({ locale: { ...locale, time_format: "12" } });
        }"""
    )
    expect(card.locator(".level")).to_contain_text(re.compile(r"until 5:00\spm"))
    window = re.compile(r"Tue, 2:30\sam – 4:30\sam")
    expect(card.get_by_role("status")).to_contain_text(window)
    hours = card.locator(".day").first.locator(".hour").all()
    boxes = [box for each in hours if (box := each.bounding_box())]
    assert len(boxes) > 2
    for one, other in pairwise(boxes):
        assert one["x"] + one["width"] < other["x"]
    assert fits(card)
    if shots:
        card.screenshot(path=shots / "price-twelve-hours.png")


def test_editor(pages: Pages) -> None:
    """The visual editor asks for a contract only, in the user's language."""
    stage = pages.stage("de", "tablet")
    show(stage, "prices_quarters")
    form: dict[str, Any] = stage.page.evaluate(
        """async () => {
          const card = customElements.get("nomos-price-card");
          const { schema, computeLabel } = await card.getConfigForm();
          const hass = document.querySelector("home-assistant").hass;
          const stub = await card.getStubConfig(hass, [], []);
          return { schema, labels: schema.map(each => computeLabel(each)), stub };
        }"""
    )
    assert form["labels"] == ["Vertrag"]
    (field,) = form["schema"]
    assert field["selector"] == {
        "device": {"filter": [{"integration": "nomos_energy", "manufacturer": "Nomos"}]}
    }
    picture = read_fixture("prices_quarters")
    assert form["stub"]["device_id"] in picture["devices"]
