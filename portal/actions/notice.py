"""Collecting notices from the rules, and sending at most one digest per person and day."""

import logging
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from time import monotonic
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage, get_connection
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from portal.models import Digest, Notice
from portal.notices import Draft, notice_sources

logger = logging.getLogger(__name__)
CHUNK = 500
# A round ends before the next one begins; a lease outlives the round in which it was taken.
ROUND_SECONDS = 540
LEASE = timedelta(minutes=20)
PAUSE = timedelta(minutes=10)
MAX_ATTEMPTS = 6
SMTP_SECONDS = 30
# What nobody could be told in a week is no news any more; it stays in the portal.
NEWS_DAYS = 7
LISTED = 50


def notify(drafts: Iterable[Draft]) -> None:
    """Write those drafts whose key is new and whose recipient has an account in use. Runs in the caller's transaction,
    if there is one."""
    remaining = iter(drafts)
    while chunk := list(islice(remaining, CHUNK)):
        known = set(Notice.objects.filter(key__in=[d.key for d in chunk]).values_list("key", flat=True))
        users = get_user_model().objects.filter(pk__in={d.recipient_id for d in chunk}, is_active=True)
        active = set(users.values_list("pk", flat=True))
        # In one order, so that two schedulers never wait for each other's keys crosswise.
        new = {d.key: d for d in sorted(chunk, key=lambda d: d.key) if d.key not in known and d.recipient_id in active}
        Notice.objects.bulk_create(
            [
                Notice(recipient_id=d.recipient_id, key=d.key, kind=d.kind, text=d.text[:500], url=d.url)
                for d in new.values()
            ],
            ignore_conflicts=True,
        )


def collect(today: date | None = None) -> None:
    """Ask every rule what is due. Running it twice, or on two schedulers, writes each notice once; a run that was
    missed is made up for by the next. A rule that fails keeps no other from being asked."""
    for source in notice_sources:
        try:
            notify(source(today or timezone.localdate()))
        except Exception:
            logger.exception("notice source %s failed", getattr(source, "__name__", source))


def mark_read(*, notices: Iterable[Notice]) -> None:
    Notice.objects.filter(pk__in=[n.pk for n in notices], read_at=None).update(read_at=timezone.now())


def mark_all_read(*, by: Any) -> None:
    """Everything that ``by`` has been told until now is read."""
    Notice.objects.filter(recipient=by.pk, read_at=None).update(read_at=timezone.now())


def send_digests(*, now: datetime | None = None) -> int:
    """From ``DIGEST_HOUR`` on, put what is new to each person into the day's digest and send it; returns how many went.

    A mail server that can't be reached costs no attempt: the next round, ten minutes later, tries again until midnight.
    What did not go out by then goes into the next day's digest.
    """
    moment = timezone.localtime(now)
    release(stale(moment))
    if moment.hour >= settings.DIGEST_HOUR:
        fill_outbox(moment.date())
    return empty_outbox(moment)


def stale(moment: datetime) -> QuerySet[Digest]:
    """Digests that will not be sent any more: of a former day; and those whose sender died half way, as they may have
    arrived — a second one on the same day must not."""
    interrupted = Q(state=Digest.State.SENDING, lease_until__lt=moment)
    unsent = Q(state__in=[Digest.State.WAITING, Digest.State.FAILED], day__lt=moment.date())
    return Digest.objects.filter(interrupted | (unsent & Q(Exists(Notice.objects.filter(digest=OuterRef("pk"))))))


def release(digests: QuerySet[Digest]) -> None:
    """Give up digests and set their notices free for the next day's."""
    pks = list(digests.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), CHUNK):
        with transaction.atomic():
            # Asked again under the lock: one that was claimed meanwhile is not given up.
            chunk = digests.filter(pk__in=pks[start : start + CHUNK]).order_by("pk").select_for_update()
            given_up = list(chunk.values_list("pk", flat=True))
            Digest.objects.filter(pk__in=given_up).update(
                state=Digest.State.FAILED, lease_until=None, error="当日未能确认送达，内容并入下一日的提醒。"
            )
            Notice.objects.filter(digest__in=given_up).update(digest=None)


def fill_outbox(day: date) -> None:
    """One row per person who has unread news and an address; who has today's digest already gets the rest tomorrow."""
    since = timezone.make_aware(datetime.combine(day - timedelta(days=NEWS_DAYS), datetime.min.time()))
    news = Notice.objects.filter(digest=None, read_at=None, created_at__gte=since)
    people = news.exclude(recipient__email="").filter(recipient__is_active=True).exclude(recipient__digests__day=day)
    waiting = list(people.order_by("recipient_id").values_list("recipient_id", flat=True).distinct())
    for start in range(0, len(waiting), CHUNK):
        chunk = waiting[start : start + CHUNK]
        # Another scheduler may have been here first with some of them: then one by one.
        if not put_out(chunk, day, since):
            for recipient_id in chunk:
                put_out([recipient_id], day, since)


def put_out(recipients: list[int], day: date, since: datetime) -> bool:
    """Digests of these people with all their news, in one transaction, or nothing if one of them has a digest already.
    Nobody can claim a digest before its notices are in it."""
    try:
        with transaction.atomic():
            Digest.objects.bulk_create([Digest(recipient_id=pk, day=day) for pk in recipients])
            made = Digest.objects.filter(recipient=OuterRef("recipient"), day=day).values("pk")[:1]
            Notice.objects.filter(digest=None, read_at=None, created_at__gte=since, recipient__in=recipients).update(
                digest=Subquery(made)
            )
    except IntegrityError:
        return False
    return True


def due(moment: datetime) -> QuerySet[Digest]:
    """The day's digests that can be sent now: new ones, and refused ones whose pause is over."""
    rested = Q(lease_until=None) | Q(lease_until__lte=moment)
    return Digest.objects.filter(rested, state=Digest.State.WAITING, day=moment.date(), attempts__lt=MAX_ATTEMPTS)


def empty_outbox(moment: datetime) -> int:
    """Send what is due over one connection, until nothing is left or the time of the round is up."""
    started, sent = monotonic(), 0
    connection = get_connection(timeout=SMTP_SECONDS)
    try:
        for pk in outbox(moment):
            if monotonic() - started > ROUND_SECONDS:
                break
            connection.open()
            sent += deliver(pk, moment, connection)
    except OSError as error:
        # Before anything was handed over: nothing is lost, nothing was claimed.
        logger.warning("mail server not reached, digests wait: %s", error)
    finally:
        connection.close()
    return sent


def outbox(moment: datetime) -> Iterator[int]:
    seen = 0
    while pks := list(due(moment).filter(pk__gt=seen).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        yield from pks
        seen = pks[-1]


def deliver(pk: int, moment: datetime, connection: Any) -> bool:
    """Send one digest, if it can be claimed: the claim is one conditional update, so of two schedulers one gets it."""
    claim = {"state": Digest.State.SENDING, "lease_until": moment + LEASE, "attempts": F("attempts") + 1}
    if due(moment).filter(pk=pk).update(**claim) != 1:
        return False
    digest = Digest.objects.select_related("recipient").get(pk=pk)
    held = Digest.objects.filter(pk=pk, state=Digest.State.SENDING, attempts=digest.attempts)
    try:
        connection.send_messages([mail_of(digest, connection)])
    except (SMTPResponseException, SMTPRecipientsRefused, ValueError) as refusal:
        # The server said no, or the address is none: it was not delivered.
        connection.close()
        put_off(digest, held, moment, refusal)
    except OSError as error:
        # The line broke after the mail was handed over: it may have arrived, so it is not sent again today.
        connection.close()
        logger.warning("digest %s: connection lost while sending: %s", pk, error)
        release(held)
    else:
        held.update(state=Digest.State.SENT, sent_at=timezone.now(), lease_until=None, error="")
        return True
    return False


def put_off(digest: Digest, held: QuerySet[Digest], moment: datetime, refusal: Exception) -> None:
    """Try again after a pause that doubles each time, or no more after ``MAX_ATTEMPTS``."""
    logger.warning("digest %s refused: %s", digest.pk, refusal)
    last = digest.attempts >= MAX_ATTEMPTS
    held.update(
        state=Digest.State.FAILED if last else Digest.State.WAITING,
        lease_until=None if last else moment + PAUSE * 2 ** (digest.attempts - 1),
        error=f"邮件未被接受：{refusal}"[:300],
    )


def mail_of(digest: Digest, connection: Any) -> EmailMessage:
    """The digest in plain Chinese text, grouped; the newest ``LISTED`` notices, and how many more the portal has."""
    notices = list(digest.notices.order_by("-created_at", "-pk")[:LISTED])
    number = digest.notices.count()
    groups: dict[str, list[Notice]] = {}
    for notice in notices[::-1]:
        groups.setdefault(notice.kind, []).append(notice)
    context = {
        "digest": digest,
        "groups": groups.items(),
        "number": number,
        "shown": len(notices),
        "more": number - len(notices),
        "site": settings.SITE_URL.rstrip("/"),
        "all_url": reverse("notice-list"),
        "portal_name": settings.PORTAL_NAME,
    }
    return EmailMessage(
        subject=f"【{settings.PORTAL_NAME}】{digest.day.month}月{digest.day.day}日提醒（{number}条）",
        body=render_to_string("portal/digest.txt", context),
        to=[digest.recipient.email],
        headers={"Message-ID": f"<digest-{digest.pk}@{settings.DEFAULT_FROM_EMAIL.split('@')[-1].rstrip('>')}>"},
        connection=connection,
    )
