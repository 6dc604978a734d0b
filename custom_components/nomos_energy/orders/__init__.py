"""The meter order: entities, events, placing an order, repairs."""
