"""Tests of the simulator: what a user of the API would notice."""
