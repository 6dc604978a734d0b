/** Section of the last day's usage and cost, with those of the last month. */

import { feedsIn, isKnown } from "./contract.js";
import { bars, existing, statisticPrefix } from "./statistics.js";
import { heading, section, tiles } from "./view.js";

const LAST_DAY = ["consumption_last_day", "cost_last_day", "feed_in_last_day", "earnings_last_day"];

/** Period of the energy cards, which Home Assistant stores under the key when it is changed. */
const PERIOD = "energy_nomos";

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
    section(
      [
        title(view, known),
        ...(known.length ? tiles(view, known) : [told]),
        ...tiles(view, ["meter_reading"]),
        ...(await graphs(view)),
        ...(await energyCards(view)),
      ],
      { row_span: 2 },
    ),
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

/**
 * Return Home Assistant's graph of all sources of energy, once a grid connection of the
 * Energy dashboard is that of the contract.
 * @param {View} view
 * @returns {Promise<Card[]>}
 */
async function energyCards({ hass, contract, text }) {
  if (!hass.config.components.includes("energy")) return [];
  /** @type {{ energy_sources: { stat_energy_from?: string, stat_energy_to?: string }[] }} */
  const { energy_sources } = await hass
    .callWS({ type: "energy/get_prefs" })
    .catch(() => ({ energy_sources: [] }));
  const prefix = `${statisticPrefix(contract)}_`;
  const isOwn = energy_sources.some(({ stat_energy_from, stat_energy_to }) =>
    [stat_energy_from, stat_energy_to].some((id) => id?.startsWith(prefix)),
  );
  if (!isOwn) return [];
  // Usage comes a day late: today would have none.
  const period = `energy-default-period-_${PERIOD}`;
  if (!localStorage.getItem(period)) localStorage.setItem(period, "now-7d");
  return [
    { type: "energy-date-selection", collection_key: PERIOD, grid_options: { columns: "full" } },
    { type: "energy-usage-graph", title: text("dashboard_energy"), collection_key: PERIOD },
  ];
}
