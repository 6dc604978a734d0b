"""Tests of the capability orders."""
