/**
 * Numbers and times, written as the user has set it in the profile: language, number
 * format, time zone, and 12 or 24 hours.
 */

const MINUTE = 60_000;
const DAY = 86_400_000;

/** @type {Record<string, string[] | undefined>} */
const NUMBER_LOCALES = {
  comma_decimal: ["en-US", "en"],
  decimal_comma: ["de", "es", "it"],
  space_comma: ["fr", "sv", "cs"],
  quote_decimal: ["de-CH"],
  none: ["en-US"],
  system: undefined,
};

/**
 * Formats are made once: making one takes longer than drawing a bar.
 * @type {Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>}
 */
const formats = new Map();

/**
 * @template {Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat} FormatT
 * @param {string} key
 * @param {() => FormatT} make
 * @returns {FormatT}
 */
function once(key, make) {
  let format = formats.get(key);
  if (format === undefined) {
    format = make();
    formats.set(key, format);
  }
  return /** @type {FormatT} */ (format);
}

/**
 * @param {Hass} hass
 * @param {number} value
 * @param {Intl.NumberFormatOptions} options
 */
function number(hass, value, options) {
  const { language, number_format: style } = hass.locale;
  return once(`number ${language} ${style} ${JSON.stringify(options)}`, () => {
    const locales = style in NUMBER_LOCALES ? NUMBER_LOCALES[style] : language;
    return new Intl.NumberFormat(locales, { ...options, useGrouping: style !== "none" });
  }).format(value);
}

/**
 * Return a price in EUR/kWh as a number in ct/kWh.
 * @param {Hass} hass
 * @param {number} price
 * @param {number} [digits]
 */
export function cents(hass, price, digits = 1) {
  // Adding zero drops the sign of a negative zero.
  const rounded = Number((price * 100).toFixed(digits)) + 0;
  return number(hass, rounded, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/**
 * Return a sum in EUR, such as "1,23 €".
 * @param {Hass} hass
 * @param {number} sum
 */
export function euro(hass, sum) {
  return number(hass, sum, { style: "currency", currency: "EUR" });
}

/**
 * Return a time zone as the user wants to see times: that of Home Assistant, or that of
 * the browser (undefined).
 * @param {Hass} hass
 */
function timeZone(hass) {
  return hass.locale.time_zone === "local" ? undefined : hass.config.time_zone;
}

/**
 * Clocks of languages.
 * @type {Map<string | undefined, "h12" | "h23">}
 */
const cycles = new Map();

/**
 * @param {HassLocale} locale
 * @returns {"h12" | "h23"}
 */
function hourCycle({ language, time_format: style }) {
  if (style === "12") return "h12";
  if (style === "24") return "h23";
  const locale = style === "system" ? undefined : language;
  let cycle = cycles.get(locale);
  if (cycle === undefined) {
    const format = new Intl.DateTimeFormat(locale, { hour: "numeric" });
    cycle = format.resolvedOptions().hour12 ? "h12" : "h23";
    cycles.set(locale, cycle);
  }
  return cycle;
}

/**
 * @param {Hass} hass
 * @param {Date} moment
 * @param {Intl.DateTimeFormatOptions} options
 */
function written(hass, moment, options) {
  const { language, time_format: cycle } = hass.locale;
  const zone = timeZone(hass);
  return once(`date ${language} ${cycle} ${zone} ${JSON.stringify(options)}`, () => {
    const clock = options.hour ? { hourCycle: hourCycle(hass.locale) } : {};
    return new Intl.DateTimeFormat(language, { ...options, ...clock, timeZone: zone });
  }).format(moment);
}

/**
 * Return a time of day, such as "13:15" or "1:15 pm".
 * @param {Hass} hass
 * @param {Date} moment
 */
export function time(hass, moment) {
  return written(hass, moment, { hour: "numeric", minute: "2-digit" });
}

/**
 * Return the hour of a time of day, such as "13" or "1 pm", for a scale.
 * @param {Hass} hass
 * @param {Date} moment
 */
export function hour(hass, moment) {
  return hourCycle(hass.locale) === "h12"
    ? written(hass, moment, { hour: "numeric" })
    : time(hass, moment);
}

/**
 * Return a day, such as "25. Nov. 2026".
 * @param {Hass} hass
 * @param {Date} moment
 */
export function date(hass, moment) {
  return written(hass, moment, { day: "numeric", month: "short", year: "numeric" });
}

/**
 * Return a day with its weekday, such as "Mittwoch, 25. November".
 * @param {Hass} hass
 * @param {Date} moment
 */
export function weekday(hass, moment) {
  return written(hass, moment, { weekday: "long", day: "numeric", month: "long" });
}

/**
 * Return a moment's weekday and time, such as "Mi., 13:15".
 * @param {Hass} hass
 * @param {Date} moment
 */
export function weekdayTime(hass, moment) {
  const day = written(hass, moment, { weekday: "short" });
  return `${day}, ${time(hass, moment)}`;
}

/**
 * Return the day of a moment as ISO 8601, in the time zone in which times are shown.
 * @param {Hass} hass
 * @param {Date} moment
 */
export function dayOf(hass, moment) {
  const zone = timeZone(hass);
  return once(`day ${zone}`, () => new Intl.DateTimeFormat("sv-SE", { timeZone: zone })).format(
    moment,
  );
}

/**
 * Return the number of calendar days from one moment to another.
 * @param {Hass} hass
 * @param {Date} from
 * @param {Date} to
 */
export function daysBetween(hass, from, to) {
  return Math.round((Date.parse(dayOf(hass, to)) - Date.parse(dayOf(hass, from))) / DAY);
}

/**
 * Return a number of days from now, such as "heute", "morgen" or "in 5 Tagen".
 * @param {Hass} hass
 * @param {number} days
 */
export function inDays(hass, days) {
  const { language } = hass.locale;
  return once(
    `relative ${language}`,
    () => new Intl.RelativeTimeFormat(language, { numeric: "auto" }),
  ).format(days, "day");
}

/**
 * Return a duration, such as "2 Std. 15 Min.".
 * @param {Hass} hass
 * @param {number} length Milliseconds.
 */
export function duration(hass, length) {
  const minutes = Math.round(length / MINUTE);
  const parts = [
    [Math.floor(minutes / 60), "hour"],
    [minutes % 60, "minute"],
  ];
  return parts
    .filter(([value], place) => value || (place === 1 && minutes === 0))
    .map(([value, unit]) =>
      number(hass, Number(value), { style: "unit", unit: String(unit), unitDisplay: "short" }),
    )
    .join(" ");
}
