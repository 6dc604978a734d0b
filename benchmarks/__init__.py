"""What the integration costs: requests, CPU time, memory, imports, state writes.

Every figure is taken in a process of its own, so that none feels what another
has loaded or left behind. `scripts/bench` runs them all and prints one table.
"""

import logging

# Home Assistant's cloud brings cameras along, which miss a library that a machine
# without pictures doesn't have.
logging.getLogger("homeassistant.components.camera").setLevel(logging.CRITICAL)
