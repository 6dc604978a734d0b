"""Benchmarks: requests, CPU time, memory, state writes and storage writes.

Each figure is measured in a process of its own, so that no other one has warmed it up.
`scripts/bench` runs all sections and prints one table.
"""

import logging

# Home Assistant Cloud imports the camera component, which logs that a library is missing.
logging.getLogger("homeassistant.components.camera").setLevel(logging.CRITICAL)
