/** Dashboard strategy: the views of a dashboard, made from the entities of the contracts. */

/** @param {any} config @param {any} hass */
export async function generate(config, hass) {
  return { views: [] };
}

/** @param {any} config @param {any} oldHass @param {any} hass */
export function shouldRegenerate(config, oldHass, hass) {
  return oldHass.entities !== hass.entities;
}
