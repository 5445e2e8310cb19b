"""The room's printed sheets."""
