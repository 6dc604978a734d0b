"""Form fields for a value that is typed, or the state of an entity."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    ChooseSelector,
    ChooseSelectorChoiceConfig,
    ChooseSelectorConfig,
    EntitySelector,
    Selector,
)
import voluptuous as vol

from ..number_field import InvalidNumberError, NumberField
from .parsing import is_entity

ACTIVE = "active_choice"
ENTITY = "entity"


class _ChoiceSelector(ChooseSelector):
    """Choose selector that leaves refusals to the form, whose errors are translated."""

    @override
    def __call__(self, data: Any) -> str:
        # The frontend sends no value for an emptied field.
        if isinstance(data, Mapping):
            data = data.get(data.get(ACTIVE))
        if data is None:
            return ""
        if not isinstance(data, str):
            raise vol.Invalid("A text expected")
        return data.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceField:
    """Field for a constant or an entity."""

    name: str
    """Name of the constant's choice."""
    constant: Selector[Any]
    entity: EntitySelector
    domains: Collection[str]
    """Domains of the entities."""
    parse_constant: Callable[[str], Any]
    """Parser of what is typed; raises InvalidNumberError."""
    show_constant: Callable[[HomeAssistant, Any], str | None]
    """Inverse of the parser; None for a value that the form would refuse."""

    def selector(self, suggested: str | None = None) -> _ChoiceSelector:
        """Return the selector of the form.

        The frontend takes a suggested value for one of the first choice.
        """
        choices = {
            self.name: ChooseSelectorChoiceConfig(selector=self.constant),
            ENTITY: ChooseSelectorChoiceConfig(selector=self.entity),
        }
        if is_entity(suggested, self.domains):
            choices = {ENTITY: choices.pop(ENTITY), **choices}
        return _ChoiceSelector(
            ChooseSelectorConfig(choices=choices, translation_key="value_or_entity")
        )

    def parse(self, entered: str) -> Any:
        """Return the value to store; raises InvalidNumberError."""
        if is_entity(entered, self.domains):
            return entered
        return self.parse_constant(entered)

    def show(self, hass: HomeAssistant, stored: Any) -> str | None:
        """Return a stored value as it is entered; None if it would be refused."""
        if is_entity(stored, self.domains):
            return str(stored)
        return self.show_constant(hass, stored)


def number_or_entity(
    number: NumberField, entity: EntitySelector, domains: Collection[str]
) -> ChoiceField:
    """Return a field for a number or an entity."""
    return ChoiceField(
        name="number",
        constant=number.selector,
        entity=entity,
        domains=domains,
        parse_constant=number.parse,
        show_constant=number.show,
    )


def parsed_or_entity(
    name: str,
    selector: Selector[Any],
    parse: Callable[[str], Any],
    error: str,
    entity: EntitySelector,
    domains: Collection[str],
) -> ChoiceField:
    """Return a field for a text that is stored as it is entered, or an entity."""

    def check(entered: Any) -> str:
        try:
            parse(entered)
        except (TypeError, ValueError) as err:
            raise InvalidNumberError(error) from err
        return str(entered)

    def show(_hass: HomeAssistant, stored: Any) -> str | None:
        try:
            return check(stored)
        except InvalidNumberError:
            return None

    return ChoiceField(
        name=name,
        constant=selector,
        entity=entity,
        domains=domains,
        parse_constant=check,
        show_constant=show,
    )
