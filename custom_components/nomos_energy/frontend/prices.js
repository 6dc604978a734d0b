/** Prices, or payouts, of a contract for today and tomorrow. */

import { isKnown, stateOf } from "./contract.js";

export const PRICE_LEVELS = ["very_cheap", "cheap", "normal", "expensive", "very_expensive"];
export const PAYOUT_LEVELS = ["very_low", "low", "normal", "high", "very_high"];

const HOUR = 3_600_000;
const QUARTER = 900_000;

/** Limits of the levels in standard deviations, and the least one, as in price_day.py. */
const LEVEL_LIMITS = [-1.25, -0.5, 0.5, 1.25];
const MIN_SPREAD = 0.02;

const GERMAN_DAY = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Berlin" });

/**
 * Return the beginning of a moment's day in Germany.
 * @param {number} moment
 */
function midnight(moment) {
  const utc = Date.parse(GERMAN_DAY.format(moment));
  // Germany is two hours ahead of UTC, or one.
  return GERMAN_DAY.format(utc - 2 * HOUR) === GERMAN_DAY.format(utc) ? utc - 2 * HOUR : utc - HOUR;
}

/**
 * Return the level of a price on its day.
 * @param {number} price
 * @param {number} average
 * @param {number} spread
 */
function levelOf(price, average, spread) {
  const distance = (price - average) / spread;
  return LEVEL_LIMITS.filter((limit) => (limit < 0 ? distance > limit : distance >= limit)).length;
}

/**
 * Return a day with all its intervals.
 * @param {Map<number, number | null>} prices By their start.
 * @param {number} start
 * @param {number} length Of an interval.
 * @returns {Day}
 */
function dayOf(prices, start, length) {
  const end = midnight(start + 30 * HOUR);
  /** @type {Interval[]} */
  const intervals = [];
  for (let at = start; at < end; at += length) {
    intervals.push({ start: at, end: at + length, price: prices.get(at) ?? null, level: 2 });
  }
  const known = intervals.flatMap(({ price }) => (price === null ? [] : [price]));
  const average = known.reduce((sum, each) => sum + each, 0) / known.length;
  const variance = known.reduce((sum, each) => sum + (each - average) ** 2, 0) / known.length;
  const spread = Math.max(Math.sqrt(variance), MIN_SPREAD);
  const rounded = Number(average.toFixed(8));
  for (const each of intervals) {
    if (each.price !== null) each.level = levelOf(each.price, rounded, spread);
  }
  return {
    start,
    end,
    intervals,
    isKnown: known.length > 0,
    average: rounded,
    lowest: Math.min(...known),
    highest: Math.max(...known),
  };
}

/**
 * Return today and tomorrow, as the attribute of the current price lists them.
 * @param {Record<string, any>[]} listed
 * @param {"price" | "payout"} key
 * @param {number} now
 * @returns {Day[]}
 */
export function daysOf(listed, key, now) {
  const prices = new Map(
    listed.map((each) => [Date.parse(each.start), /** @type {number | null} */ (each[key])]),
  );
  const [first] = listed;
  const length = first ? Date.parse(first.end) - Date.parse(first.start) : QUARTER;
  const today = midnight(now);
  return [today, midnight(today + 30 * HOUR)].map((start) => dayOf(prices, start, length));
}

/** Prices of a contract at a moment. */
export class Prices {
  /** @type {WeakMap<object, Day[]>} */
  static #days = new WeakMap();

  /**
   * @param {Hass} hass
   * @param {string} contract Device ID.
   * @param {number} now
   */
  constructor(hass, contract, now) {
    this.now = now;
    const price = stateOf(hass, contract, "price", "sensor");
    const state = price || stateOf(hass, contract, "payout", "sensor");
    this.state = state;
    this.feedsIn = state !== undefined && state !== price;
    this.key = /** @type {"price" | "payout"} */ (this.feedsIn ? "payout" : "price");
    this.levels = this.feedsIn ? PAYOUT_LEVELS : PRICE_LEVELS;
    this.days = this.#daysOf(state?.attributes[`${this.key}s`] || []);
    this.intervals = this.days.flatMap((day) => day.intervals);
    this.current = this.intervals.find((each) => each.start <= now && now < each.end);
    this.isAvailable = state !== undefined && state.state !== "unavailable";
  }

  /** @param {Record<string, any>[]} listed */
  #daysOf(listed) {
    // The list is replaced when a price changes, and read once.
    const known = Prices.#days.get(listed);
    if (known?.[0] && known[0].start <= this.now && this.now < known[0].end) return known;
    const days = daysOf(listed, this.key, this.now);
    Prices.#days.set(listed, days);
    return days;
  }

  /**
   * Return how good a price is for the household: 0 is best, 4 worst.
   * @param {Interval} interval
   */
  quality({ level }) {
    return this.feedsIn ? 4 - level : level;
  }

  /** Return when the current level ends; undefined if that is not known. */
  get levelEnds() {
    const { current } = this;
    const next = this.intervals.find(
      (each) => current && each.start >= current.end && (each.price === null || each.level !== current.level),
    );
    return next && next.price !== null ? next : undefined;
  }

  /** Return the next interval with a good price, if the current one is none. */
  get nextGood() {
    const { current } = this;
    if (current && current.price !== null && this.quality(current) < 2) return undefined;
    return this.intervals.find(
      (each) => each.start > this.now && each.price !== null && this.quality(each) < 2,
    );
  }
}

/**
 * Return the grid fee levels of today and tomorrow.
 * @param {Hass} hass
 * @param {string} contract Device ID.
 * @returns {FeeWindow[]}
 */
export function feeWindows(hass, contract) {
  /** @type {{ start: string, end: string, level: string }[]} */
  const windows = stateOf(hass, contract, "grid_fee_window")?.attributes.windows || [];
  return windows.map(({ start, end, level }) => ({
    start: Date.parse(start),
    end: Date.parse(end),
    level,
  }));
}

/**
 * Return what a planned load does.
 * @param {Hass} hass
 * @param {HassDevice} device
 * @param {string} name
 * @returns {Load}
 */
export function loadOf(hass, device, name) {
  const entity = stateOf(hass, device.id, "plan_state");
  /** @type {{ start: string, end: string, price: number | null }[]} */
  const plan = stateOf(hass, device.id, "run_now", "binary_sensor")?.attributes.plan || [];
  return {
    name,
    state: isKnown(entity) ? entity.state : "unknown",
    entity,
    until: Date.parse(entity?.attributes.until) || undefined,
    pieces: plan.map(({ start, end, price }) => ({
      start: Date.parse(start),
      end: Date.parse(end),
      price,
    })),
  };
}
