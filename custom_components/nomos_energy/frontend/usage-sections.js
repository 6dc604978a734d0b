/** Section of the last day's usage and cost, with those of the last month. */

import { DOMAIN } from "./contract.js";
import { heading, section, tiles } from "./view.js";

/** @typedef {import("./view.js").View} View */

const TILES = [
  "consumption_last_day",
  "cost_last_day",
  "average_price_paid_last_day",
  "feed_in_last_day",
  "earnings_last_day",
  "average_payout_last_day",
  "meter_reading",
];

/** Days of the graph. */
const SHOWN = 30;

/**
 * @param {View} view
 * @returns {Promise<Card[]>}
 */
export async function usageSections(view) {
  const shown = tiles(view, TILES);
  if (!shown.length) return [];
  const hasEnergy = view.hass.config.components.includes("energy");
  const page = { tap_action: { action: "navigate", navigation_path: "/energy" } };
  const title = heading(
    view.text("dashboard_usage"),
    "mdi:lightning-bolt",
    hasEnergy ? page : {},
  );
  return [section([title, ...shown, ...(await graphs(view))])];
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
  /** @param {string[]} kinds */
  const existing = async (kinds) => {
    const ids = kinds.map((kind) => `${prefix}_${kind}`);
    /** @type {{statistic_id: string}[]} */
    const found = await hass
      .callWS({ type: "recorder/get_statistics_metadata", statistic_ids: ids })
      .catch(() => []);
    return found.map(({ statistic_id }) => statistic_id);
  };
  /** @param {string[]} entities @param {string} title */
  const graph = (entities, title) => ({
    type: "statistics-graph",
    title: text(title),
    entities,
    period: "day",
    days_to_show: SHOWN,
    stat_types: ["change"],
    chart_type: "bar",
    hide_legend: true,
  });
  const [energy, money] = await Promise.all([
    existing(["consumption", "returned"]),
    existing(["cost", "compensation"]),
  ]);
  return [
    ...(energy.length ? [graph(energy, "dashboard_energy_month")] : []),
    ...(money.length ? [graph(money, "dashboard_money_month")] : []),
  ];
}
