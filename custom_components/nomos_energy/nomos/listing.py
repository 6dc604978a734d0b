"""Listing: the records of a list of the API."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing[RecordT]:
    """Records of a list, without those that could not be parsed."""

    records: tuple[RecordT, ...]
    unreadable: frozenset[str | None] = frozenset()
    """Subscription IDs of records that could not be parsed; None for an unknown ID."""

    def may_lack(self, subscription_id: str) -> bool:
        """Return if a record of the subscription may be among the unreadable ones."""
        return subscription_id in self.unreadable or None in self.unreadable
