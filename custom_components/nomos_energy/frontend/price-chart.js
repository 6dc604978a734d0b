/** Chart of a day: a bar for each price, grid fee levels, planned loads and the time now. */

import { cents, hour } from "./format.js";
import { svg } from "./dom.js";
import { FEE_LETTERS } from "./price-texts.js";

/** @typedef {import("./prices.js").Prices} Prices */

const BARS = 132;
const TOP = 28;
const FEES = 18;
const AXIS = 20;
const LANE = 22;
const HOUR = 3_600_000;

const GERMAN_HOUR = new Intl.DateTimeFormat("sv-SE", {
  timeZone: "Europe/Berlin",
  hour: "2-digit",
});

/** Widths in pixels that letters need. */
const LETTER = 7;
const FEE_LABEL = 22;
const HOUR_LABEL = 44;

/** Distances of lines in EUR/kWh, of which the smallest that fits is taken. */
const STEPS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const MOST_LINES = 5;

/**
 * @typedef {object} Scene
 * @property {Hass} hass
 * @property {Day} day
 * @property {Prices} prices
 * @property {FeeWindow[]} fees
 * @property {Load[]} loads
 * @property {{ start: number, end: number }[]} found Window that was looked for.
 * @property {string} now Label of the current time.
 */

/**
 * Return the place of a time on a day, in pixels.
 * @param {Day} day
 * @param {number} width
 * @returns {(moment: number) => number}
 */
function placeOf(day, width) {
  const scale = width / (day.end - day.start);
  return (moment) => Math.min(Math.max((moment - day.start) * scale, 0), width);
}

/** @param {number} value */
function px(value) {
  return value.toFixed(1);
}

/**
 * Return the scale of the prices of both days: height of a price, and lines.
 * @param {Prices} prices
 */
function scaleOf(prices) {
  const known = prices.days.filter((day) => day.isKnown);
  const highest = Math.max(0.01, ...known.map((day) => day.highest));
  const lowest = Math.min(0, ...known.map((day) => day.lowest));
  const step = STEPS.find((each) => (highest - lowest) / each <= MOST_LINES) || highest - lowest;
  const lines = [];
  for (let line = Math.ceil(lowest / step); line * step < highest; line++) lines.push(line * step);
  return {
    lines,
    /** @param {number} price */
    y: (price) => TOP + ((highest - price) / (highest - lowest)) * BARS,
  };
}

/**
 * Return the chart of a day.
 * @param {Scene} scene
 * @param {number} width
 */
export function drawDay(scene, width) {
  const { day, fees, loads } = scene;
  const x = placeOf(day, width);
  const own = fees.filter((each) => each.start < day.end && each.end > day.start);
  const lanes = loads
    .map((load) => ({ load, pieces: load.pieces.filter((each) => each.start < day.end && each.end > day.start) }))
    .filter(({ pieces }) => pieces.length > 0);
  const bottom = TOP + BARS + 4;
  const feesEnd = bottom + (own.length ? FEES : 0);
  const lanesEnd = feesEnd + lanes.length * LANE;
  const height = lanesEnd + AXIS;
  return svg(
    "svg",
    { viewBox: `0 0 ${px(width)} ${height}`, width: px(width), height, "aria-hidden": "true" },
    ...drawLines(scene, width),
    ...drawBars(scene, x),
    ...drawScale(scene),
    ...own.flatMap((each) => drawFee(each, x, bottom)),
    ...lanes.flatMap(({ load, pieces }, place) =>
      drawLane(lookOf(load, scene.prices.now), pieces, x, feesEnd + place * LANE, width),
    ),
    ...drawFound(scene, x),
    ...drawNow(scene, x, lanesEnd, width),
    ...drawHours(scene, x, height, width),
    svg("rect", { class: "cursor", y: TOP, height: lanesEnd - TOP, width: 0 }),
  );
}

/**
 * @param {Scene} scene
 * @param {number} width
 */
function drawLines({ prices }, width) {
  const { lines, y } = scaleOf(prices);
  return lines.map((price) => {
    const height = px(y(price));
    const name = price === 0 ? "zero" : "line";
    return svg("line", { class: name, x1: 0, x2: px(width), y1: height, y2: height });
  });
}

/**
 * Draw the numbers of the scale, above the bars.
 * @param {Scene} scene
 */
function drawScale({ hass, prices }) {
  const { lines, y } = scaleOf(prices);
  return lines
    .filter((price) => price !== 0)
    .map((price) => svg("text", { class: "scale", x: 1, y: px(y(price) - 3) }, cents(hass, price, 0)));
}

/**
 * Draw the bars: a path for each level, so that a day is a few elements only.
 * @param {Scene} scene
 * @param {(moment: number) => number} x
 */
function drawBars({ day, prices }, x) {
  const { y } = scaleOf(prices);
  const zero = y(0);
  /** @type {Map<string, string>} */
  const paths = new Map();
  for (const each of day.intervals) {
    const isOver = each.end <= prices.now ? "over" : "";
    const from = x(each.start);
    const to = x(each.end);
    const gap = to - from > 2.5 ? 0.8 : 0;
    const isUnknown = each.price === null;
    const name = isUnknown ? "unknown" : `q${prices.quality(each)} ${isOver}`;
    // A price of nearly nothing is still seen.
    const top = each.price === null ? TOP : y(each.price);
    const end = !isUnknown && Math.abs(zero - top) < 2 ? zero - 2 : top;
    const bar = `M${px(from)} ${px(zero)}V${px(end)}H${px(to - gap)}V${px(zero)}Z`;
    // Where there is no price at all, the text beside it says so.
    if (!isUnknown || day.isKnown) paths.set(name, (paths.get(name) || "") + bar);
  }
  return [...paths].flatMap(([name, d]) => [
    svg("path", { class: `bar ${name}`, d }),
    svg("path", { class: `pattern ${name}`, d }),
  ]);
}

/**
 * @param {FeeWindow} fee
 * @param {(moment: number) => number} x
 * @param {number} top
 */
function drawFee({ start, end, level }, x, top) {
  const from = x(start);
  const width = x(end) - from;
  return [
    svg("rect", { class: `fee ${level}`, x: px(from), y: top, width: px(Math.max(width - 1, 0)), height: FEES - 4, rx: 3 }),
    ...(width < FEE_LABEL
      ? []
      : [svg("text", { class: `fee-label ${level}`, x: px(from + width / 2), y: top + FEES - 8 }, FEE_LETTERS[level] || "")]),
  ];
}

/**
 * Return how a block of a load looks: the state of the load is that of the present.
 * @param {Load} load
 * @param {number} now
 */
function lookOf({ name, state }, now) {
  const isOfNow = state === "running" || state === "switched_by_hand";
  return {
    name,
    /** @param {Load["pieces"][number]} piece */
    look: ({ start, end, price }) => {
      if (isOfNow && start <= now && now < end) return state;
      if (state === "cannot_finish" || state === "disabled") return state;
      return price === null ? "provisional" : "planned";
    },
  };
}

/**
 * @param {ReturnType<typeof lookOf>} load
 * @param {Load["pieces"]} pieces
 * @param {(moment: number) => number} x
 * @param {number} top
 * @param {number} width
 */
function drawLane({ name, look }, pieces, x, top, width) {
  const from = x(Math.min(...pieces.map((each) => each.start)));
  const to = x(Math.max(...pieces.map((each) => each.end)));
  const room = name.length * LETTER + 6;
  const isRight = to + room < width || to + room - width < room - from;
  return [
    ...pieces.map((each) =>
      svg("rect", {
        class: `load ${look(each)}`,
        x: px(x(each.start) + 1),
        y: top + 3,
        width: px(Math.max(x(each.end) - x(each.start) - 2, 2)),
        height: LANE - 8,
        rx: 4,
      }),
    ),
    svg(
      "text",
      { class: `load-name ${isRight ? "" : "left"}`, x: px(isRight ? to + 6 : from - 6), y: top + LANE - 8 },
      name,
    ),
  ];
}

/**
 * Draw the window that was looked for, as a bracket above the bars.
 * @param {Scene} scene
 * @param {(moment: number) => number} x
 */
function drawFound({ day, found }, x) {
  return found
    .filter((each) => each.start < day.end && each.end > day.start)
    .map((each) =>
      svg("path", { class: "found", d: `M${px(x(each.start) + 1)} ${TOP - 4}v-6H${px(x(each.end) - 1)}v6` }),
    );
}

/**
 * @param {Scene} scene
 * @param {(moment: number) => number} x
 * @param {number} bottom
 * @param {number} width
 */
function drawNow({ day, prices: { now }, now: label }, x, bottom, width) {
  if (now < day.start || now >= day.end) return [];
  const at = x(now);
  const anchor = at < 24 ? "start" : at > width - 24 ? "end" : "middle";
  return [
    svg("line", { class: "now", x1: px(at), x2: px(at), y1: TOP - 14, y2: bottom }),
    svg("text", { class: "now-label", x: px(at), y: TOP - 17, style: `text-anchor: ${anchor}` }, label),
  ];
}

/**
 * @param {Scene} scene
 * @param {(moment: number) => number} x
 * @param {number} height
 * @param {number} width
 */
function drawHours({ hass, day }, x, height, width) {
  const step = [3, 6, 12].find((each) => (width / 24) * each > HOUR_LABEL) || 12;
  return day.intervals
    // Hours of the clock on the wall, also on the days on which it is changed.
    .filter(({ start }) => start % HOUR === 0 && Number(GERMAN_HOUR.format(start)) % step === 0)
    .map(({ start }, place) =>
      svg(
        "text",
        { class: `hour ${place === 0 && start - day.start < HOUR ? "first" : ""}`, x: px(x(start)), y: height - 5 },
        hour(hass, new Date(start)),
      ),
    );
}

/**
 * Mark an interval in a chart; without one, no more.
 * @param {Element} chart
 * @param {Day} day
 * @param {Interval | undefined} interval
 */
export function mark(chart, day, interval) {
  const cursor = chart.querySelector(".cursor");
  const width = Number(chart.querySelector("svg")?.getAttribute("width"));
  if (!cursor) return;
  const x = placeOf(day, width);
  cursor.setAttribute("x", px(interval ? x(interval.start) - 1 : 0));
  cursor.setAttribute("width", px(interval ? Math.max(x(interval.end) - x(interval.start), 1) + 2 : 0));
}
