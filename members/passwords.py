"""One-time passwords and short usernames: easy to read from paper, impossible to guess."""

import secrets

# Without 0 o 1 l i, which look alike in print.
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
PASSWORD_LENGTH = 10
USERNAME_LENGTH = 6


def one_time_password() -> str:
    """Ten random characters in two halves (about 49 bits), to be changed at the first sign-in."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(PASSWORD_LENGTH))
    return f"{letters[:5]}-{letters[5:]}"


def short_username() -> str:
    """A username for somebody without a member number."""
    return "p" + "".join(secrets.choice(LETTERS) for _ in range(USERNAME_LENGTH))
