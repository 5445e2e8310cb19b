"""The two sets of rules for passwords and sign-in between which an installation chooses (``PASSWORD_PROFILE``)."""

from dataclasses import dataclass
from typing import Any

PERSONAL = {
    "NAME": "portal.passwords.PersonalDataValidator",
    "OPTIONS": {"user_attributes": ("username", "name", "member_number", "email")},
}
COMMON = {"NAME": "portal.passwords.CommonPasswordValidator"}


@dataclass(frozen=True)
class Profile:
    """``max_days``: a password is changed after so many days (0: never); ``idle_seconds`` without a page lock the session;
    ``failures`` wrong passwords lock the account for its address."""

    validators: tuple[dict[str, Any], ...]
    max_days: int
    idle_seconds: int
    failures: int


PROFILES = {
    # Length instead of composition, and no change without a cause (NIST SP 800-63B 5.1.1).
    "modern": Profile(
        validators=(
            {"NAME": "portal.passwords.LengthValidator", "OPTIONS": {"min_length": 12}},
            {"NAME": "portal.passwords.NotOnlyDigitsValidator"},
            COMMON,
            PERSONAL,
        ),
        max_days=0,
        idle_seconds=2 * 3600,
        failures=8,
    ),
    # Classified protection, identity authentication (GB/T 22239-2019 8.1.4.1): complexity, regular change, lock-out, time-out.
    "classified": Profile(
        validators=(
            {"NAME": "portal.passwords.LengthValidator", "OPTIONS": {"min_length": 8}},
            {"NAME": "portal.passwords.CompositionValidator", "OPTIONS": {"kinds": 3}},
            COMMON,
            PERSONAL,
            {"NAME": "portal.passwords.NotRecentValidator", "OPTIONS": {"number": 5}},
        ),
        max_days=90,
        idle_seconds=15 * 60,
        failures=5,
    ),
}
