"""OAuth clients of the simulated Nomos, and what they are granted."""

from dataclasses import dataclass

from .households import Household
from .versions import OLDER

READ, WRITE = "read:*", "write:*"


@dataclass(frozen=True)
class Client:
    """An application that Nomos knows."""

    client_id: str
    client_secret: str = "demo-secret"
    scopes: tuple[str, ...] = (READ, WRITE)
    redirect_uris: tuple[str, ...] = ()
    customer_scoped: bool = False
    """Whether it acts for customers who log in, not for the organisation."""
    default_version: str = OLDER
    """The API version of requests that name none."""
    name: str = "Home Assistant"


ORGANISATION = Client("demo-organisation")
READ_ONLY = Client("demo-read-only", scopes=(READ,))
APP = Client(
    "demo-app",
    scopes=(READ,),
    redirect_uris=(
        "https://my.home-assistant.io/redirect/oauth",
        "http://127.0.0.1:8123/auth/external/callback",
        "http://localhost:8123/auth/external/callback",
        "https://example.com/auth/external/callback",
    ),
    customer_scoped=True,
)
CLIENTS = (ORGANISATION, READ_ONLY, APP)


@dataclass(frozen=True)
class Grant:
    """What a token allows."""

    client: Client
    scopes: tuple[str, ...]
    customer_id: str | None = None

    def sees(self, household: Household) -> bool:
        """Return whether a household is any business of the token's bearer."""
        return self.customer_id in (None, household.customer_id)


@dataclass(frozen=True)
class AuthorizationRequest:
    """What an application asks the customer for."""

    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None = None
    code_challenge: str | None = None
    code_challenge_method: str = "S256"
