"""Authorized request to an API operation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
import re
from typing import Any

from aiohttp import web

from .errors import invalid, not_found
from .households import Household
from .lists import parse_filters
from .oauth import Grant
from .versions import CURRENT
from .world import World

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Call:
    """Authorized request with what its handler needs."""

    world: World
    request: web.Request
    grant: Grant
    version: str

    @property
    def query(self) -> Mapping[str, str]:
        """Query parameters of the request."""
        return self.request.query

    @property
    def id(self) -> str:
        """ID in the path of the request."""
        return self.request.match_info["id"]

    async def body(self) -> dict[str, Any]:
        """Return the JSON object in the request's body."""
        try:
            body = await self.request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise invalid("invalid_type", "", "The body is not a JSON object.")
        return body

    def sees(self, household: Household | None) -> bool:
        """Return if the caller may know that a household exists."""
        if household is None or not self.grant.sees(household):
            return False
        # The older API version has no feed-in contracts.
        return self.version == CURRENT or household.type == "consumption"

    def household(self, subscription_id: object) -> Household:
        """Return the household with a subscription.

        Raises ApiError if the subscription is unknown to the caller.
        """
        if not isinstance(subscription_id, str):
            raise invalid("invalid_type", "subscription", "subscription is missing.")
        household = self.world.find(subscription_id)
        if household is None or not self.sees(household):
            raise not_found()
        return household

    def visible(self, fields: Iterable[str]) -> list[Household] | None:
        """Return the households that a list is filtered to; None means all."""
        filters = parse_filters(self.query, fields)
        if wanted := filters.get("subscription"):
            household = self.world.find(wanted)
            few = [household] if household else []
        elif wanted := self.grant.customer_id or filters.get("customer"):
            few = self.world.find_by_customer(wanted)
        elif self.version == CURRENT:
            return None
        else:
            few = self.world.households
        return [household for household in few if self.sees(household)]

    def day(self, name: str) -> date | None:
        """Return the day in a query parameter, or None if it is missing."""
        text = self.query.get(name)
        if text is None:
            return None
        try:
            if _DATE.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise invalid("invalid_format", name, f"{name} is not a date.")
