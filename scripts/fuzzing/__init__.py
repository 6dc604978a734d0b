"""Fuzz tests: spoilt answers of Nomos, against the API client and in Home Assistant."""
