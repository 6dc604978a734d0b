/** Section of the prices, or of the payouts of a feed-in contract. */

import { feedsIn } from "./contract.js";
import { heading, section, tiles } from "./view.js";

/** What the card does not tell. Prices are no tiles: those show EUR, not cents. */
const TILES = ["grid_fee_window", "grid_fee_reduction"];

/**
 * @param {View} view
 * @returns {Card[]}
 */
export function priceSections(view) {
  const { contract, hass, text } = view;
  if (!view.find("price") && !view.find("payout")) return [];
  const key = feedsIn(hass, contract.id) ? "dashboard_payouts" : "dashboard_prices";
  const card = {
    type: "custom:nomos-price-card",
    device_id: contract.id,
    grid_options: { columns: "full" },
  };
  const cards = [heading(text(key), "mdi:chart-bar"), card, ...tiles(view, TILES)];
  // What stands beside it takes two rows, so that nothing short leaves a gap.
  return [section(cards, { column_span: 2, row_span: 2 })];
}
