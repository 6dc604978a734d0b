/** Section of the last day's usage and cost, with those of the last month. */

import { DOMAIN, feedsIn, isKnown } from "./contract.js";
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
  const existing = LAST_DAY.filter((key) => view.find(key));
  if (!existing.length) return [];
  const known = existing.filter((key) => isKnown(view.state(key)));
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
  const key = contract.identifiers.find(([domain]) => domain === DOMAIN)?.[1] ?? "";
  const prefix = `${DOMAIN}:${key.toLowerCase().replace(/[^a-z0-9]+/g, "_")}`;
  const kinds = feedsIn(hass, contract.id) ? ["returned", "compensation"] : ["consumption", "cost"];
  /** @type {{statistic_id: string}[]} */
  const found = await hass
    .callWS({
      type: "recorder/get_statistics_metadata",
      statistic_ids: kinds.map((kind) => `${prefix}_${kind}`),
    })
    .catch(() => []);
  const existing = new Set(found.map(({ statistic_id }) => statistic_id));
  return kinds
    .filter((kind) => existing.has(`${prefix}_${kind}`))
    .map((kind) => ({
      type: "statistics-graph",
      title: text(`dashboard_daily_${kind}`),
      entities: [`${prefix}_${kind}`],
      period: "day",
      days_to_show: SHOWN,
      stat_types: ["change"],
      chart_type: "bar",
      hide_legend: true,
    }));
}
