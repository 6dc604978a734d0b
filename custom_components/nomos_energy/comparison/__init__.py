"""Comparison tariffs: what the same consumption would have cost at a fixed price."""
