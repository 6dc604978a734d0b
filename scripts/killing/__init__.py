"""Kill tests: a Home Assistant that loses its power at any moment."""
