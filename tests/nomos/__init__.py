"""Tests of the API client, with the simulator and with a fake server."""
