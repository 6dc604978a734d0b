"""Tests of the capability webhooks."""
