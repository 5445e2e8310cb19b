"""The jobs behind the roster import."""
