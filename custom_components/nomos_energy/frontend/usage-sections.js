/** Section of the last day's usage and cost, with those of the last month. */

import { feedsIn, isKnown } from "./contract.js";
import { bars, existing, statisticPrefix } from "./statistics.js";
import { heading, section, tiles } from "./view.js";

/** @typedef {import("./view.js").View} View */

const LAST_DAY = ["consumption_last_day", "cost_last_day", "feed_in_last_day", "earnings_last_day"];

/** Days of the graph. */
const SHOWN = 30;

/**
 * @param {View} view
 * @returns {Promise<Card[]>}
 */
export async function usageSections(view) {
  const shown = LAST_DAY.filter((key) => view.find(key));
  if (!shown.length) return [];
  const known = shown.filter((key) => isKnown(view.state(key)));
  const told = { type: "markdown", content: view.text("dashboard_no_usage"), text_only: true };
  return [
    section([
      title(view, known),
      ...(known.length ? tiles(view, known) : [told]),
      ...tiles(view, ["meter_reading"]),
      ...(await graphs(view)),
    ]),
  ];
}

/**
 * Return the heading with the day, and a link to the Energy dashboard.
 * @param {View} view
 * @param {string[]} known
 */
function title(view, known) {
  const { hass, contract, text, find } = view;
  const key = feedsIn(hass, contract.id) ? "dashboard_feed_in" : "dashboard_usage";
  const link = { action: "navigate", navigation_path: "/energy" };
  const day = {
    type: "entity",
    entity: find(known[0] ?? ""),
    show_icon: false,
    state_content: "date",
  };
  return heading(text(key), "mdi:lightning-bolt", {
    ...(hass.config.components.includes("energy") && { tap_action: link }),
    ...(known.length && { badges: [day] }),
  });
}

/**
 * Return graphs of the imported statistics; none without a recorder, or before the
 * first import.
 * @param {View} view
 * @returns {Promise<Card[]>}
 */
async function graphs({ hass, contract, text }) {
  const prefix = statisticPrefix(contract);
  const kinds = feedsIn(hass, contract.id) ? ["returned", "compensation"] : ["consumption", "cost"];
  const ids = kinds.map((kind) => `${prefix}_${kind}`);
  const found = await existing(hass, ids);
  const more = { period: "day", days_to_show: SHOWN, hide_legend: true };
  return kinds
    .filter((_, place) => found.includes(ids[place] ?? ""))
    .map((kind) => bars(text(`dashboard_daily_${kind}`), [`${prefix}_${kind}`], more));
}
