"""What the integration costs: requests, CPU time, memory, imports, state writes.

Every figure is taken in a process of its own, so that none feels what another
has loaded or left behind. `scripts/bench` runs them all and prints one table.
"""
