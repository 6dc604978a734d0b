"""Tests of the modules that Home Assistant's frontend loads."""
