/** Base of the cards: what is drawn, and when it is drawn again. */

import { CONTRACT_FIELD, DOMAIN, contracts, isContract, nameOf } from "./contract.js";
import { html } from "./dom.js";
import { loadTexts } from "./texts.js";

/** @typedef {import("./texts.js").Text} Text */

const MINUTE = 60_000;

/** Text that tells if those of the entities are there. */
const KNOWN_TEXT = `component.${DOMAIN}.entity.sensor.order_status.name`;

/** Styles of both cards; all colours are those of the theme. */
const STYLE = `
:host { display: block; height: 100%; }
ha-card { height: 100%; box-sizing: border-box; container-type: inline-size; overflow: hidden; }
.body { padding: 16px; display: grid; grid-template-columns: minmax(0, 1fr); gap: 16px; align-content: start;
  color: var(--primary-text-color); line-height: 1.4; }
h2, h3, p, ol, ul { margin: 0; padding: 0; font-weight: inherit; font-size: inherit; }
h2 { font-size: 1.25rem; font-weight: 500; line-height: 1.25; }
h3 { font-size: 0.875rem; font-weight: 500; color: var(--secondary-text-color); }
.quiet { color: var(--secondary-text-color); font-size: 0.875rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
.actions { display: flex; flex-wrap: wrap; gap: 4px 8px; margin: -4px -12px; }
.action { display: inline-flex; align-items: center; gap: 6px; min-height: 44px; padding: 0 12px;
  box-sizing: border-box; border: 0; border-radius: 22px; background: none; cursor: pointer;
  font: inherit; font-weight: 500; text-decoration: none; color: var(--primary-text-color); }
.action { text-decoration: underline; text-decoration-color: var(--primary-color);
  text-decoration-thickness: 2px; text-underline-offset: 4px; }
.action ha-icon { --mdc-icon-size: 18px; }
.action:hover { background: color-mix(in srgb, var(--primary-text-color) 8%, transparent); }
:focus-visible { outline: 2px solid var(--primary-color); outline-offset: 2px; }
`;

/** Card of a contract. */
export class ContractCard extends HTMLElement {
  /** Styles of the card itself. */
  static style = "";

  /** @type {CardConfig | undefined} */ #config;
  /** @type {Hass | undefined} */ #hass;
  /** @type {Text | undefined} */ #text;
  /** @type {unknown[] | undefined} */ #drawn;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  #language = "";
  #body = html("div", { class: "body" });

  constructor() {
    super();
    const style = html("style", {}, STYLE, /** @type {any} */ (this.constructor).style);
    this.attachShadow({ mode: "open" }).append(style, html("ha-card", {}, this.#body));
  }

  /** Form of the visual editor; the labels are those of the translations. */
  static async getConfigForm() {
    const { hass } = /** @type {any} */ (document.querySelector("home-assistant"));
    const text = await loadTexts(hass);
    return {
      schema: [CONTRACT_FIELD],
      /** @param {{ name: string }} field */
      computeLabel: ({ name }) => text(`card_field_${name}`),
    };
  }

  /** @param {Hass} hass */
  static getStubConfig(hass) {
    const [contract] = contracts(hass);
    return contract ? { device_id: contract.id } : {};
  }

  /** @param {CardConfig} config */
  setConfig(config) {
    this.#config = config;
    this.#drawn = undefined;
    this.#update();
  }

  /** @param {Hass} hass */
  set hass(hass) {
    this.#hass = hass;
    if (hass.language !== this.#language) this.#load(hass);
    this.#update();
  }

  connectedCallback() {
    this.#tick();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  getCardSize() {
    return 6;
  }

  getGridOptions() {
    return { columns: 12, min_columns: 6 };
  }

  /** @returns {CardConfig} */
  get config() {
    return /** @type {CardConfig} */ (this.#config);
  }

  /** Draw again with each minute, as far as something depends on the time. */
  #tick() {
    this.#update();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tick(), MINUTE - (Date.now() % MINUTE) + 50);
  }

  /** @param {Hass} hass */
  async #load(hass) {
    this.#language = hass.language;
    try {
      this.#text = await this.loadTexts(hass);
    } catch (error) {
      // The next state asks again.
      this.#language = "";
      throw error;
    }
    this.#drawn = undefined;
    this.#update();
  }

  #update() {
    const hass = this.#hass;
    const text = this.#text;
    if (!this.#config || !hass || !text || !this.isConnected) return;
    const contract = this.#contract(hass);
    const used = [
      hass.locale,
      // Texts of entities may come after the card.
      hass.localize(KNOWN_TEXT),
      hass.entities,
      contract,
      ...(contract ? this.used(hass, contract, new Date()) : []),
    ];
    const known = this.#drawn;
    if (known?.length === used.length && used.every((each, place) => each === known[place])) {
      return;
    }
    this.#drawn = used;
    this.#replace(
      contract ? this.draw(hass, contract, text) : [html("p", {}, text("card_no_contract"))],
    );
  }

  /** @param {Hass} hass */
  #contract(hass) {
    const id = this.config.device_id;
    return id ? [hass.devices[id]].find(isContract) : contracts(hass)[0];
  }

  /**
   * Show other elements; who reads with a keyboard stays where they are.
   * @param {Node[]} nodes
   */
  #replace(nodes) {
    const focused = /** @type {HTMLElement | null | undefined} */ (this.shadowRoot?.activeElement);
    const key = focused?.dataset.key;
    this.#body.replaceChildren(...nodes);
    if (!key || focused.isConnected) return;
    /** @type {HTMLElement | null} */ (this.#body.querySelector(`[data-key="${key}"]`))?.focus();
  }

  /**
   * Load the texts of the card.
   * @param {Hass} hass
   * @returns {Promise<Text>}
   */
  loadTexts(hass) {
    return loadTexts(hass);
  }

  /**
   * Return all that the drawing depends on, compared by identity.
   * @param {Hass} _hass
   * @param {HassDevice} _contract
   * @param {Date} _now
   * @returns {unknown[]}
   */
  used(_hass, _contract, _now) {
    return [];
  }

  /**
   * Return the content of the card.
   * @param {Hass} _hass
   * @param {HassDevice} contract
   * @param {Text} _text
   * @returns {Node[]}
   */
  draw(_hass, contract, _text) {
    return [html("p", {}, nameOf(contract))];
  }
}
