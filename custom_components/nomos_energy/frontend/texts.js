/** Texts of the section "common" of the translations, in the user's language. */

import { DOMAIN } from "./contract.js";

/** @typedef {(key: string, placeholders?: Record<string, unknown>) => string} Text */

/** @type {Map<string, Promise<Text>>} */
const loaded = new Map();

/**
 * Load the texts, once for each language.
 * @param {Hass} hass
 * @returns {Promise<Text>}
 */
export function loadTexts(hass) {
  const { language } = hass;
  let texts = loaded.get(language);
  if (texts === undefined) {
    texts = hass
      .loadBackendTranslation("common", DOMAIN)
      .then(
        (localize) => (key, placeholders) =>
          localize(`component.${DOMAIN}.common.${key}`, placeholders),
      );
    loaded.set(language, texts);
    texts.catch(() => loaded.delete(language));
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
