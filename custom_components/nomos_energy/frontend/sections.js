/** Parts of a contract's view, in their order on the page. */

import { isKnown, stateOf } from "./contract.js";
import { AVERAGES, MONTHS, costSections } from "./cost-sections.js";
import { loadSections } from "./load-sections.js";
import { liveSections, orderSections } from "./order-sections.js";
import { priceSections } from "./price-sections.js";
import { usageSections } from "./usage-sections.js";

/**
 * A part returns its sections, or none if the contract has nothing for it.
 * @type {{key: string, sections: (view: View) => Card[] | Promise<Card[]>}[]}
 */
export const PARTS = [
  { key: "live", sections: liveSections },
  { key: "prices", sections: priceSections },
  { key: "loads", sections: loadSections },
  { key: "usage", sections: usageSections },
  { key: "cost", sections: costSections },
  { key: "order", sections: orderSections },
];

/** Entities whose state decides what the sections are. */
const DECIDING = ["smart_meter_active", "order_status", "activated"];

/** Entities of which it decides only whether there is a state. */
const KNOWN = ["appointment", "order_update", "consumption_last_day", "feed_in_last_day", ...MONTHS];

/**
 * Return what decides about the sections of a contract, as text to compare.
 * @param {Hass} hass
 * @param {string} contract Device ID.
 */
export function orderStage(hass, contract) {
  const states = [...DECIDING, ...KNOWN].map((key) => {
    const state = stateOf(hass, contract, key);
    if (!isKnown(state)) return "";
    return KNOWN.includes(key) ? "known" : state.state;
  });
  const month = stateOf(hass, contract, "cost_this_month")?.attributes;
  return [...states, ...AVERAGES.map((key) => month?.[key])].join();
}
