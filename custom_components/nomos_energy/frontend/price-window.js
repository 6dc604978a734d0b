/** Part of the price card that finds the cheapest window for a length. */

import { DOMAIN } from "./contract.js";
import { html } from "./dom.js";
import { cents, dayOf, duration, time, weekdayTime } from "./format.js";
import { loadTexts } from "./texts.js";

/** @typedef {import("./texts.js").Text} Text */
/** @typedef {import("./prices.js").Prices} Prices */

const MINUTE = 60_000;
const LENGTHS = [30, 60, 90, 120, 180, 240, 300, 360, 480];
const USUAL = 120;

/** @typedef {{ start: string, end: string, average_price: number | null }} Found */

/** Choice of a length, and the window for it. */
export class WindowFinder {
  /** Window that was found: none while it is looked for, or if there is none. */
  /** @type {{ start: number, end: number }[]} */ found = [];
  #minutes = USUAL;
  /** @type {Text | undefined} */ #named;
  /** @type {HassLocale | undefined} */ #locale;
  /** @type {unknown[]} */ #asked = [];
  #label = html("label", { for: "length" });
  #select = /** @type {HTMLSelectElement} */ (
    html("select", { id: "length", "data-key": "length", change: () => this.#choose() })
  );
  #result = html("p", { class: "result", role: "status" });

  /** @param {() => void} onFound */
  constructor(onFound) {
    this.onFound = onFound;
    this.element = html(
      "div",
      { class: "window" },
      html("p", { class: "choice" }, this.#label, this.#select),
      this.#result,
    );
  }

  /**
   * Show the window for the prices that are known now.
   * @param {Hass} hass
   * @param {HassDevice} contract
   * @param {Prices} prices
   * @param {Text} text
   */
  update(hass, contract, prices, text) {
    this.context = { hass, contract, prices, text };
    if (text !== this.#named || hass.locale !== this.#locale) this.#name();
    this.#find();
  }

  #name() {
    if (!this.context) return;
    const { hass, prices, text } = this.context;
    this.#named = text;
    this.#locale = hass.locale;
    this.#label.textContent = text(prices.feedsIn ? "card_best_window" : "card_cheapest_window");
    this.#select.replaceChildren(
      ...LENGTHS.map((minutes) =>
        html(
          "option",
          { value: minutes, selected: minutes === this.#minutes },
          duration(hass, minutes * MINUTE),
        ),
      ),
    );
  }

  #choose() {
    this.#minutes = Number(this.#select.value);
    this.#find();
  }

  async #find() {
    if (!this.context) return;
    const { hass, contract, prices, text } = this.context;
    const begun = this.found.some(({ start }) => start < prices.now) && prices.current?.start;
    const asked = [contract.id, this.#minutes, prices.days, hass.locale, hass.language, begun];
    if (asked.every((each, place) => each === this.#asked[place])) return;
    this.#asked = asked;
    const minutes = this.#minutes;
    /** @type {Found | undefined} */ let found;
    let told = "";
    try {
      const data = {
        device_id: contract.id,
        duration: { minutes },
        most_expensive: prices.feedsIn,
      };
      const result = await hass.callService(
        DOMAIN,
        "find_cheapest_window",
        data,
        undefined,
        false,
        true,
      );
      const answer = /** @type {Found} */ (result.response);
      found = answer;
      told = describe(hass, answer, text);
    } catch (error) {
      told = await reasonOf(hass, error);
    }
    if (this.#asked !== asked) return;
    this.found = found ? [{ start: Date.parse(found.start), end: Date.parse(found.end) }] : [];
    this.#result.textContent = told;
    this.onFound();
  }
}

/**
 * Return why there is no window, in the user's language where Home Assistant has a text.
 * @param {Hass} hass
 * @param {any} error
 */
async function reasonOf(hass, { translation_domain, translation_key, translation_placeholders, message }) {
  const text = translation_domain === DOMAIN && (await loadTexts(hass, "exceptions"));
  return (text && text(`${translation_key}.message`, translation_placeholders)) || message || "–";
}

/**
 * @param {Hass} hass
 * @param {Found} found
 * @param {Text} text
 */
function describe(hass, found, text) {
  const start = new Date(found.start);
  const end = new Date(found.end);
  const isOneDay = dayOf(hass, start) === dayOf(hass, end);
  return text("card_window", {
    start: weekdayTime(hass, start),
    end: isOneDay ? time(hass, end) : weekdayTime(hass, end),
    price: found.average_price === null ? "–" : cents(hass, found.average_price),
  });
}
