"""Tests of the capability grid_fees."""
