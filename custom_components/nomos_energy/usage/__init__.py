"""Usage: coordinator, statistics for the Energy dashboard, entities."""
