/**
 * Elements from names and values. Text is set as text: nothing from outside becomes HTML.
 */

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * @template {Element} ElementT
 * @param {ElementT} element
 * @param {Record<string, any>} attributes
 * @param {Child[]} children
 * @returns {ElementT}
 */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/**
 * Return an HTML element. Functions among the attributes are listeners.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function html(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/**
 * Return an SVG element.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...Child} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = /** @type {SVGElement} */ (document.createElementNS(SVG, tag));
  return fill(element, attributes, children);
}

/**
 * Return an icon that screen readers skip.
 * @param {string} name Such as "mdi:check".
 */
export function icon(name) {
  return html("ha-icon", { icon: name, "aria-hidden": "true" });
}

/**
 * Return a link that looks like a button. Home Assistant opens its own pages itself.
 * @param {string} address
 * @param {string} label
 */
export function link(address, label) {
  const isOutside = !address.startsWith("/");
  return html(
    "a",
    { class: "action", href: address, ...(isOutside && { target: "_blank", rel: "noreferrer" }) },
    label,
    isOutside && icon("mdi:open-in-new"),
  );
}

/**
 * Return a button.
 * @param {string} label
 * @param {() => void} onClick
 */
export function button(label, onClick) {
  return html("button", { class: "action", type: "button", click: onClick }, label);
}

/**
 * Open Home Assistant's dialog of an entity.
 * @param {HTMLElement} element
 * @param {string} entityId
 */
export function showMore(element, entityId) {
  element.dispatchEvent(
    new CustomEvent("hass-more-info", { detail: { entityId }, bubbles: true, composed: true }),
  );
}
