"""Tests of the simulator, through its API."""
