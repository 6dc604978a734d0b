/** Form of the dashboard: which contracts it shows, and which parts of them. */

import { CONTRACT_FIELD } from "./contract.js";
import { PARTS } from "./sections.js";
import { loadTexts } from "./texts.js";

const TAG = "nomos-energy-strategy-editor";

class StrategyEditor extends HTMLElement {
  /** @type {StrategyConfig} */ #config = { type: "" };
  /** @type {Hass | undefined} */ #hass;
  /** @type {any} */ #form;

  /** @param {StrategyConfig} config */
  setConfig(config) {
    this.#config = config;
    this.#update();
  }

  /** @param {Hass} hass */
  set hass(hass) {
    const isFirst = this.#hass === undefined;
    this.#hass = hass;
    if (isFirst) this.#start(hass);
    this.#update();
  }

  /** @param {Hass} hass */
  async #start(hass) {
    const text = await loadTexts(hass);
    const form = (this.#form = document.createElement("ha-form"));
    const options = PARTS.map(({ key }) => ({ value: key, label: text(`dashboard_part_${key}`) }));
    const { device } = CONTRACT_FIELD.selector;
    Object.assign(form, {
      schema: [
        { name: "contracts", selector: { device: { ...device, multiple: true } } },
        { name: "parts", selector: { select: { options, multiple: true, mode: "list" } } },
      ],
      /** @param {{name: string}} field */
      computeLabel: ({ name }) => text(`dashboard_${name}`),
      /** @param {{name: string}} field */
      computeHelper: ({ name }) => text(`dashboard_${name}_helper`),
    });
    form.addEventListener("value-changed", (event) => this.#changed(event));
    this.replaceChildren(form);
    this.#update();
  }

  #update() {
    if (!this.#form) return;
    const { contracts = [], hide = [] } = this.#config;
    const parts = PARTS.map(({ key }) => key).filter((key) => !hide.includes(key));
    Object.assign(this.#form, { hass: this.#hass, data: { contracts, parts } });
  }

  /** @param {any} event */
  #changed(event) {
    event.stopPropagation();
    const { contracts, parts } = event.detail.value;
    const hide = PARTS.map(({ key }) => key).filter((key) => !parts.includes(key));
    const { contracts: _contracts, hide: _hide, ...config } = this.#config;
    // What is hidden is kept, not what is shown, so that new parts appear.
    const detail = {
      config: {
        ...config,
        ...(contracts?.length && { contracts }),
        ...(hide.length && { hide }),
      },
    };
    this.dispatchEvent(
      new CustomEvent("config-changed", { detail, bubbles: true, composed: true }),
    );
  }
}

/** Return a new form. */
export function createEditor() {
  if (!customElements.get(TAG)) customElements.define(TAG, StrategyEditor);
  return document.createElement(TAG);
}
