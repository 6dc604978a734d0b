/** Entry module, loaded by each page: names dashboard and cards, loads them when drawn. */

const TEXTS = {
  de: {
    strategy: ["Nomos Energy", "Bestellung, Strompreise, geplante Verbraucher und Kosten"],
    "journey-card": ["Nomos Energy: Bestellverlauf", "Wie weit die Bestellung des Zählers ist"],
    "price-card": ["Nomos Energy: Strompreise", "Preise für heute und morgen, günstige Zeiten"],
    failed: "Nomos Energy ist nicht geladen. Bitte laden Sie die Seite neu.",
  },
  en: {
    strategy: ["Nomos Energy", "Order, prices, planned loads and cost"],
    "journey-card": ["Nomos Energy: Order timeline", "How far the order of the meter has come"],
    "price-card": ["Nomos Energy: Prices", "Prices for today and tomorrow, cheap times"],
    failed: "Nomos Energy is not loaded. Please reload the page.",
  },
};

/** Texts that are needed before those of the integration are loaded. */
const texts = () => {
  const hass = document.querySelector("home-assistant")?.hass;
  return hass?.language.startsWith("de") ? TEXTS.de : TEXTS.en;
};

/** @param {"strategy" | "journey-card" | "price-card"} key @param {object} entry */
const named = (key, entry) =>
  Object.defineProperties(entry, {
    name: { get: () => texts()[key][0] },
    description: { get: () => texts()[key][1] },
  });

/**
 * Card that shows another element in itself, once the module of that is loaded.
 * @param {string} tag @param {() => Promise<any>} load
 */
const lazyCard = (tag, load) => {
  const loadClass = async () => {
    const { default: Card } = await load();
    if (!customElements.get(tag)) customElements.define(tag, Card);
    return Card;
  };
  return class extends HTMLElement {
    /** @type {any} */ #card;
    /** @type {any} */ #values = {};

    static getConfigForm = async () => (await loadClass()).getConfigForm();

    /** @param {any[]} values */
    static getStubConfig = async (...values) => (await loadClass()).getStubConfig(...values);

    getCardSize = () => 6;
    getGridOptions = () => ({ columns: 12, min_columns: 6 });

    /** @param {any} config */
    setConfig(config) {
      this.style.display = "contents";
      this.#values.config = config;
      if (this.#card) this.#card.setConfig(config);
      else this.#draw();
    }

    /** @param {any} hass */
    set hass(hass) {
      this.#values.hass = hass;
      if (this.#card) this.#card.hass = hass;
    }

    async #draw() {
      try {
        await loadClass();
        /** @type {any} */ const card = document.createElement(tag);
        card.setConfig(this.#values.config);
        card.hass = this.#values.hass;
        this.replaceChildren((this.#card = card));
      } catch (error) {
        console.error(error);
        const values = { alertType: "error", textContent: texts().failed };
        this.replaceChildren(Object.assign(document.createElement("ha-alert"), values));
      }
    }
  };
};

/** @type {any} */ let strategy;

class Strategy extends HTMLElement {
  /** @param {any} config @param {any} hass */
  static async generate(config, hass) {
    try {
      strategy = await import("./strategy.js");
      return await strategy.generate(config, hass);
    } catch (error) {
      console.error(error);
      return { views: [{ cards: [{ type: "markdown", content: texts().failed }] }] };
    }
  }

  /** @param {any[]} values */
  static shouldRegenerate = (...values) => strategy?.shouldRegenerate(...values) ?? false;
  static getConfigElement = async () => (await import("./strategy-editor.js")).createEditor();
  static getCreateSuggestions = () => ({ title: texts().strategy[0], icon: "mdi:meter-electric" });
}

const strategies = (window.customStrategies ??= []);
const cards = (window.customCards ??= []);
const ready = customElements.whenDefined("home-assistant");

/**
 * Define an element. What is defined before the app, the app does not always know.
 * @param {string} tag @param {any} element
 */
const define = (tag, element) => ready.then(() => customElements.define(tag, element));

/** @param {"journey-card" | "price-card"} key @param {() => Promise<any>} load */
const addCard = (key, load) => {
  const type = `nomos-${key}`;
  /** @param {any} hass @param {string} entityId */
  const getEntitySuggestion = ({ entities }, entityId) => {
    const { platform, device_id, translation_key } = entities[entityId] ?? {};
    if (platform !== "nomos_energy") return null;
    const isPrice = /price|payout|levies|grid_fee/.test(translation_key);
    if (isPrice !== (key === "price-card")) return null;
    return { config: { type: `custom:${type}`, device_id } };
  };
  cards.push(named(key, { type, preview: true, getEntitySuggestion }));
  define(type, lazyCard(`${type}-body`, load));
};

addCard("journey-card", () => import("./journey-card.js"));
addCard("price-card", () => import("./price-card.js"));
strategies.push(named("strategy", { type: "nomos-energy", strategyType: "dashboard" }));
define("ll-strategy-dashboard-nomos-energy", Strategy);
