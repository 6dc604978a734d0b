"""Tests of the dashboard in a real Chromium, with a real Home Assistant and a simulated Nomos.

scripts/test-browser runs them; scripts/test does not.
"""
