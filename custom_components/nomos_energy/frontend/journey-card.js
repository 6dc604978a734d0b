/** Card of the meter order: the milestones as a path, what comes next, and who acts. */

import { ContractCard } from "./card.js";
import { nameOf } from "./contract.js";
import { html, icon, link } from "./dom.js";
import { journeyOf } from "./journey.js";
import { Order, statesOf } from "./order.js";
import { loadTexts } from "./texts.js";

/** @typedef {import("./texts.js").Text} Text */

const HOUR = 3_600_000;

const STYLE = `
.head { display: grid; grid-template-columns: auto 1fr; gap: 0 12px; align-items: center; }
.head > ha-icon { grid-row: span 2; width: 44px; height: 44px; border-radius: 50%; display: flex;
  align-items: center; justify-content: center; color: var(--primary-color); position: relative; }
.head > ha-icon::before { content: ""; position: absolute; inset: 0; border-radius: 50%;
  background: currentColor; opacity: 0.14; }
.head.warn > ha-icon { color: var(--warning-color); }
.head.done > ha-icon { color: var(--success-color); }
.columns { display: grid; gap: 20px; }
@container (min-width: 560px) {
  .columns { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 24px; }
}
.together { display: inline-block; }
.facts { display: grid; gap: 16px; align-content: start; }
.fact { display: grid; gap: 4px; }
.box { border: 1px solid var(--divider-color); border-radius: 12px; padding: 12px 16px; }
.appointment { font-size: 1.125rem; font-weight: 500; }
.warning { border: 1px solid var(--warning-color); border-inline-start-width: 6px;
  border-radius: 12px; padding: 12px 16px; display: grid; gap: 4px; }
.warning h3 { font-size: 1rem; color: var(--primary-text-color); }
.list { list-style: none; display: grid; gap: 6px; }
.list li { display: grid; grid-template-columns: 20px 1fr; gap: 8px; }
.list ha-icon { --mdc-icon-size: 20px; color: var(--secondary-text-color); }
.path { list-style: none; }
.path li { display: grid; grid-template-columns: 24px 1fr; gap: 0 12px; position: relative;
  padding-bottom: 14px; min-height: 24px; }
.path li:last-child { padding-bottom: 0; }
.path li::before { content: ""; position: absolute; inset-inline-start: 11px; top: 24px; bottom: 0;
  width: 2px; background: var(--divider-color); }
.path li.done::before { background: var(--primary-color); }
.path li:last-child::before { display: none; }
.mark { width: 24px; height: 24px; border-radius: 50%; box-sizing: border-box; display: grid;
  place-items: center; border: 2px solid var(--divider-color); }
.done .mark { border-color: var(--primary-color); background: var(--primary-color);
  color: var(--text-primary-color, #fff); --mdc-icon-size: 16px; }
.current .mark { border-color: var(--primary-color); border-width: 3px; }
.current .mark::after { content: ""; width: 10px; height: 10px; border-radius: 50%;
  background: var(--primary-color); animation: beat 2s ease-in-out infinite; }
.current .name { font-weight: 600; }
.todo .name { color: var(--secondary-text-color); }
.path .note { grid-column: 2; }
.expected { display: grid; grid-template-columns: 20px 1fr; gap: 8px; --mdc-icon-size: 20px; }
@keyframes beat { 50% { opacity: 0.35; } }
@media (prefers-reduced-motion: reduce) { .current .mark::after { animation: none; } }
@media (forced-colors: active) {
  .mark, .current .mark::after { forced-color-adjust: none; border-color: CanvasText; }
  .done .mark, .current .mark::after { background: CanvasText; color: Canvas; }
}
`;

/** Card `custom:nomos-journey-card`. */
export default class JourneyCard extends ContractCard {
  static style = STYLE;

  /** @type {Text} */ #repair = () => "";

  /** @param {Hass} hass */
  async loadTexts(hass) {
    const [text, repair] = await Promise.all([loadTexts(hass), loadTexts(hass, "issues")]);
    this.#repair = repair;
    return text;
  }

  /**
   * @param {Hass} hass
   * @param {HassDevice} contract
   * @param {Date} now
   */
  used(hass, contract, now) {
    // Days begin on the hour in all time zones that a household is likely to be in.
    return [...statesOf(hass, contract.id), Math.floor(now.getTime() / HOUR)];
  }

  /**
   * @param {Hass} hass
   * @param {HassDevice} contract
   * @param {Text} text
   */
  draw(hass, contract, text) {
    const context = { text, repair: this.#repair, now: new Date() };
    const journey = journeyOf(new Order(hass, contract, context));
    const { warning, appointment, prepare = [], steps = [], links = [] } = journey;
    const facts = [
      warning && drawWarning(warning, journey.next ? undefined : journey.actor, text),
      journey.next && drawNext(journey, text),
      appointment && drawAppointment(appointment, text),
      prepare.length > 0 && drawPrepare(prepare, text),
    ].filter((each) => each instanceof HTMLElement);
    const columns = [
      facts.length > 0 && html("div", { class: "facts" }, ...facts),
      steps.length > 0 && drawPath(steps, journey.expected, text),
    ].filter((each) => each instanceof HTMLElement);
    return [
      drawHead(journey, contract, text),
      html("div", { class: columns.length > 1 ? "columns" : "facts" }, ...columns),
      html("div", { class: "actions" }, ...links.map((each) => link(each.address, each.label))),
    ].filter((each) => each.children.length > 0);
  }
}

/**
 * @param {Journey} journey
 * @param {HassDevice} contract
 * @param {Text} text
 */
function drawHead({ icon: name, title, since, warning, isActive }, contract, text) {
  const tone = warning ? "warn" : isActive ? "done" : "";
  return html(
    "div",
    { class: `head ${tone}` },
    icon(name),
    html(
      "h2",
      {},
      html("span", { class: "hidden" }, `${text("card_journey")}, ${nameOf(contract)}: `),
      title,
    ),
    html(
      "p",
      { class: "quiet" },
      since && `${since} · `,
      html("span", { class: "together" }, nameOf(contract)),
    ),
  );
}

/**
 * @param {NonNullable<Journey["warning"]>} warning
 * @param {string | undefined} actor
 * @param {Text} text
 */
function drawWarning(warning, actor, text) {
  return html(
    "div",
    { class: "warning", role: "status" },
    html("h3", {}, warning.title),
    html("p", {}, warning.text),
    actor && html("p", { class: "quiet" }, text("card_actor", { actor })),
  );
}

/**
 * @param {Journey} journey
 * @param {Text} text
 */
function drawNext({ actor, next }, text) {
  return html(
    "div",
    { class: "fact" },
    html("h3", {}, text("card_next")),
    next && html("p", {}, next),
    html("p", { class: "quiet" }, text("card_actor", { actor })),
  );
}

/**
 * @param {NonNullable<Journey["appointment"]>} appointment
 * @param {Text} text
 */
function drawAppointment({ day, time, countdown, provider }, text) {
  return html(
    "div",
    { class: "fact box" },
    html("h3", {}, text("card_appointment")),
    html("p", { class: "appointment" }, text("card_at", { day, time })),
    html("p", { class: "quiet" }, [countdown, provider].filter(Boolean).join(" · ")),
  );
}

/**
 * @param {string[]} entries
 * @param {Text} text
 */
function drawPrepare(entries, text) {
  return html(
    "div",
    { class: "fact" },
    html("h3", { id: "prepare" }, text("card_prepare")),
    html(
      "ul",
      { class: "list", role: "list", "aria-labelledby": "prepare" },
      ...entries.map((each) => html("li", {}, icon("mdi:checkbox-blank-outline"), html("span", {}, each))),
    ),
  );
}

/**
 * @param {Step[]} steps
 * @param {string | undefined} expected
 * @param {Text} text
 */
function drawPath(steps, expected, text) {
  return html(
    "div",
    { class: "facts" },
    html("ol", { class: "path", role: "list", "aria-label": text("card_path") }, ...steps.map((step) => drawStep(step, text))),
    expected && html("p", { class: "expected" }, icon("mdi:calendar-clock"), html("span", {}, expected)),
  );
}

/**
 * @param {Step} step
 * @param {Text} text
 */
function drawStep({ name, state, note }, text) {
  return html(
    "li",
    { class: state, "aria-current": state === "current" && "step" },
    html("span", { class: "mark" }, state === "done" && icon("mdi:check")),
    html(
      "span",
      { class: "name" },
      name,
      html("span", { class: "hidden" }, `, ${text(`card_step_${state}`)}`),
    ),
    note && html("span", { class: "note quiet" }, note),
  );
}
