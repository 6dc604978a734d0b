"""Rehearsal of a release: install, use for a week, update."""
