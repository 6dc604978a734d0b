/**
 * Contracts, their planned loads and their entities, as the frontend's registries list
 * them.
 */

export const DOMAIN = "nomos_energy";

/** Only contracts have it: planned loads are devices of the integration too. */
export const MANUFACTURER = "Nomos";

/** Form schema of the contract of a card or view. */
export const CONTRACT_FIELD = {
  name: "device_id",
  required: true,
  selector: { device: { filter: [{ integration: DOMAIN, manufacturer: MANUFACTURER }] } },
};

/**
 * Return if a device is one of the integration.
 * @param {HassDevice} device
 */
function isOurs(device) {
  return device.identifiers.some(([domain]) => domain === DOMAIN);
}

/**
 * Return the name of a device, as the household knows it.
 * @param {HassDevice} device
 * @returns {string}
 */
export function nameOf(device) {
  return device.name_by_user || device.name || "";
}

/**
 * Return if a device is a contract.
 * @param {HassDevice | undefined} device
 * @returns {device is HassDevice}
 */
export function isContract(device) {
  return device !== undefined && isOurs(device) && device.manufacturer === MANUFACTURER;
}

/**
 * @param {Hass} hass
 * @param {HassDevice[]} devices
 */
function byName(hass, devices) {
  return devices.sort((one, other) =>
    nameOf(one).localeCompare(nameOf(other), hass.language, { numeric: true }),
  );
}

/**
 * Return the devices of all contracts by name.
 * @param {Hass} hass
 * @returns {HassDevice[]}
 */
export function contracts(hass) {
  return byName(hass, Object.values(hass.devices).filter(isContract));
}

/**
 * Return the devices of a contract that have an entity, by name.
 * @param {Hass} hass
 * @param {string} contract Device ID.
 * @param {string} key Translation key.
 */
function belonging(hass, contract, key) {
  return byName(
    hass,
    Object.values(hass.devices).filter(
      (device) =>
        device.via_device_id === contract && isOurs(device) && entityId(hass, device.id, key),
    ),
  );
}

/**
 * Return the devices of a contract's planned loads by name.
 * @param {Hass} hass
 * @param {string} contract Device ID.
 * @returns {HassDevice[]}
 */
export function loads(hass, contract) {
  return belonging(hass, contract, "run_now");
}

/**
 * Return the devices of a contract's comparison tariffs by name.
 * @param {Hass} hass
 * @param {string} contract Device ID.
 * @returns {HassDevice[]}
 */
export function tariffs(hass, contract) {
  return belonging(hass, contract, "saved_total");
}

/**
 * Entity IDs by device, domain and translation key. A registry object is replaced when
 * the registry changes, and never changed.
 * @type {WeakMap<object, Map<string, string>>}
 */
const indexes = new WeakMap();

/**
 * @param {Hass} hass
 * @returns {Map<string, string>}
 */
function indexOf(hass) {
  let index = indexes.get(hass.entities);
  if (index === undefined) {
    index = new Map();
    for (const entity of Object.values(hass.entities)) {
      if (entity.platform !== DOMAIN || !entity.device_id) continue;
      const key = `${entity.device_id} ${entity.translation_key}`;
      index.set(key, entity.entity_id);
      index.set(`${key} ${entity.entity_id.split(".")[0]}`, entity.entity_id);
    }
    indexes.set(hass.entities, index);
  }
  return index;
}

/**
 * Return the ID of a device's entity; undefined if it is disabled or does not exist.
 * Hidden entities are found.
 * @param {Hass} hass
 * @param {string} device Device ID.
 * @param {string} key Translation key.
 * @param {string} [domain] Such as "sensor", if several have the key.
 * @returns {string | undefined}
 */
export function entityId(hass, device, key, domain) {
  return indexOf(hass).get(domain ? `${device} ${key} ${domain}` : `${device} ${key}`);
}

/**
 * Return the state object of a device's entity.
 * @param {Hass} hass
 * @param {string} device Device ID.
 * @param {string} key Translation key.
 * @param {string} [domain] Such as "sensor", if several have the key.
 * @returns {HassEntity | undefined}
 */
export function stateOf(hass, device, key, domain) {
  const id = entityId(hass, device, key, domain);
  return id === undefined ? undefined : hass.states[id];
}

/**
 * Return if a state object has a value.
 * @param {HassEntity | undefined} state
 * @returns {state is HassEntity}
 */
export function isKnown(state) {
  return state !== undefined && state.state !== "unknown" && state.state !== "unavailable";
}

/**
 * Return if a contract is a feed-in contract. Only their entities speak of feed-in.
 * @param {Hass} hass
 * @param {string} contract Device ID.
 */
export function feedsIn(hass, contract) {
  return entityId(hass, contract, "payout") !== undefined;
}
