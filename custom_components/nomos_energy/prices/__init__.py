"""Prices: coordinator, entities, actions, the best time for a load."""
