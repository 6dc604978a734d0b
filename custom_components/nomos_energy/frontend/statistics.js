/** Imported statistics of a contract, as Home Assistant's cards show them. */

import { DOMAIN } from "./contract.js";

/**
 * Return the beginning of the IDs of a contract's statistics.
 * @param {HassDevice} contract
 */
export function statisticPrefix(contract) {
  return `${DOMAIN}:${slug(idOf(contract))}`;
}

/**
 * Return the ID by which the integration knows a contract, load or tariff.
 * @param {HassDevice} device
 */
export function idOf(device) {
  return device.identifiers.find(([domain]) => domain === DOMAIN)?.[1] ?? "";
}

/** @param {string} id */
export function slug(id) {
  return id.toLowerCase().replace(/[^a-z0-9]+/g, "_");
}

/**
 * Return those statistics that exist; none without a recorder, or before the first import.
 * @param {Hass} hass
 * @param {string[]} ids
 * @returns {Promise<string[]>}
 */
export async function existing(hass, ids) {
  /** @type {{statistic_id: string}[]} */
  const found = await hass
    .callWS({ type: "recorder/get_statistics_metadata", statistic_ids: ids })
    .catch(() => []);
  const known = new Set(found.map(({ statistic_id }) => statistic_id));
  return ids.filter((id) => known.has(id));
}

/**
 * Return bars of statistics.
 * @param {string} title
 * @param {string[]} ids
 * @param {Card} more
 * @returns {Card}
 */
export function bars(title, ids, more) {
  return {
    type: "statistics-graph",
    title,
    entities: ids,
    stat_types: ["change"],
    chart_type: "bar",
    ...more,
  };
}
