"""States of sensors that show a word of the API."""

from enum import StrEnum


def options(kind: type[StrEnum], *more: str) -> list[str]:
    """Return the states of an enum; a word that nobody knows is no state."""
    return [*more, *(member.value for member in kind if member.value != "unknown")]


def state_of(word: StrEnum | None) -> str | None:
    """Return a word as a state."""
    return None if word is None or word.value == "unknown" else word.value
