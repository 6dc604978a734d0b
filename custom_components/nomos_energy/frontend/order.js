/** Order of a contract, as its entities show it. */

import { isKnown, stateOf } from "./contract.js";
import { stateName } from "./texts.js";

/** @typedef {import("./texts.js").Text} Text */

/** Milestones on the way to activation, in their order. */
export const PATH = [
  "created",
  "placed",
  "check_submitted",
  "check_reviewed",
  "scheduled",
  "installed",
  "activated",
];

/** The same for a smart meter that was there before the order. */
const REGISTRATION_PATH = ["created", "cancelled", "awaits_registration", "activated"];

/** Translation keys of the entities that are used. */
const KEYS = [
  "order_status",
  "appointment",
  "activated",
  "order_blocked",
  "blocked_reason",
  "cancelled_reason",
  "expected_activation",
  "smart_meter_active",
  "provider",
];

/**
 * Return the state objects of an order.
 * @param {Hass} hass
 * @param {string} contract Device ID.
 */
export function statesOf(hass, contract) {
  return KEYS.map((key) => stateOf(hass, contract, key));
}

/**
 * Return a timestamp as Date, if it is one.
 * @param {unknown} value
 * @param {string} [clock] Time of day that a day gets.
 */
function dateOf(value, clock = "") {
  if (typeof value !== "string" || !value) return undefined;
  const moment = new Date(value + clock);
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}

/** Order, with the texts it is described by, at a moment. */
export class Order {
  /**
   * @param {Hass} hass
   * @param {HassDevice} contract
   * @param {{ text: Text, repair: Text, now: Date }} context Texts of cards and repairs.
   */
  constructor(hass, contract, { text, repair, now }) {
    this.hass = hass;
    this.contract = contract;
    this.text = text;
    this.repair = repair;
    this.now = now;
    this.state = this.stateOf("order_status");
    /** Milestone; undefined if it is unknown. */
    this.status = this.value("order_status");
    this.isActive = this.value("smart_meter_active") === "on";
    this.isBlocked = this.value("order_blocked") === "on";
    this.appointmentAt = dateOf(this.value("appointment"));
    this.activatedAt = dateOf(this.value("activated"));
  }

  /** @param {string} key */
  stateOf(key) {
    return stateOf(this.hass, this.contract.id, key);
  }

  /** @param {string} key */
  value(key) {
    const state = this.stateOf(key);
    return isKnown(state) ? state.state : undefined;
  }

  /** @param {string} milestone */
  name(milestone) {
    return stateName(this.hass, "sensor", "order_status", milestone);
  }

  /**
   * Return when a milestone was reached, if that is known.
   * @param {string} milestone
   */
  reached(milestone) {
    // Registration begins with the cancellation.
    const key = milestone === "awaits_registration" ? "cancelled" : milestone;
    return dateOf(this.state?.attributes.reached?.[key]);
  }

  /** Milestones to show. */
  get path() {
    return this.status === "awaits_registration" ? REGISTRATION_PATH : PATH;
  }

  /** Place on the path; between two milestones if the status is unknown. */
  get place() {
    if (this.status !== undefined) return this.path.indexOf(this.status);
    return Math.max(...this.path.map((each, place) => (this.reached(each) ? place : -1))) + 0.5;
  }

  /** Name of the metering operator, or an empty text. */
  get operator() {
    const provider = this.value("provider");
    return provider ? stateName(this.hass, "sensor", "provider", provider) : "";
  }

  /** Name of the reason for a block or a cancellation. */
  get reason() {
    const key = this.isBlocked ? "blocked_reason" : "cancelled_reason";
    const reason = this.value(key);
    return (reason && stateName(this.hass, "sensor", key, reason)) || this.text("card_reason_unknown");
  }

  get blockedSince() {
    return dateOf(this.stateOf("order_blocked")?.attributes.blocked_since);
  }

  get cancelledAt() {
    return dateOf(this.stateOf("cancelled_reason")?.attributes.cancelled_at);
  }

  /** First possible day of the activation, also if it has passed. */
  get expectedOn() {
    return dateOf(this.stateOf("expected_activation")?.attributes.day, "T12:00:00Z");
  }
}
