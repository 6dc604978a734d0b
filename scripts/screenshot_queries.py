"""JavaScript that the screenshots run in Home Assistant's frontend."""

HAS_STATE = """([key, states, device]) => {
  const hass = document.querySelector("home-assistant")?.hass;
  return Object.values(hass?.entities ?? {}).some(
    entity =>
      entity.device_id === device &&
      entity.translation_key === key &&
      states.includes(hass.states[entity.entity_id]?.state));
}"""
FIND_PRICE = """device => {
  const { hass } = document.querySelector("home-assistant");
  return Object.values(hass.entities).find(
    entity =>
      entity.device_id === device &&
      entity.translation_key === "price").entity_id;
}"""
ADD_METER = """name => {
  const { hass } = document.querySelector("home-assistant");
  return hass.callApi("POST", "states/sensor.demo_meter", {
    state: "1",
    attributes: {
      friendly_name: name,
      device_class: "energy",
      state_class: "total_increasing",
      unit_of_measurement: "kWh",
    },
  });
}"""
"""Adds the state of a meter: the demo has none, but the dialog requires one."""
DISMISS_NOTIFICATIONS = """() => document.querySelector("home-assistant").hass.callService(
  "persistent_notification", "dismiss_all", {})"""
FIND_DEVICE = """() => {
  const { hass } = document.querySelector("home-assistant");
  return Object.values(hass.entities).find(
    entity =>
      entity.platform === "nomos_energy" &&
      entity.translation_key === "order_status" &&
      hass.states[entity.entity_id]?.state !== "activated").device_id;
}"""
"""Finds the device of the contract whose order is not activated yet."""
