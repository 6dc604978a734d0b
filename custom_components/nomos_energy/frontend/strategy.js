/** Dashboard strategy: a view for each contract, made from its entities. */

import { DOMAIN, contracts, nameOf } from "./contract.js";
import { PARTS, orderStage } from "./sections.js";
import { loadTexts } from "./texts.js";
import { INTEGRATION, contractView, shortcut } from "./view.js";

/** @typedef {import("./texts.js").Text} Text */

/**
 * Return the configuration of the dashboard.
 * @param {StrategyConfig} config
 * @param {Hass} hass
 */
export async function generate(config, hass) {
  const text = await loadTexts(hass);
  const chosen = chosenContracts(config, hass);
  if (!chosen.length) return { views: [emptyView(hass, text)] };
  const views = chosen.map(async (contract) => {
    const view = contractView(hass, contract, text, config.hide);
    const parts = PARTS.filter(({ key }) => !config.hide?.includes(key));
    const sections = await Promise.all(parts.map((part) => part.sections(view)));
    return {
      title: nameOf(contract),
      path: contract.id,
      type: "sections",
      max_columns: 3,
      dense_section_placement: true,
      sections: sections.flat(),
    };
  });
  return { views: await Promise.all(views) };
}

/**
 * Return if a change in Home Assistant changes the dashboard. It is asked at each change
 * of any state.
 * @param {StrategyConfig} config
 * @param {Hass} oldHass
 * @param {Hass} hass
 */
export function shouldRegenerate(config, oldHass, hass) {
  if (oldHass.language !== hass.language) return true;
  if (oldHass.entities !== hass.entities || oldHass.devices !== hass.devices) {
    if (registered(oldHass) !== registered(hass)) return true;
  }
  return chosenContracts(config, hass).some(
    ({ id }) => orderStage(oldHass, id) !== orderStage(hass, id),
  );
}

/**
 * Return what the registries hold of the integration, as text to compare.
 * @param {Hass} hass
 */
function registered(hass) {
  const devices = Object.values(hass.devices)
    .filter(({ identifiers }) => identifiers.some(([domain]) => domain === DOMAIN))
    .map((device) => [device.id, nameOf(device), device.via_device_id]);
  const entities = Object.values(hass.entities)
    .filter(({ platform }) => platform === DOMAIN)
    .map(({ entity_id, device_id, translation_key }) => [entity_id, device_id, translation_key]);
  return JSON.stringify([devices, entities]);
}

/**
 * @param {StrategyConfig} config
 * @param {Hass} hass
 */
function chosenContracts(config, hass) {
  const chosen = config.contracts;
  const all = contracts(hass);
  return chosen?.length ? all.filter(({ id }) => chosen.includes(id)) : all;
}

/**
 * @param {Hass} hass
 * @param {Text} text
 */
function emptyView(hass, text) {
  const empty = {
    type: "empty-state",
    icon: "mdi:meter-electric",
    title: text("dashboard_no_contract"),
    content: text("dashboard_no_contract_text"),
  };
  const link = shortcut(text("dashboard_open_integration"), "mdi:cog", INTEGRATION);
  return {
    type: "sections",
    sections: [{ type: "grid", cards: hass.user?.is_admin ? [empty, link] : [empty] }],
  };
}
