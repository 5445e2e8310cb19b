"""Collecting notices from the rules, and sending one digest per person and day."""

import logging
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import islice

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils import timezone

from portal.models import Digest, Notice
from portal.notices import Draft, notice_sources

logger = logging.getLogger(__name__)
CHUNK = 500
LEASE = timedelta(minutes=10)
MAX_ATTEMPTS = 5


def notify(drafts: Iterable[Draft]) -> None:
    """Write those drafts whose key is new. Runs in the caller's transaction, if there is one."""
    remaining = iter(drafts)
    while chunk := list(islice(remaining, CHUNK)):
        Notice.objects.bulk_create(
            [
                Notice(recipient_id=d.recipient_id, key=d.key, kind=d.kind, text=d.text[:500], url=d.url)
                for d in chunk
            ],
            ignore_conflicts=True,
        )


def collect(today: date | None = None) -> None:
    """Ask every rule what is due. Running it twice, or on two schedulers, writes each notice once."""
    for source in notice_sources:
        notify(source(today or timezone.localdate()))


def mark_read(*, notices: Iterable[Notice]) -> None:
    Notice.objects.filter(pk__in=[n.pk for n in notices], read_at=None).update(read_at=timezone.now())


def send_digests(now: object = None) -> int:
    """From ``DIGEST_HOUR`` on, put what is new to each person into the day's digest and send it; returns how many went out."""
    moment = timezone.localtime()
    if moment.hour >= settings.DIGEST_HOUR:
        fill_outbox(moment.date())
    sent = 0
    due = Digest.objects.filter(
        Q(state=Digest.State.WAITING) | Q(state=Digest.State.SENDING, lease_until__lt=timezone.now()),
        attempts__lt=MAX_ATTEMPTS,
    )
    for pk in due.values_list("pk", flat=True)[:1000]:
        sent += deliver(pk)
    return sent


def fill_outbox(day: date) -> None:
    """One row per person who has undelivered notices and an address; a person who has today's already gets the rest tomorrow."""
    waiting = Notice.objects.filter(digest=None).exclude(recipient__email="").filter(recipient__is_active=True)
    people = waiting.exclude(recipient__digests__day=day).values_list("recipient_id", flat=True).distinct()
    for recipient_id in list(people.order_by("recipient_id")):
        try:
            with transaction.atomic():
                digest = Digest.objects.create(recipient_id=recipient_id, day=day)
                Notice.objects.filter(digest=None, recipient_id=recipient_id).update(digest=digest)
        except IntegrityError:
            continue  # another scheduler was here first


def deliver(pk: int) -> bool:
    """Send one digest, if the lease can be taken. The Message-ID is the digest's own, so that mailboxes drop a repeat."""
    claimed = Digest.objects.filter(pk=pk).filter(
        Q(state=Digest.State.WAITING) | Q(state=Digest.State.SENDING, lease_until__lt=timezone.now())
    )
    if not claimed.update(state=Digest.State.SENDING, lease_until=timezone.now() + LEASE, attempts=F("attempts") + 1):
        return False
    digest = Digest.objects.select_related("recipient").get(pk=pk)
    notices = list(digest.notices.order_by("created_at", "pk"))
    mail = EmailMessage(
        subject=f"【{settings.PORTAL_NAME}】{digest.day:%Y年%-m月%-d日}提醒（{len(notices)}条）",
        body=render_to_string("portal/digest.txt", {"digest": digest, "notices": notices, "site": settings.SITE_URL}),
        to=[digest.recipient.email],
        headers={"Message-ID": f"<digest-{digest.pk}@{settings.DEFAULT_FROM_EMAIL.split('@')[-1]}>"},
    )
    try:
        mail.send()
    except OSError as error:
        logger.warning("digest %s not sent: %s", pk, error)
        state = Digest.State.FAILED if digest.attempts >= MAX_ATTEMPTS else Digest.State.WAITING
        Digest.objects.filter(pk=pk).update(state=state, error=str(error)[:300])
        return False
    Digest.objects.filter(pk=pk).update(state=Digest.State.SENT, sent_at=timezone.now(), error="")
    return True
