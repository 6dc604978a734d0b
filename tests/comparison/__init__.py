"""Tests of comparison tariffs."""
