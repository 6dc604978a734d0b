"""Phone that keeps the messages that it gets."""

from typing import override

from homeassistant.components.notify import NotifyEntity


class Phone(NotifyEntity):
    """Notify entity that keeps its messages."""

    _attr_name = "Phone"
    entity_id = "notify.phone"

    def __init__(self) -> None:
        """Initialize the entity without messages."""
        self.messages: list[str] = []

    @override
    async def async_send_message(self, message: str, title: str | None = None) -> None:
        self.messages.append(message)

    def take(self) -> list[str]:
        """Return the messages since the last call."""
        messages, self.messages = self.messages, []
        return messages
