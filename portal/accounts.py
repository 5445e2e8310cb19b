"""What the portal itself needs to know of accounts; the model is the members room's."""

from django.contrib.auth import get_user_model


def nobody_yet() -> bool:
    """Whether the portal is new: no account exists, and the first run is still open."""
    return not get_user_model()._default_manager.exists()
