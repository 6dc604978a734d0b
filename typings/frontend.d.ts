/** What the cards use of Home Assistant's frontend, for the type check only. */

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
