"""Warnings that are logged once, though their cause recurs with every answer."""

import logging

_LOGGER = logging.getLogger(__name__)

_logged: set[tuple[str, ...]] = set()


def warn_once(message: str, *values: str) -> None:
    """Log a warning unless the same one was logged before."""
    if (key := (message, *values)) not in _logged:
        _logged.add(key)
        _LOGGER.warning(message, *values)
