"""Sessions in the database alone (embedded mode)."""

from django.contrib.sessions.backends import db

from portal.session_stores import WithColumns


class SessionStore(WithColumns, db.SessionStore):
    """Every request reads the row."""
