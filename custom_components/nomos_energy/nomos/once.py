"""Log lines that would say the same thing every day."""

import logging

_LOGGER = logging.getLogger(__name__)

_said: set[tuple[str, ...]] = set()


def warn_once(message: str, *values: str) -> None:
    """Log a warning, unless these words were logged before."""
    if (words := (message, *values)) not in _said:
        _said.add(words)
        _LOGGER.warning(message, *values)
