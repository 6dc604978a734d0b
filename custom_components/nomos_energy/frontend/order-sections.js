/** Sections of the meter order: its course, and the days after the activation. */

import { feedsIn, isKnown } from "./contract.js";
import { INTEGRATION, heading, section, shortcut } from "./view.js";

/** Days after the activation on which the view shows what to do next. */
const NEW = 14;

const DAY = 86_400_000;

/** Hours of history: ten days, as long as Home Assistant keeps it by default. */
const HISTORY = 240;

/**
 * Return if the smart meter is active. While that is not known, the entities tell:
 * prices exist only after the activation.
 * @param {View} view
 */
function isActive(view) {
  const gate = view.state("smart_meter_active");
  return isKnown(gate) ? gate.state === "on" : view.find("price") !== undefined;
}

/**
 * Return if there is or was an order. Until the state is known, there is one.
 * @param {View} view
 */
function hasOrder(view) {
  return view.state("order_status")?.state !== "not_ordered";
}

/**
 * @param {View} view
 * @returns {Card[]}
 */
export function orderSections(view) {
  const active = isActive(view);
  if (active && (!hasOrder(view) || feedsIn(view.hass, view.contract.id))) return [];
  const journey = {
    type: "custom:nomos-journey-card",
    device_id: view.contract.id,
    grid_options: { columns: "full" },
  };
  const title = heading(view.text("dashboard_order"), "mdi:meter-electric-outline");
  if (active) return [section([title, journey])];
  return [
    section([title, journey], { column_span: 2 }),
    ...appointmentSections(view),
    ...historySections(view),
  ];
}

/**
 * @param {View} view
 * @returns {Card[]}
 */
function appointmentSections(view) {
  const calendar = view.find("installation");
  const appointment = view.state("appointment");
  if (!calendar || !isKnown(appointment) || isPast(appointment)) return [];
  const title = heading(view.text("dashboard_appointment"), "mdi:calendar");
  return [section([title, { type: "calendar", entities: [calendar] }])];
}

/** @param {HassEntity} appointment */
function isPast({ state }) {
  return Date.now() - Date.parse(state) > DAY;
}

/**
 * @param {View} view
 * @returns {Card[]}
 */
function historySections(view) {
  const update = view.find("order_update");
  if (!update || !isKnown(view.state("order_update")) || !view.hass.config.components.includes("logbook")) return [];
  const logbook = {
    type: "logbook",
    target: { entity_id: [update] },
    hours_to_show: HISTORY,
  };
  return [section([heading(view.text("dashboard_history"), "mdi:history"), logbook])];
}

/**
 * Return if the view shows what to do next, for some days after the activation.
 * @param {View} view
 */
export function isNew(view) {
  const activated = view.state("activated");
  if (view.hide.includes("live") || !isActive(view) || !isKnown(activated)) return false;
  return Date.now() - Date.parse(activated.state) <= NEW * DAY;
}

/**
 * @param {View} view
 * @returns {Card[]}
 */
export function liveSections(view) {
  if (!isNew(view)) return [];
  const { text } = view;
  const told = {
    type: "markdown",
    content: text("dashboard_live_text"),
    text_only: true,
  };
  return [
    section([
      heading(text("dashboard_live"), "mdi:check-circle-outline"),
      told,
      ...(view.isAdmin ? nextSteps(view) : []),
    ]),
  ];
}

/**
 * @param {View} view
 * @returns {Card[]}
 */
function nextSteps({ text, loads }) {
  /** @param {string} key @param {string} icon @param {string} path */
  const step = (key, icon, path) =>
    shortcut(text(`dashboard_next_${key}`), icon, path, text(`dashboard_next_${key}_text`));
  return [
    step("energy", "mdi:lightning-bolt", INTEGRATION),
    ...(loads.length ? [] : [step("load", "mdi:ev-station", INTEGRATION)]),
    step("automation", "mdi:robot", "/config/blueprint/dashboard"),
  ];
}
