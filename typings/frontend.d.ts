/**
 * What the cards use of Home Assistant's frontend, and what they are made of: for the
 * type check only.
 */

interface HassEntity {
  entity_id: string;
  state: string;
  attributes: Record<string, any>;
  last_changed: string;
  last_updated: string;
}

interface HassRegistryEntity {
  entity_id: string;
  platform: string;
  translation_key?: string;
  device_id?: string | null;
  hidden?: boolean;
}

interface HassDevice {
  id: string;
  name: string | null;
  name_by_user: string | null;
  manufacturer: string | null;
  identifiers: [string, string][];
  via_device_id: string | null;
  configuration_url: string | null;
  primary_config_entry?: string | null;
}

interface HassLocale {
  language: string;
  number_format: string;
  time_format: string;
  date_format: string;
  time_zone: string;
}

type HassLocalize = (key: string, values?: Record<string, unknown>) => string;

interface Hass {
  states: Record<string, HassEntity>;
  entities: Record<string, HassRegistryEntity>;
  devices: Record<string, HassDevice>;
  config: { time_zone: string; components: string[] };
  language: string;
  locale: HassLocale;
  localize: HassLocalize;
  user?: { is_admin: boolean };
  loadBackendTranslation(category: string, integration: string): Promise<HassLocalize>;
  formatEntityState(state: HassEntity): string;
  callWS<ResultT>(message: Record<string, unknown>): Promise<ResultT>;
  callService(
    domain: string,
    service: string,
    data?: Record<string, unknown>,
    target?: Record<string, unknown>,
    notifyOnError?: boolean,
    returnResponse?: boolean,
  ): Promise<{ response?: any }>;
}

interface CardConfig {
  type: string;
  device_id?: string;
  [option: string]: unknown;
}

/** Configuration of any card, section or view. */
type Card = Record<string, unknown>;

interface StrategyConfig {
  type: string;
  /** Device IDs; missing if all contracts are shown. */
  contracts?: string[];
  /** Parts that are not shown. */
  hide?: string[];
}

/** What custom cards and dashboards are announced in. */
interface Window {
  customCards?: object[];
  customStrategies?: object[];
}

interface HTMLElementTagNameMap {
  "home-assistant": HTMLElement & { hass?: Hass };
}

/** What the sections of a contract's view are made from. */
interface View {
  hass: Hass;
  contract: HassDevice;
  loads: HassDevice[];
  text: HassLocalize;
  /** Parts that are not shown. */
  hide: string[];
  /** Only administrators reach the settings. */
  isAdmin: boolean;
  /** Return an entity ID by translation key. */
  find(key: string): string | undefined;
  /** Return a state object by translation key. */
  state(key: string): HassEntity | undefined;
}

/** Milestone of an order. */
interface Step {
  name: string;
  state: "done" | "current" | "todo";
  /** Date, or what is known of it. */
  note: string;
}

/** What to tell of an order. */
interface Journey {
  icon: string;
  title: string;
  since?: string;
  isActive?: boolean;
  /** Who acts next. */
  actor?: string;
  /** What comes next. */
  next?: string;
  warning?: { title: string; text: string };
  appointment?: { day: string; time: string; countdown: string; provider: string };
  prepare?: string[];
  steps?: Step[];
  expected?: string;
  links?: { address: string; label: string }[];
}

/** Price, or payout. Times are in milliseconds. */
interface Interval {
  start: number;
  end: number;
  /** EUR/kWh; null if it is not known. */
  price: number | null;
  /** From 0 (very low) to 4 (very high). */
  level: number;
}

/** Day in Germany, whose intervals are complete: those without a price have none. */
interface Day {
  start: number;
  end: number;
  intervals: Interval[];
  /** There is a price at least. */
  isKnown: boolean;
  /** Of the known prices, as the next two. */
  average: number;
  lowest: number;
  highest: number;
}

interface FeeWindow {
  start: number;
  end: number;
  level: string;
}

interface Load {
  name: string;
  state: string;
  entity: HassEntity | undefined;
  /** End of a run that was switched by hand. */
  until: number | undefined;
  pieces: { start: number; end: number; price: number | null }[];
}
