"""Names that more than one module of the integration uses."""

import logging
from typing import Final

DOMAIN: Final = "nomos_energy"
LOGGER = logging.getLogger(__package__)

CONF_SUBSCRIPTIONS: Final = "subscriptions"
"""Option: ids of the subscriptions to follow; absent when all are followed."""

CONF_WEBHOOK_SECRET: Final = "webhook_secret"
"""Option: what Nomos signs its deliveries with; absent when there are none."""

CONF_WEBHOOK_URL: Final = "webhook_url"
"""Option: the address that was shown for Nomos' dashboard."""

SUBENTRY_PLANNED_LOAD: Final = "planned_load"
"""What somebody wants to run each day when electricity is cheap."""
