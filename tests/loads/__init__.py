"""Tests of the capability loads."""
