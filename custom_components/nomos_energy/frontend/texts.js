/** Texts of the translations, in the user's language. */

import { DOMAIN } from "./contract.js";

/** @typedef {(key: string, placeholders?: Record<string, unknown>) => string} Text */

/** @type {Map<string, Promise<Text>>} */
const loaded = new Map();

/**
 * Load the texts of a section, once for each language.
 * @param {Hass} hass
 * @param {string} [section] Such as "issues", whose texts repairs show.
 * @returns {Promise<Text>}
 */
export function loadTexts(hass, section = "common") {
  const name = `${hass.language} ${section}`;
  let texts = loaded.get(name);
  if (texts === undefined) {
    texts = hass
      .loadBackendTranslation(section, DOMAIN)
      .then(
        (localize) => (key, placeholders) =>
          localize(`component.${DOMAIN}.${section}.${key}`, placeholders),
      );
    loaded.set(name, texts);
    texts.catch(() => loaded.delete(name));
  }
  return texts;
}

/**
 * Return the name of an entity's state in the user's language, without its object.
 * @param {Hass} hass
 * @param {string} platform
 * @param {string} key Translation key of the entity.
 * @param {string} state
 * @returns {string} Empty for a state that this version does not know.
 */
export function stateName(hass, platform, key, state) {
  return hass.localize(`component.${DOMAIN}.entity.${platform}.${key}.state.${state}`) || "";
}
