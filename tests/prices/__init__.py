"""Tests of the capability prices."""
