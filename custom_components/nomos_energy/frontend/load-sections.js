/** Section of the planned loads. */

import { entityId, nameOf } from "./contract.js";
import { isNew } from "./order-sections.js";
import { INTEGRATION, heading, section, shortcut, tile } from "./view.js";

const TILES = ["plan_state", "next_start", "planned_cost", "enabled"];

/**
 * @param {View} view
 * @returns {Card[]}
 */
export function loadSections(view) {
  // Loads belong to contracts with prices; a feed-in contract has none.
  if (!view.loads.length && !view.find("price")) return [];
  const cards = view.loads.flatMap((load) => loadCards(view, load));
  if (!cards.length) cards.push(...noLoad(view));
  return [section([heading(view.text("dashboard_loads"), "mdi:ev-station"), ...cards])];
}

/**
 * @param {View} view
 * @param {HassDevice} load
 * @returns {Card[]}
 */
function loadCards({ hass, isAdmin }, load) {
  const page = { action: "navigate", navigation_path: `/config/devices/device/${load.id}` };
  const title = {
    type: "heading",
    heading: nameOf(load),
    heading_style: "subtitle",
    ...(isAdmin && { tap_action: page }),
  };
  const entities = TILES.map((key) => entityId(hass, load.id, key));
  return [title, ...entities.filter((id) => id !== undefined).map((id) => tile(id))];
}

/**
 * @param {View} view
 * @returns {Card[]}
 */
function noLoad(view) {
  const { text, isAdmin } = view;
  const told = { type: "markdown", content: text("dashboard_no_load"), text_only: true };
  const link = shortcut(text("dashboard_next_load"), "mdi:plus", INTEGRATION);
  // What to do next has the same link.
  return isAdmin && !isNew(view) ? [told, link] : [told];
}
