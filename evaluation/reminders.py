"""The room's reminder rules."""
