"""Planned loads: planner, coordinator, entities, subentry form."""
