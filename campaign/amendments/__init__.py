"""Amendments: what a running campaign asks, changed from a day on."""
