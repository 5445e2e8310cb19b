"""Sessions in the database, read from the shared cache."""

from django.contrib.sessions.backends import cached_db

from portal.session_stores import WithColumns


class SessionStore(WithColumns, cached_db.SessionStore):
    """The row is read only when the cache has lost it."""
