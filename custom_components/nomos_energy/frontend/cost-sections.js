/** Section of what the months cost, and what the dynamic tariff brings. */

import { entityId, feedsIn, isKnown, nameOf, tariffs } from "./contract.js";
import { cents } from "./format.js";
import { bars, existing, idOf, slug, statisticPrefix } from "./statistics.js";
import { INTEGRATION, heading, section, shortcut, tile, tiles } from "./view.js";

/** Tiles, and what decides whether there is something to show. */
export const MONTHS = [
  "cost_this_month",
  "expected_cost",
  "cost_last_month",
  "last_invoice",
  "earnings_this_month",
  "expected_earnings",
  "earnings_last_month",
];

/** Attributes of the month's cost that are written as text. */
export const AVERAGES = ["average_price", "unweighted_average_price"];

const SAVINGS = ["saved_this_month", "saved_total"];

/** Days of the graph: a year and the current month. */
const SHOWN = 395;

/**
 * @param {View} view
 * @returns {Promise<Card[]>}
 */
export async function costSections(view) {
  const known = MONTHS.filter((key) => isKnown(view.state(key)));
  if (!known.length) return [];
  const compared = tariffs(view.hass, view.contract.id);
  return [
    section([
      heading(view.text("dashboard_cost"), "mdi:piggy-bank"),
      ...tiles(view, known),
      ...averages(view),
      ...compared.flatMap((tariff) => savings(view, tariff)),
      ...noTariff(view, compared),
      ...(await graph(view, compared)),
    ]),
  ];
}

/**
 * Return what shifting brought: the average price paid beside that of all quarter-hours.
 * @param {View} view
 * @returns {Card[]}
 */
function averages({ hass, text, state }) {
  const [paid, average] = AVERAGES.map((key) => state("cost_this_month")?.attributes[key]);
  if (typeof paid !== "number" || typeof average !== "number") return [];
  const prices = { paid: cents(hass, paid), average: cents(hass, average) };
  return [{ type: "markdown", content: text("dashboard_average", prices), text_only: true }];
}

/**
 * @param {View} view
 * @param {HassDevice} tariff
 * @returns {Card[]}
 */
function savings({ hass }, tariff) {
  const title = { type: "heading", heading: nameOf(tariff), heading_style: "subtitle" };
  const found = SAVINGS.map((key) => entityId(hass, tariff.id, key));
  return [title, ...found.filter((id) => id !== undefined).map((id) => tile(id))];
}

/**
 * @param {View} view
 * @param {HassDevice[]} compared
 * @returns {Card[]}
 */
function noTariff({ hass, contract, text, isAdmin }, compared) {
  if (compared.length || !isAdmin || feedsIn(hass, contract.id)) return [];
  return [shortcut(text("dashboard_next_tariff"), "mdi:scale-balance", INTEGRATION)];
}

/**
 * Return the months as bars: the dynamic tariff beside the others.
 * @param {View} view
 * @param {HassDevice[]} compared
 * @returns {Promise<Card[]>}
 */
async function graph({ hass, contract, text }, compared) {
  const prefix = statisticPrefix(contract);
  const ids = [
    feedsIn(hass, contract.id) ? `${prefix}_compensation` : `${prefix}_cost`,
    ...compared.map((tariff) => `${prefix}_comparison_${slug(idOf(tariff))}`),
  ];
  const found = await existing(hass, ids);
  if (!found.length) return [];
  const more = { period: "month", days_to_show: SHOWN, hide_legend: found.length === 1 };
  return [bars(text("dashboard_monthly"), found, more)];
}
