"""Browsers without a window."""

from typing import Any

from django.test import Client


def signed_in(user: Any, **options: Any) -> Client:
    """A client that has signed in as ``user`` already; ``options`` go to the client."""
    client = Client(**options)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client
