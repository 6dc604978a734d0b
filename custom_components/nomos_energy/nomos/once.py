"""Warnings that are logged once, though their cause recurs with every answer."""

import logging

_LOGGER = logging.getLogger(__name__)

_logged: set[tuple[str, ...]] = set()

MAX_WARNINGS = 200
"""Number of different warnings; more come from values that differ every time."""


def warn_once(message: str, *values: str) -> None:
    """Log a warning unless the same one, or too many of them, were logged before."""
    key = (message, *values)
    if key not in _logged and len(_logged) < MAX_WARNINGS:
        _logged.add(key)
        _LOGGER.warning(message, *values)
