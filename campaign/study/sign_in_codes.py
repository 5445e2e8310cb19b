"""Codes that prove presence at a session: one on the screen that changes every half minute, one on paper for the day.

Nothing is stored: both follow from the server's key, the plan, and the time.
"""

import hashlib
import hmac
from datetime import datetime

from django.utils.crypto import constant_time_compare

from campaign.models import PlannedSession, SignIn
from portal.ciphers import derive

SECONDS = 30
# So many slots before and after the present one are accepted: a slow phone, two servers whose clocks differ.
TOLERANCE = 1
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
PAPER_LENGTH = 6


def digest(text: str) -> bytes:
    return hmac.digest(derive("study-sign-in"), text.encode(), hashlib.sha256)


def slot_of(moment: datetime) -> int:
    """The number of the half minute."""
    return int(moment.timestamp()) // SECONDS


def screen_code(plan: int, slot: int) -> str:
    return digest(f"screen:{plan}:{slot}").hex()[:20]


def paper_code(plan: PlannedSession) -> str:
    """Six capital letters and digits that cannot be mistaken for one another; another one for each plan and day."""
    return "".join(LETTERS[byte % len(LETTERS)] for byte in digest(f"paper:{plan.pk}:{plan.day}")[:PAPER_LENGTH])


def is_screen_code(plan: int, code: str, moment: datetime) -> bool:
    now = slot_of(moment)
    slots = range(now - TOLERANCE, now + TOLERANCE + 1)
    return any(constant_time_compare(screen_code(plan, slot), code) for slot in slots)


def way_of(plan: PlannedSession, code: str, moment: datetime) -> str:
    """By which way a code that was scanned or typed proves presence now; empty: it does not."""
    if is_screen_code(plan.pk, code.lower(), moment):
        return SignIn.Way.SCREEN
    on_paper = constant_time_compare(paper_code(plan), code.upper())
    return SignIn.Way.PAPER if on_paper else ""


def way_scanned(pk: int, code: str, moment: datetime) -> str:
    """The same of a code that was scanned for the plan of this number, by anybody; the database is asked only for paper."""
    if is_screen_code(pk, code, moment):
        return SignIn.Way.SCREEN
    plan = PlannedSession.objects.filter(pk=pk).first() if len(code) == PAPER_LENGTH else None
    return way_of(plan, code, moment) if plan else ""
