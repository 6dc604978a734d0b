"""Tests of the billing."""
