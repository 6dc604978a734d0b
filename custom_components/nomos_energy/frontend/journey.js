/** Where an order stands, what comes next, and who acts. */

import { feedsIn } from "./contract.js";
import { date, daysBetween, inDays, time, weekday } from "./format.js";
import { stateName } from "./texts.js";

/** @typedef {import("./order.js").Order} Order */

/** Days after an appointment within which the installation may not be reported. */
const REPORTED_AFTER = 2;

/** Days after the expected activation from which on Nomos should be asked. */
const LONG_OVERDUE = 28;

const INTEGRATION_PAGE = "/config/integrations/integration/nomos_energy";

/** Who acts while an order is at a milestone; else the metering operator. */
const YOURS = ["placed"];
const OF_NOMOS = ["created", "installed", "awaits_registration", "unknown"];

/**
 * Return what to tell of an order.
 * @param {Order} order
 * @returns {Journey}
 */
export function journeyOf(order) {
  if (order.isActive) return active(order);
  if (!order.state) return withoutOrderEntities(order);
  if (order.state.state === "unavailable") return unavailable(order);
  if (order.status === "not_ordered") return notOrdered(order);
  if (order.status === "cancelled") return cancelled(order);
  return inProgress(order);
}

/** @param {Order} order */
function active({ hass, contract, state, status, activatedAt, text }) {
  const isOrdered = status !== "not_ordered" && status !== "cancelled";
  const told = feedsIn(hass, contract.id)
    ? "card_feed_in"
    : state && !isOrdered
      ? "card_smart_already"
      : "card_active";
  return {
    icon: "mdi:check-decagram",
    title: stateName(hass, "binary_sensor", "smart_meter_active", "on"),
    isActive: true,
    since: activatedAt
      ? text("card_since", { date: date(hass, activatedAt) })
      : text(told),
  };
}

/** @param {Order} order */
function withoutOrderEntities({ hass, contract, text }) {
  return {
    icon: "mdi:meter-electric-outline",
    title: stateName(hass, "binary_sensor", "smart_meter_active", "off"),
    since: text(feedsIn(hass, contract.id) ? "card_feed_in" : "card_no_order_entity"),
  };
}

/** @param {Order} order */
function unavailable({ text }) {
  return {
    icon: "mdi:cloud-off-outline",
    title: text("card_unavailable"),
    since: text("card_unavailable_text"),
    links: [{ address: INTEGRATION_PAGE, label: text("card_integration") }],
  };
}

/** @param {Order} order */
function notOrdered(order) {
  const { text } = order;
  return {
    icon: "mdi:meter-electric-outline",
    title: order.name("not_ordered"),
    next: text("card_not_ordered_text"),
    actor: text("card_actor_you"),
    links: [{ address: INTEGRATION_PAGE, label: text("card_integration") }, ...portal(order)],
  };
}

/** @param {Order} order */
function cancelled(order) {
  const { hass, text, repair, cancelledAt } = order;
  const isWish = order.value("cancelled_reason") === "customer_request";
  return {
    icon: "mdi:cancel",
    title: order.name("cancelled"),
    since: cancelledAt && text("card_since", { date: date(hass, cancelledAt) }),
    warning: {
      title: order.reason,
      text: isWish ? repair("cancelled_by_request.description") : text("card_cancelled_text"),
    },
    links: portal(order),
  };
}

/** @param {Order} order */
function inProgress(order) {
  const { status, isBlocked, text } = order;
  const daysSince = daysSinceAppointment(order);
  const step = daysSince > 0 ? "visited" : status || "unknown";
  const isHeld = isBlocked || daysSince >= REPORTED_AFTER;
  return {
    icon: isBlocked ? "mdi:alert-circle-outline" : "mdi:progress-clock",
    title: status ? order.name(status) : text("card_unknown_status"),
    since: since(order),
    actor: isHeld ? actorOfBlock(order) : actorAt(step, order),
    next: isHeld ? undefined : text(`card_next_${step}`),
    warning: warning(order),
    appointment: appointment(order),
    prepare: daysSince > 0 ? [] : prepare(order),
    steps: order.path.map((milestone, place) => stepOf(milestone, place, order)),
    expected: expected(order),
    links: portal(order),
  };
}

/** @param {Order} order */
function portal({ contract, text }) {
  const address = contract.configuration_url;
  return address ? [{ address, label: text("card_portal") }] : [];
}

/** @param {Order} order */
function since(order) {
  const { hass, now, text } = order;
  const from = order.status && order.reached(order.status);
  if (!from) return undefined;
  const days = daysBetween(hass, from, now);
  if (days < 1) return text("card_since_today");
  return `${text("card_since", { date: date(hass, from) })} (${inDays(hass, -days)})`;
}

/**
 * @param {string} step
 * @param {Order} order
 */
function actorAt(step, { operator, text }) {
  if (YOURS.includes(step)) return text("card_actor_you");
  if (OF_NOMOS.includes(step)) return text("card_actor_nomos");
  return operator ? text("card_actor_operator", { operator }) : text("card_actor_some_operator");
}

/** @param {Order} order */
function actorOfBlock(order) {
  const reason = order.value("blocked_reason");
  const isGrid = reason === "grid_operator_registration";
  return order.text(isGrid ? "card_actor_grid_operator" : "card_actor_you");
}

/**
 * Return the most urgent warning.
 * @param {Order} order
 * @returns {Journey["warning"]}
 */
function warning(order) {
  const { hass, now, appointmentAt, expectedOn, text, repair } = order;
  if (order.isBlocked) return block(order);
  if (appointmentAt && daysSinceAppointment(order) >= REPORTED_AFTER) {
    const day = date(hass, appointmentAt);
    return {
      title: text("card_missed"),
      text: repair("appointment_missed.description", { appointment: day }),
    };
  }
  if (expectedOn && daysBetween(hass, expectedOn, now) >= LONG_OVERDUE) {
    const day = date(hass, expectedOn);
    return {
      title: text("card_overdue_title"),
      text: repair("activation_overdue.description", { expected: day }),
    };
  }
  return undefined;
}

/** @param {Order} order */
function block(order) {
  const { hass, blockedSince, text, repair } = order;
  const what = {
    check_missing: repair("blocked_check_missing.description"),
    grid_operator_registration: text("card_blocked_grid_operator"),
  }[order.value("blocked_reason") || ""];
  const from = blockedSince ? `${text("card_blocked_since", { date: date(hass, blockedSince) })} ` : "";
  return {
    title: `${stateName(hass, "binary_sensor", "order_blocked", "on")}: ${order.reason}`,
    text: from + (what || repair("blocked.description")),
  };
}

/** @param {Order} order */
function daysSinceAppointment({ hass, now, appointmentAt, status }) {
  if (!appointmentAt || isInstalled(status)) return 0;
  return daysBetween(hass, appointmentAt, now);
}

/** @param {string | undefined} status */
function isInstalled(status) {
  return status === "installed" || status === "awaits_registration";
}

/** @param {Order} order */
function appointment({ hass, now, appointmentAt, status, operator }) {
  if (!appointmentAt || isInstalled(status)) return undefined;
  return {
    day: weekday(hass, appointmentAt),
    time: time(hass, appointmentAt),
    countdown: inDays(hass, daysBetween(hass, now, appointmentAt)),
    provider: operator,
  };
}

/** @param {Order} order */
function prepare(order) {
  const { status, appointmentAt, text } = order;
  if (isInstalled(status)) return [];
  if (status === "scheduled" || appointmentAt) {
    return ["clear", "at_home", "computer", "photo"].map((key) => text(`card_prepare_${key}`));
  }
  const isAsked = status === "placed" && !order.isBlocked;
  return isAsked || order.value("blocked_reason") === "check_missing" ? [text("card_prepare_details")] : [];
}

/**
 * @param {string} milestone
 * @param {number} place
 * @param {Order} order
 * @returns {Step}
 */
function stepOf(milestone, place, order) {
  const { hass, appointmentAt, text } = order;
  const state = place < order.place ? "done" : place === order.place ? "current" : "todo";
  const on = order.reached(milestone);
  const isAhead = appointmentAt && daysBetween(hass, order.now, appointmentAt) >= 0;
  const isPlanned = milestone === "installed" && state === "todo" && isAhead;
  return {
    name:
      milestone === "cancelled"
        ? stateName(hass, "sensor", "cancelled_reason", "pre_existing")
        : order.name(milestone),
    state,
    note: isPlanned && appointmentAt
      ? text("card_planned", { date: date(hass, appointmentAt) })
      : on && state !== "todo"
        ? date(hass, on)
        : "",
  };
}

/** @param {Order} order */
function expected({ hass, now, expectedOn, text }) {
  if (!expectedOn) return undefined;
  const days = daysBetween(hass, now, expectedOn);
  const placeholders = { date: date(hass, expectedOn), countdown: inDays(hass, days) };
  return text(days < 0 ? "card_overdue" : "card_expected", placeholders);
}
