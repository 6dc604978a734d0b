"""Constants that several modules of the integration use."""

import logging
from typing import Final

DOMAIN: Final = "nomos_energy"
LOGGER = logging.getLogger(__package__)

CURRENCY: Final = "EUR"
PRICE_UNIT: Final = "EUR/kWh"

CONF_SUBSCRIPTIONS: Final = "subscriptions"
"""Option: IDs of the included subscriptions; missing if all are included."""

CONF_CONTRACTS: Final = "contracts"
"""Option: settings of single contracts by subscription ID."""

CONF_BASE_FEE: Final = "base_fee"
CONF_YEARLY_USAGE: Final = "yearly_usage"
"""Setting of a contract: base fee in EUR per month, as the household entered it."""

CONF_WEBHOOK_SECRET: Final = "webhook_secret"
"""Option: signing secret of the webhooks; missing if there are none."""

CONF_WEBHOOK_URL: Final = "webhook_url"
"""Option: address that was shown for the partner dashboard of Nomos."""

SUBENTRY_COMPARISON: Final = "comparison_tariff"
SUBENTRY_PLANNED_LOAD: Final = "planned_load"
