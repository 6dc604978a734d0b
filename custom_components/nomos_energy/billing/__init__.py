"""Billing: what a month costs, the base fee and the invoices."""
