/** Section of the last day's usage and cost, with those of the last month. */

import { DOMAIN, feedsIn } from "./contract.js";
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
  const lastDay = tiles(view, LAST_DAY);
  if (!lastDay.length) return [];
  const hasEnergy = view.hass.config.components.includes("energy");
  const page = { tap_action: { action: "navigate", navigation_path: "/energy" } };
  const key = feedsIn(view.hass, view.contract.id) ? "dashboard_feed_in" : "dashboard_usage";
  const title = heading(view.text(key), "mdi:lightning-bolt", hasEnergy ? page : {});
  return [section([title, ...lastDay, ...tiles(view, ["meter_reading"]), ...(await graphs(view))])];
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
