"""Tests of the capability usage."""
