"""Card of the order, drawn by the real frontend and told by role and text."""

from dataclasses import dataclass
from pathlib import Path
import re
from typing import Any

from playwright.sync_api import Locator, expect
import pytest

from .conftest import Open, Pages
from .dashboard import read_fixture

CARD = {"type": "custom:nomos-journey-card"}
PATH = {"de": "Schritte der Bestellung", "en": "Milestones"}
PREPARE = {"de": "Vor dem Einbau", "en": "Before installation"}
PORTAL = {"de": "Kundenportal", "en": "Customer portal"}
INTEGRATION = {"de": "Zur Integration", "en": "Open the integration"}
SUPPORT = "support@nomos.energy"


@dataclass(frozen=True)
class Told:
    """What the card tells, in each language."""

    title: tuple[str, str]
    texts: tuple[tuple[str, str], ...] = ()
    done: int | None = None
    """Milestones that are done; None if there is no path."""
    prepare: int = 0
    """Things to prepare."""
    links: tuple[dict[str, str], ...] = (PORTAL,)


TOLD = {
    "walk_created": Told(
        ("Bestellung eingegangen", "Order received"),
        (
            ("Seit 22. Nov. 2026 (gestern)", "Since 22 Nov 2026 (yesterday)"),
            ("Am Zug: Nomos", "Next to act: Nomos"),
            (
                "Freischaltung frühestens am 17. Jan. 2027 (in 55 Tagen)",
                "Active from 17 Jan 2027 at the earliest (in 55 days)",
            ),
        ),
        done=0,
    ),
    "walk_placed": Told(
        ("Beim Messstellenbetreiber", "With metering operator"),
        (("Am Zug: Sie", "Next to act: you"), ("meist nach Fotos", "usually photos")),
        done=1,
        prepare=1,
    ),
    "walk_check_submitted": Told(
        ("Angaben eingereicht", "Details submitted"),
        (
            (
                "Am Zug: Messstellenbetreiber (Energy Metering)",
                "Next to act: metering operator (Energy Metering)",
            ),
        ),
        done=2,
    ),
    "walk_check_reviewed": Told(
        ("Einbau zugesagt", "Installation approved"),
        (("vereinbart mit Ihnen einen Einbautermin", "arranges an installation"),),
        done=3,
    ),
    "walk_scheduled": Told(
        ("Einbau geplant", "Installation scheduled"),
        (
            ("Samstag, 5. Dezember, 9:00", "Saturday 5 December, 9:00"),
            ("in 12 Tagen", "in 12 days"),
            ("geplant am 5. Dez. 2026", "planned for 5 Dec 2026"),
        ),
        done=4,
        prepare=4,
    ),
    "walk_appointment_today": Told(
        ("Einbau geplant", "Installation scheduled"),
        (("heute · Energy Metering", "today · Energy Metering"),),
        done=4,
        prepare=4,
    ),
    "walk_appointment_missed": Told(
        ("Einbau geplant", "Installation scheduled"),
        (
            ("Hat der Einbau stattgefunden?", "Was the meter installed?"),
            ("vor 5 Tagen", "5 days ago"),
            (SUPPORT, SUPPORT),
        ),
        done=4,
    ),
    "walk_installed": Told(
        ("Eingebaut", "Installed"),
        (("sendet noch keine Werte", "sends no data yet"),),
        done=5,
    ),
    "walk_overdue": Told(
        ("Eingebaut", "Installed"),
        (
            (
                "war ab 19. Nov. 2026 erwartet (vor 4 Tagen) und steht noch aus",
                "Expected from 19 Nov 2026 (4 days ago), not yet active",
            ),
        ),
        done=5,
    ),
    "walk_long_overdue": Told(
        ("Eingebaut", "Installed"),
        (("Freischaltung überfällig", "Activation overdue"), (SUPPORT, SUPPORT)),
        done=5,
    ),
    "walk_blocked_details": Told(
        ("Beim Messstellenbetreiber", "With metering operator"),
        (
            ("Blockiert: Angaben fehlen", "Blocked: Details missing"),
            ("Seit 20. Nov. 2026. Für den Einbau fehlen", "Since 20 Nov 2026. Details"),
            ("Am Zug: Sie", "Next to act: you"),
        ),
        done=1,
        prepare=1,
    ),
    "walk_blocked_grid_operator": Told(
        ("Einbau zugesagt", "Installation approved"),
        (
            ("Blockiert: Wartet auf Netzbetreiber", "Blocked: Waiting for grid"),
            ("Am Zug: Netzbetreiber", "Next to act: grid operator"),
            ("Sie müssen nichts tun", "nothing you need to do"),
        ),
        done=3,
    ),
    "walk_blocked_unknown": Told(
        ("Beim Messstellenbetreiber", "With metering operator"),
        (
            ("Blockiert: Grund nicht bekannt", "Blocked: reason not known"),
            (SUPPORT, SUPPORT),
        ),
        done=1,
    ),
    "walk_cancelled": Told(
        ("Storniert", "Cancelled"),
        (
            ("Auf Kundenwunsch", "Customer request"),
            ("Seit 17. Nov. 2026", "Since 17 Nov 2026"),
            ("nur eine Bestellung möglich", "Only one order per contract"),
        ),
    ),
    "walk_pre_existing": Told(
        ("Zähler wird angemeldet", "Meter being registered"),
        (
            ("Messsystem vorhanden", "Smart meter already there"),
            ("Sie müssen nichts tun", "nothing you need to do"),
        ),
        done=2,
    ),
    "walk_unknown_status": Told(
        ("Unbekannter Bestellstatus", "Unknown order status"),
        (("den diese Version nicht kennt", "that this version does not know"),),
        done=3,
    ),
    "walk_unavailable": Told(
        ("Zurzeit keine Daten von Nomos", "No current data from Nomos"),
        links=(INTEGRATION,),
    ),
    "no_order": Told(
        ("Nicht bestellt", "Not ordered"),
        (("(Konfigurieren)", "(Configure)"),),
        links=(INTEGRATION, PORTAL),
    ),
    "walk_activated": Told(
        ("Freigeschaltet", "Active"),
        (("Seit 9. Nov. 2026", "Since 9 Nov 2026"),),
        links=(),
    ),
    "smart_already": Told(
        ("Freigeschaltet", "Active"),
        (("schon ein intelligentes Messsystem", "a smart one already"),),
        links=(),
    ),
    "feed_in": Told(
        ("Freigeschaltet", "Active"),
        (("Einspeisevertrag", "Feed-in contract"),),
        links=(),
    ),
}


def done_steps(card: Locator, language: str) -> int:
    """Return the number of milestones that are done, as a screen reader tells them."""
    word = {"de": "erledigt", "en": "done"}[language]
    path = card.get_by_role("list", name=PATH[language])
    return path.get_by_role("listitem").filter(has_text=f", {word}").count()


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", TOLD)
def test_card(pages: Pages, shots: Path | None, language: str, name: str) -> None:
    """Each order is told by role and text."""
    told = TOLD[name]
    stage = pages.stage(language, "phone")
    card = stage.show_card(name, CARD)
    place = ["de", "en"].index(language)
    title = re.compile(rf": {re.escape(told.title[place])}$")
    expect(card.get_by_role("heading", level=2, name=title)).to_be_visible()
    for texts in told.texts:
        expect(card).to_contain_text(texts[place])
    path = card.get_by_role("list", name=PATH[language])
    assert path.count() == (told.done is not None)
    if told.done is not None:
        assert done_steps(card, language) == told.done
    prepare = card.get_by_role("list", name=PREPARE[language])
    assert prepare.get_by_role("listitem").count() == told.prepare
    links = card.get_by_role("link").all_inner_texts()
    assert [each.strip() for each in links] == [each[language] for each in told.links]
    if shots:
        card.screenshot(path=shots / f"journey-{name}-{language}.png")
    # One line is enough once nothing is to come.
    if name in ("walk_activated", "smart_already", "feed_in"):
        height = card.locator("ha-card").bounding_box()
        assert height
        assert height["height"] < 110


@pytest.mark.parametrize("name", ["walk_placed", "walk_unknown_status"])
def test_current_step(pages: Pages, name: str) -> None:
    """The current milestone is marked for a screen reader; an unknown one is none."""
    card = pages.stage("en", "phone").show_card(name, CARD)
    expect(card.get_by_role("heading", level=2)).to_be_visible()
    current = card.locator("[aria-current=step]")
    if name == "walk_unknown_status":
        assert current.count() == 0
    else:
        expect(current).to_contain_text("With metering operator, current step")


WIDTHS = [320, 600, 1600]


@pytest.mark.parametrize("width", WIDTHS)
def test_fits(pages: Pages, width: int) -> None:
    """Nothing is cut off or smaller than a finger, from a phone to a wall tablet."""
    stage = pages.stage("de", "tablet")
    card = stage.show_card("walk_blocked_details", CARD, width)
    expect(card.get_by_role("heading", level=2)).to_be_visible()
    assert fits(card)
    assert smallest_target(card) >= 44


def fits(card: Locator) -> bool:
    """Return if the card is not wider than its place."""
    # Charts are drawn anew once their place is known.
    for chart in card.locator(".chart").all():
        width = int(chart.evaluate("each => each.clientWidth"))
        expect(chart.locator("svg")).to_have_attribute("width", f"{width}.0")
    narrow = "each => each.scrollWidth <= each.clientWidth"
    return bool(card.locator("ha-card").evaluate(narrow))


def smallest_target(card: Locator) -> float:
    """Return the least height in pixels of what can be clicked."""
    targets = card.locator("a, button, select, summary").all()
    boxes = [each.bounding_box() for each in targets]
    return min(box["height"] for box in boxes if box)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["walk_scheduled", "walk_blocked_details", "no_order"])
def test_accessible(pages: Pages, name: str, dark: bool) -> None:
    """Axe finds no serious fault, in light and dark."""
    stage = pages.stage("de", "tablet", dark)
    card = stage.show_card(name, CARD)
    expect(card.get_by_role("heading", level=2)).to_be_visible()
    assert stage.serious_faults("nomos-journey-card") == []


def test_follows_the_order(open_page: Open) -> None:
    """The card follows a change at once, and draws nothing anew without one."""
    dashboard = open_page("en")
    picture = read_fixture("walk_placed")
    card = dashboard.show_card("walk_placed", CARD)
    heading = card.get_by_role("heading", level=2)
    expect(heading).to_contain_text("With metering operator")
    heading.evaluate("each => (window.drawn = each)")
    reading = next(each for each in picture["states"] if each.endswith("meter_reading"))
    dashboard.change(**{reading.replace(".", "__"): {"state": "12"}})
    assert heading.evaluate("each => each === window.drawn")
    status = next(each for each in picture["states"] if each.endswith("order_status"))
    later: dict[str, Any] = picture["states"][status] | {"state": "check_submitted"}
    dashboard.change(**{status.replace(".", "__"): later})
    expect(card.get_by_role("heading", level=2)).to_contain_text("Details submitted")
    assert heading.evaluate("each => each !== window.drawn")


WITHOUT_TEXTS = """() => {
  const { hass } = document.querySelector("home-assistant");
  window.allTexts = { localize: hass.localize };
  const isOfEntity = key => key.startsWith("component.nomos_energy.entity.");
  const localize = (key, ...more) => isOfEntity(key) ? "" : hass.localize(key, ...more);
  window.setPicture({ localize });
}"""


def test_texts_come_later(pages: Pages) -> None:
    """The card tells all as soon as Home Assistant has the texts of the entities."""
    stage = pages.stage("en", "phone")
    card = stage.show_card("walk_placed", CARD)
    title = card.get_by_role("heading", level=2).filter(has_text="metering operator")
    expect(title).to_be_visible()
    stage.page.evaluate(WITHOUT_TEXTS)
    expect(title).to_have_count(0)
    stage.page.evaluate("() => window.setPicture(window.allTexts)")
    expect(title).to_be_visible()


def test_hostile_text(open_page: Open) -> None:
    """Text from outside is shown as text."""
    dashboard = open_page("en")
    picture = read_fixture("walk_placed")
    name = '<img src=x onerror="window.hacked = true">'
    devices = {key: each | {"name": name} for key, each in picture["devices"].items()}
    dashboard.show_card("walk_placed", CARD)
    dashboard.page.evaluate("devices => window.setPicture({ devices })", devices)
    expect(dashboard.page.locator("main#picture")).to_contain_text(name)
    assert not dashboard.page.evaluate("() => Boolean(window.hacked)")


def test_forced_colors(open_page: Open, shots: Path | None) -> None:
    """With the few colours of a contrast theme, done, current and later steps differ."""
    dashboard = open_page("en")
    dashboard.page.emulate_media(forced_colors="active")
    card = dashboard.show_card("walk_scheduled", CARD)
    look = "each => getComputedStyle(each).backgroundColor"
    done, current, later = (
        card.locator(f".{state} .mark").first for state in ("done", "current", "todo")
    )
    assert done.evaluate(look) != later.evaluate(look)
    dot = "each => getComputedStyle(each, '::after').backgroundColor"
    assert current.evaluate(dot) == done.evaluate(look)
    if shots:
        card.screenshot(path=shots / "journey-forced-colors.png")
    assert dashboard.serious_faults("nomos-journey-card") == []


def test_clock_of_twelve_hours(open_page: Open) -> None:
    """The appointment is told as the user has set it."""
    dashboard = open_page("en")
    card = dashboard.show_card("walk_scheduled", CARD)
    expect(card.locator(".appointment")).to_contain_text("9:00")
    dashboard.page.evaluate(
        """() => {
          const { locale } = document.querySelector("home-assistant").hass;
          window.setPicture({ locale: { ...locale, time_format: "12" } });
        }"""
    )
    expect(card.locator(".appointment")).to_contain_text(re.compile(r"9:00\sam"))


def test_without_motion(open_page: Open) -> None:
    """Nothing moves for those who do not want that."""
    dashboard = open_page("en")
    card = dashboard.show_card("walk_placed", CARD)
    mark = card.locator(".current .mark")
    expect(mark).to_be_visible()
    running = "each => each.getAnimations({ subtree: true }).length"
    assert mark.evaluate(running) == 0
    dashboard.page.emulate_media(reduced_motion="no-preference")
    assert mark.evaluate(running) == 1
