/** Sentences of the price card. */

import { cents, dayOf, inDays, time, weekday, weekdayTime } from "./format.js";
import { stateName } from "./texts.js";

/** @typedef {import("./texts.js").Text} Text */
/** @typedef {import("./prices.js").Prices} Prices */

/**
 * All that is drawn.
 * @typedef {object} Picture
 * @property {Hass} hass
 * @property {Text} text
 * @property {Prices} prices
 * @property {FeeWindow[]} fees
 * @property {Load[]} loads
 * @property {string} contract Name of the contract.
 */

/**
 * Return the title of a day, such as "Heute, Donnerstag, 26. November".
 * @param {Day} day
 * @param {Picture} picture
 */
export function titleOf(day, { hass, prices }) {
  const name = inDays(hass, day === prices.days[0] ? 0 : 1);
  // Noon is on the same day in all time zones near Germany.
  const noon = new Date((day.start + day.end) / 2);
  return `${name.charAt(0).toLocaleUpperCase(hass.language)}${name.slice(1)}, ${weekday(hass, noon)}`;
}

/**
 * Return the name of a price's level.
 * @param {number} level
 * @param {Picture} picture
 */
export function levelName(level, { hass, prices }) {
  return stateName(hass, "sensor", `${prices.key}_level`, prices.levels[level] || "");
}

/** Letters of the grid fee levels on price sheets. */
export const FEE_LETTERS = /** @type {Record<string, string>} */ ({
  low: "NT",
  standard: "ST",
  high: "HT",
});

/**
 * Return the name of a grid fee level, with its letters.
 * @param {string} level
 * @param {Picture} picture
 */
export function feeName(level, { hass }) {
  const name = stateName(hass, "sensor", "grid_fee_window", level);
  const letters = FEE_LETTERS[level] || "";
  return name.includes(letters) ? name : `${name} (${letters})`;
}

/**
 * Return a time, with its weekday if it is not today.
 * @param {number} moment
 * @param {Picture} picture
 */
export function when(moment, { hass, prices }) {
  const at = new Date(moment);
  const isToday = dayOf(hass, at) === dayOf(hass, new Date(prices.now));
  return isToday ? time(hass, at) : weekdayTime(hass, at);
}

/**
 * Return all that is known of an interval.
 * @param {Interval} interval
 * @param {Picture} picture
 */
export function describeInterval(interval, picture) {
  const { hass, text, fees, loads } = picture;
  const { start, end, price, level } = interval;
  const fee = fees.find((each) => each.start <= start && start < each.end);
  const running = loads.filter(({ pieces }) =>
    pieces.some((each) => each.start < end && each.end > start),
  );
  const value = price === null ? text("card_price_unknown") : text("card_price", { price: cents(hass, price) });
  const parts = [
    price === null ? "" : levelName(level, picture),
    fee && text("card_fee", { level: feeName(fee.level, picture) }),
    ...running.map(({ name }) => name),
  ];
  const times = text("card_times", { start: time(hass, new Date(start)), end: time(hass, new Date(end)) });
  return [`${times}: ${value}`, ...parts.filter(Boolean)].join(" · ");
}

/**
 * Return the range of a day's prices, or when there will be some.
 * @param {Day} day
 * @param {Picture} picture
 */
export function describeDay(day, { hass, text, prices }) {
  const { isKnown, lowest, highest, average } = day;
  if (!isKnown && day === prices.days[0]) return text("card_prices_unavailable");
  if (!isKnown) return text(prices.feedsIn ? "card_payouts_tomorrow" : "card_prices_tomorrow");
  return text("card_range", {
    lowest: cents(hass, lowest),
    highest: cents(hass, highest),
    average: cents(hass, average),
  });
}

/**
 * Return when the level changes, and when prices are good again.
 * @param {Picture} picture
 */
export function outlook(picture) {
  const { hass, text, prices } = picture;
  const { nextGood } = prices;
  if (!nextGood || nextGood.price === null) return "";
  return text(prices.feedsIn ? "card_high_again" : "card_cheap_again", {
    time: when(nextGood.start, picture),
    price: cents(hass, nextGood.price),
  });
}

/**
 * Return when a planned load runs, and at what price.
 * @param {Load} load
 * @param {Picture} picture
 */
export function describePlan({ state, until, pieces }, picture) {
  const { hass, text } = picture;
  if (state === "switched_by_hand" && until) return text("card_until", { time: when(until, picture) });
  return pieces
    .map(({ start, end, price }) => {
      const times = text("card_times", { start: when(start, picture), end: time(hass, new Date(end)) });
      const told =
        price === null ? text("card_provisional") : text("card_price", { price: cents(hass, price) });
      return `${times} (${told})`;
    })
    .join(", ");
}
