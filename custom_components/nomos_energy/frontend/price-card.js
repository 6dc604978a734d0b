/** Card of the prices: now, today and tomorrow, planned loads and the cheapest window. */

import { ContractCard } from "./card.js";
import { loads, nameOf, stateOf } from "./contract.js";
import { html } from "./dom.js";
import { drawDay, mark } from "./price-chart.js";
import { drawHead, drawLegend, drawLoads, drawTable } from "./price-parts.js";
import { patterns } from "./price-patterns.js";
import { describeDay, describeInterval, titleOf } from "./price-texts.js";
import { STYLE } from "./price-style.js";
import { WindowFinder } from "./price-window.js";
import { Prices, feeWindows, loadOf } from "./prices.js";

/** @typedef {import("./texts.js").Text} Text */
/** @typedef {import("./price-texts.js").Picture} Picture */

const MINUTE = 60_000;

/** Width of a chart until it is measured. */
const USUAL_WIDTH = 320;

/** Keys that move through the intervals of a day, by how much. */
const MOVES = /** @type {Record<string, number>} */ ({
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -4,
  PageUp: 4,
  Home: -Infinity,
  End: Infinity,
});

/** @typedef {{ day: Day, chart: HTMLElement, readout: HTMLElement }} Part */

/** Card `custom:nomos-price-card`. */
export default class PriceCard extends ContractCard {
  static style = STYLE;

  /** @type {Part[]} */ #parts = [];
  /** @type {Picture | undefined} */ #picture;
  /** @type {number | undefined} */ #selected;
  #width = USUAL_WIDTH;
  #isTableOpen = false;
  #finder = new WindowFinder(() => this.#drawCharts());
  #resized = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width || 0);
    if (width === 0 || width === this.#width) return;
    this.#width = width;
    this.#drawCharts();
  });

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#resized.disconnect();
  }

  connectedCallback() {
    super.connectedCallback();
    this.#observe();
  }

  /**
   * @param {Hass} hass
   * @param {HassDevice} contract
   * @param {Date} now
   */
  used(hass, contract, now) {
    return [
      stateOf(hass, contract.id, "price", "sensor") || stateOf(hass, contract.id, "payout"),
      stateOf(hass, contract.id, "grid_fee_window"),
      stateOf(hass, contract.id, "smart_meter_active"),
      ...loads(hass, contract.id).flatMap(({ id }) => [
        stateOf(hass, id, "run_now", "binary_sensor"),
        stateOf(hass, id, "plan_state"),
      ]),
      Math.floor(now.getTime() / MINUTE / 5),
    ];
  }

  /**
   * @param {Hass} hass
   * @param {HassDevice} contract
   * @param {Text} text
   */
  draw(hass, contract, text) {
    const prices = new Prices(hass, contract.id, Date.now());
    if (!prices.isAvailable) return this.#drawNothing(hass, contract, text, prices);
    this.#picture = {
      hass,
      text,
      prices,
      fees: feeWindows(hass, contract.id),
      loads: loads(hass, contract.id).map((device) =>
        loadOf(hass, device, nameOf(device).replace(`${nameOf(contract)} `, "")),
      ),
      contract: nameOf(contract),
    };
    const picture = this.#picture;
    this.#finder.update(hass, contract, prices, text);
    this.#parts = [];
    const days = prices.days.map((day) => this.#drawPart(day, picture));
    this.#drawCharts();
    this.#observe();
    return [
      drawHead(picture),
      patterns(),
      html("div", { class: "days" }, ...days),
      drawLegend(picture),
      picture.loads.length > 0 && drawLoads(picture, this),
      this.#finder.element,
      drawTable(picture, this.#isTableOpen, (isOpen) => (this.#isTableOpen = isOpen)),
    ].filter((each) => each instanceof Element);
  }

  /**
   * @param {Hass} hass
   * @param {HassDevice} contract
   * @param {Text} text
   * @param {Prices} prices
   */
  #drawNothing(hass, contract, text, prices) {
    this.#parts = [];
    this.#picture = undefined;
    const isActive = stateOf(hass, contract.id, "smart_meter_active")?.state === "on";
    const key = prices.state || isActive ? "card_prices_unavailable" : "card_prices_later";
    return [
      html("h2", {}, text("card_prices")),
      html("p", {}, text(key)),
      html("p", { class: "quiet" }, nameOf(contract)),
    ];
  }

  /**
   * @param {Day} day
   * @param {Picture} picture
   */
  #drawPart(day, picture) {
    const title = titleOf(day, picture);
    const isPlanned = picture.loads.some(({ pieces }) =>
      pieces.some(({ start, end }) => start < day.end && end > day.start),
    );
    if (!day.isKnown && !isPlanned) {
      const missing = html("p", { class: "empty quiet" }, describeDay(day, picture));
      return html("div", { class: "day" }, html("h3", {}, title), missing);
    }
    const chart = html("div", {
      class: "chart",
      tabindex: 0,
      role: "slider",
      "data-key": String(day.start),
      "aria-label": picture.text("card_chart", { day: title }),
      "aria-valuemin": 0,
      "aria-valuemax": day.intervals.length - 1,
      "aria-orientation": "horizontal",
      keydown: (/** @type {KeyboardEvent} */ event) => this.#onKey(event, day),
      pointerdown: (/** @type {PointerEvent} */ event) => this.#onPoint(event, day),
      pointermove: (/** @type {PointerEvent} */ event) => this.#onPoint(event, day),
      pointerleave: (/** @type {PointerEvent} */ event) => {
        if (event.pointerType === "mouse") this.#select(undefined);
      },
    });
    const readout = html("p", { class: "readout", "aria-hidden": "true" });
    this.#parts.push({ day, chart, readout });
    return html("div", { class: "day" }, html("h3", {}, title), chart, readout);
  }

  #observe() {
    this.#resized.disconnect();
    const [first] = this.#parts;
    if (first) this.#resized.observe(first.chart);
  }

  #drawCharts() {
    const picture = this.#picture;
    if (!picture) return;
    const { hass, prices, fees, text } = picture;
    for (const { day, chart } of this.#parts) {
      const scene = {
        hass,
        day,
        prices,
        fees,
        loads: picture.loads,
        found: this.#finder.found,
        now: text("card_now"),
      };
      chart.replaceChildren(drawDay(scene, this.#width));
    }
    this.#show();
  }

  /**
   * @param {KeyboardEvent} event
   * @param {Day} day
   */
  #onKey(event, day) {
    const move = MOVES[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const last = day.intervals.length - 1;
    const at = Math.min(Math.max(this.#placeOn(day) + move, 0), last);
    this.#select(day.intervals[at]?.start);
  }

  /**
   * @param {PointerEvent} event
   * @param {Day} day
   */
  #onPoint(event, day) {
    const chart = /** @type {HTMLElement} */ (event.currentTarget);
    const { left, width } = chart.getBoundingClientRect();
    const place = Math.floor(((event.clientX - left) / width) * day.intervals.length);
    this.#select(day.intervals[place]?.start);
  }

  /**
   * Return the place of the selected interval, or of the current one.
   * @param {Day} day
   */
  #placeOn(day) {
    const at = this.#selected ?? this.#picture?.prices.now ?? day.start;
    const place = day.intervals.findIndex((each) => each.start <= at && at < each.end);
    return Math.max(place, 0);
  }

  /** @param {number | undefined} start */
  #select(start) {
    if (start === this.#selected) return;
    this.#selected = start;
    this.#show();
  }

  /** Tell the selected interval, or of each day what to know of it. */
  #show() {
    const picture = this.#picture;
    if (!picture) return;
    for (const { day, chart, readout } of this.#parts) {
      const place = this.#placeOn(day);
      const selected = day.intervals.find((each) => each.start === this.#selected);
      const told = selected || day.intervals[place];
      chart.setAttribute("aria-valuenow", String(place));
      chart.setAttribute("aria-valuetext", told ? describeInterval(told, picture) : "");
      readout.textContent = selected
        ? describeInterval(selected, picture)
        : describeDay(day, picture);
      mark(chart, day, selected);
    }
  }
}
