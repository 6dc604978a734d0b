/** Parts of the price card around the charts. */

import { html, icon, showMore, svg } from "./dom.js";
import { cents, time } from "./format.js";
import { describePlan, feeName, levelName, outlook, when } from "./price-texts.js";
import { stateName } from "./texts.js";

/** @typedef {import("./price-texts.js").Picture} Picture */

const LOAD_ICONS = /** @type {Record<string, string>} */ ({
  running: "mdi:play-circle",
  switched_by_hand: "mdi:hand-back-right",
  planned: "mdi:clock-outline",
  provisional: "mdi:clock-alert-outline",
  done: "mdi:check-circle-outline",
  cannot_finish: "mdi:alert-circle-outline",
  waiting_for_meter: "mdi:lock-clock",
});

/**
 * Return a square with the colour and pattern of a quality.
 * @param {number} quality
 */
function swatch(quality) {
  const square = { width: 16, height: 16, rx: 3 };
  return svg(
    "svg",
    { class: "swatch", viewBox: "0 0 16 16", "aria-hidden": "true" },
    svg("rect", { class: `bar q${quality}`, ...square }),
    svg("rect", { class: `pattern q${quality}`, ...square }),
  );
}

/**
 * Return the current price with its level, and when prices are good again.
 * @param {Picture} picture
 */
export function drawHead(picture) {
  const { hass, text, prices, contract } = picture;
  const { current, levelEnds } = prices;
  const title = text(prices.feedsIn ? "card_payouts" : "card_prices");
  const price = current?.price ?? null;
  const later = outlook(picture);
  return html(
    "div",
    { class: "head" },
    html("h2", { class: "quiet" }, `${title} · ${contract}`),
    html(
      "p",
      {},
      html("span", { class: "value" }, price === null ? "–" : cents(hass, price)),
      html("span", { class: "unit" }, " ct/kWh"),
    ),
    current && price !== null
      ? html(
          "p",
          { class: "level" },
          swatch(prices.quality(current)),
          levelName(current.level, picture),
          levelEnds &&
            html("span", { class: "quiet" }, text("card_until", { time: when(levelEnds.start, picture) })),
        )
      : html("p", {}, text("card_price_unknown")),
    later && html("p", {}, later),
  );
}

/**
 * Return the meaning of colours, patterns and letters.
 * @param {Picture} picture
 */
export function drawLegend(picture) {
  const { text, prices, fees } = picture;
  const levels = prices.levels.map((_, level) =>
    html("li", {}, swatch(prices.feedsIn ? 4 - level : level), levelName(level, picture)),
  );
  const names = ["low", "standard", "high"].filter((level) => fees.some((each) => each.level === level));
  const fee = names.map((level) => feeName(level, picture)).join(", ");
  return html(
    "ul",
    { class: "legend", role: "list", "aria-label": text("card_legend") },
    ...levels,
    fee && html("li", {}, text("card_fee", { level: fee })),
  );
}

/**
 * @param {Picture} picture
 * @param {HTMLElement} card
 */
export function drawLoads(picture, card) {
  return html(
    "div",
    {},
    html("h3", { id: "loads" }, picture.text("card_loads")),
    html(
      "ul",
      { class: "loads", role: "list", "aria-labelledby": "loads" },
      ...picture.loads.map((load) => drawLoad(load, picture, card)),
    ),
  );
}

/**
 * @param {Load} load
 * @param {Picture} picture
 * @param {HTMLElement} card
 */
function drawLoad(load, picture, card) {
  const { name, state, entity } = load;
  const plan = describePlan(load, picture);
  const told =
    stateName(picture.hass, "sensor", "plan_state", state) || picture.text("card_load_unknown");
  return html(
    "li",
    {},
    html(
      "button",
      { type: "button", "data-key": entity?.entity_id, click: () => entity && showMore(card, entity.entity_id) },
      icon(LOAD_ICONS[state] || "mdi:minus-circle-outline"),
      html("span", {}, `${name}: ${told}`),
      plan && html("span", { class: "quiet" }, plan),
    ),
  );
}

/**
 * Return all prices as a table, which is filled when it is opened.
 * @param {Picture} picture
 * @param {boolean} isOpen
 * @param {(isOpen: boolean) => void} onToggle
 */
export function drawTable(picture, isOpen, onToggle) {
  const content = html("div", {
    class: "scroll",
    tabindex: 0,
    role: "region",
    "aria-label": picture.text("card_table"),
  });
  const details = /** @type {HTMLDetailsElement} */ (
    html(
      "details",
      {
        open: isOpen,
        toggle: () => {
          onToggle(details.open);
          content.replaceChildren(...(details.open ? [tableOf(picture)] : []));
        },
      },
      html("summary", { "data-key": "table" }, picture.text("card_table")),
      content,
    )
  );
  return details;
}

/** @param {Picture} picture */
function tableOf(picture) {
  const { hass, text, prices, fees } = picture;
  const columns = [text("card_column_time"), "ct/kWh", text("card_column_level")];
  if (fees.length) columns.push(text("card_column_fee"));
  const rows = prices.intervals
    .filter(({ price }) => price !== null)
    .map(({ start, end, price, level }) => {
      const fee = fees.find((each) => each.start <= start && start < each.end);
      const times = text("card_times", { start: when(start, picture), end: time(hass, new Date(end)) });
      return html(
        "tr",
        {},
        html("td", {}, times),
        html("td", { class: "number" }, cents(hass, Number(price))),
        html("td", {}, levelName(level, picture)),
        fees.length > 0 &&
          html("td", {}, fee ? feeName(fee.level, picture) : "–"),
      );
    });
  return html(
    "table",
    {},
    html(
      "thead",
      {},
      html("tr", {}, ...columns.map((each, place) => html("th", { scope: "col", class: place === 1 && "number" }, each))),
    ),
    html("tbody", {}, ...rows),
  );
}
