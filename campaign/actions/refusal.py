"""Why something cannot be done."""


class Refused(Exception):
    """It was not done; the message (Chinese) says why and what to do."""
