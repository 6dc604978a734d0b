"""Webhooks: address, receiver, options form."""
