"""OAuth clients, grants and authorization requests."""

from dataclasses import dataclass

from .households import Household
from .versions import OLDER

READ, WRITE = "read:*", "write:*"


@dataclass(frozen=True)
class Client:
    """OAuth client registered at Nomos."""

    client_id: str
    client_secret: str = "demo-secret"
    scopes: tuple[str, ...] = (READ, WRITE)
    redirect_uris: tuple[str, ...] = ()
    customer_scoped: bool = False
    """True for clients of customers, false for those of an organisation."""
    default_version: str = OLDER
    """API version of requests without a version header."""
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
    """Client, scopes and customer of a token."""

    client: Client
    scopes: tuple[str, ...]
    customer_id: str | None = None

    def sees(self, household: Household) -> bool:
        """Return if the grant includes a household."""
        return self.customer_id in (None, household.customer_id)


@dataclass(frozen=True)
class AuthorizationRequest:
    """Parsed authorization request of a client."""

    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None = None
    code_challenge: str | None = None
    code_challenge_method: str = "S256"
