"""Plugin for pytest: the test package with a Home Assistant that is newer than it.

Goes once there is a test package for 2026.11.
"""

# They patch Home Assistant before more of it is imported, in this order.
from pytest_homeassistant_custom_component import patch_json, patch_recorder, patch_time  # noqa: F401

# isort: split
# Also has to be imported before httpx, which plugins of pytest import.
from homeassistant.components import logger
from homeassistant.components.logger import helpers

_MOVED = "_clear_logger_overwrites"
"""The test package looks for it where it was until 2026.10."""

if hasattr(helpers, _MOVED):
    vars(logger).setdefault(_MOVED, getattr(helpers, _MOVED))
