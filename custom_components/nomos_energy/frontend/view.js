/** What the sections of a view are made of: entities of a contract, and Home Assistant's cards. */

import { DOMAIN, entityId, loads } from "./contract.js";

/** @typedef {import("./texts.js").Text} Text */

/** Page of the integration, with everything that is set up there. */
export const INTEGRATION = `/config/integrations/integration/${DOMAIN}`;

/**
 * @param {Hass} hass
 * @param {HassDevice} contract
 * @param {Text} text
 * @param {string[]} [hide]
 * @returns {View}
 */
export function contractView(hass, contract, text, hide = []) {
  /** @param {string} key */
  const find = (key) => entityId(hass, contract.id, key);
  return {
    hass,
    contract,
    loads: loads(hass, contract.id),
    text,
    hide,
    isAdmin: hass.user?.is_admin ?? false,
    find,
    state: (key) => hass.states[find(key) ?? ""],
  };
}

/**
 * @param {string} text
 * @param {string} icon
 * @param {Card} [more]
 * @returns {Card}
 */
export function heading(text, icon, more = {}) {
  return { type: "heading", heading: text, icon, ...more };
}

/**
 * Return a tile that is named like the entity, without the contract.
 * @param {string} entity
 * @param {Card} [more]
 * @returns {Card}
 */
export function tile(entity, more = {}) {
  return { type: "tile", entity, name: { type: "entity" }, ...more };
}

/**
 * Return tiles of those entities of a contract that exist.
 * @param {View} view
 * @param {string[]} keys
 */
export function tiles(view, keys) {
  return keys
    .map(view.find)
    .filter((entity) => entity !== undefined)
    .map((entity) => tile(entity));
}

/**
 * Return a link to a page of Home Assistant.
 * @param {string} label
 * @param {string} icon
 * @param {string} path
 * @param {string} [description]
 * @returns {Card}
 */
export function shortcut(label, icon, path, description) {
  return {
    type: "shortcut",
    label,
    icon,
    ...(description && { description }),
    tap_action: { action: "navigate", navigation_path: path },
    grid_options: { columns: 12 },
  };
}

/**
 * @param {Card[]} cards
 * @param {Card} [more]
 * @returns {Card}
 */
export function section(cards, more = {}) {
  return { type: "grid", cards, ...more };
}
