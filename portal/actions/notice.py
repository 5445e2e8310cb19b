"""Collecting notices from the rules, and putting at most one digest per person and day on its road."""

import logging
from collections.abc import Iterable
from datetime import date, datetime, time
from itertools import islice
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from portal.actions.log import audit
from portal.models import Digest, MailRefusal, Notice
from portal.notices import Draft, notice_sources
from portal.outbox import CHUNK, Round, deliver, waiting
from portal.roads import Road, by_precedence
from portal.working_days import add_working_days, is_working_day, is_working_time

logger = logging.getLogger(__name__)
# What nobody could be told in so many working days is no news any more; it stays in the portal.
NEWS_DAYS = 5


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
    """Ask every rule what is due, on working days. Running it twice, or on two schedulers, writes each notice once; a run
    that was missed is made up for by the next. A rule that fails keeps no other from being asked."""
    day = today or timezone.localdate()
    if not is_working_day(day):
        return
    for source in notice_sources:
        try:
            notify(source(day))
        except Exception:
            logger.exception("notice source %s failed", getattr(source, "__name__", source))


def mark_read(*, notices: Iterable[Notice]) -> None:
    Notice.objects.filter(pk__in=[n.pk for n in notices], read_at=None).update(read_at=timezone.now())


def mark_all_read(*, by: Any) -> None:
    """Everything that ``by`` has been told until now is read."""
    Notice.objects.filter(recipient=by.pk, read_at=None).update(read_at=timezone.now())


def send_digests(*, now: datetime | None = None) -> int:
    """In working hours, put what is new to each person into the day's digest and send it; returns how many went.

    Another side that can't be reached costs no attempt: the next round, ten minutes later, tries again until the hours
    are over. What did not go out by then, or on a free day, goes into the next working day's digest.
    """
    moment = timezone.localtime(now)
    sweep(moment.date())
    if not is_working_time(moment):
        return 0
    fill_outbox(moment.date())
    clock = Round()
    return sum(send_along(road, moment, clock) for road in by_precedence())


def sweep(today: date) -> None:
    """Give up digests that will not be sent any more, and set their notices free for the next day's: of a former day;
    refused for good; and those whose sender died half way, as they may have arrived and a second one on the same day
    must not."""
    give_up(Digest.objects.interrupted(), Digest.State.UNCLEAR, "发送中断，可能已经送达；内容并入下一次提醒。")
    give_up(Digest.objects.overdue(today), Digest.State.FAILED, "当日未能发出，内容并入下一次提醒。")
    give_up(Digest.objects.spent())


def give_up(digests: QuerySet[Digest], state: str = "", why: str = "") -> None:
    pks = list(digests.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), CHUNK):
        with transaction.atomic():
            # Asked again under the lock: one that was claimed meanwhile is not given up.
            chunk = list(Digest.objects.filter(pk__in=pks[start : start + CHUNK]).order_by("pk").select_for_update())
            still = set(digests.filter(pk__in=[digest.pk for digest in chunk]).values_list("pk", flat=True))
            if state:
                Digest.objects.filter(pk__in=still).update(state=state, lease_until=None, error=why)
            Notice.objects.filter(digest__in=still).update(digest=None)


def fill_outbox(day: date) -> None:
    """One row per person who has unread news and can be reached; who has today's digest already gets the rest later."""
    since = timezone.make_aware(datetime.combine(add_working_days(day, -NEWS_DAYS), time.min))
    news = Notice.objects.filter(digest=None, read_at=None, created_at__gte=since, recipient__is_active=True)
    for road in by_precedence():
        people = news.filter(recipient__in=road.people()).exclude(recipient__digests__day=day)
        reached = list(people.order_by("recipient_id").values_list("recipient_id", flat=True).distinct())
        for start in range(0, len(reached), CHUNK):
            chunk = reached[start : start + CHUNK]
            # Another scheduler may have been here first with some of them: then one by one.
            if not put_out(chunk, day, since, road):
                for recipient_id in chunk:
                    put_out([recipient_id], day, since, road)


def put_out(recipients: list[int], day: date, since: datetime, road: Road) -> bool:
    """Digests of these people with all their news, in one transaction, or nothing if one of them has a digest already.
    Nobody can claim a digest before its notices are in it."""
    try:
        with transaction.atomic():
            Digest.objects.bulk_create([Digest(recipient_id=pk, day=day, road=road.code) for pk in recipients])
            made = Digest.objects.filter(recipient=OuterRef("recipient"), day=day).values("pk")[:1]
            Notice.objects.filter(digest=None, read_at=None, created_at__gte=since, recipient__in=recipients).update(
                digest=Subquery(made)
            )
    except IntegrityError:
        return False
    return True


def send_along(road: Road, moment: datetime, clock: Round) -> int:
    """Send what goes this way, until nothing is left or the time is up."""
    sent = 0
    try:
        for digest in waiting(Digest.objects.filter(road=road.code), moment):
            if clock.is_over:
                break
            road.open()
            sent += deliver(digest, moment, road.carry)
    except OSError as error:
        # Before anything was claimed: nothing is lost.
        logger.warning("%s not reached, digests wait: %s", road.code, error)
    finally:
        road.close()
    return sent


@transaction.atomic
def refuse_mail(*, user: Any) -> None:
    """No e-mail from now on, by the person's own word or by the link in a letter; what waits unsent is not sent."""
    _, new = MailRefusal.objects.get_or_create(user=user)
    if new:
        waiting_ones = Digest.objects.filter(recipient=user, road="mail", state=Digest.State.WAITING)
        waiting_ones.update(state=Digest.State.FAILED, error="本人已退订邮件。")
        audit(by=user, verb="退订邮件提醒", target=user)


@transaction.atomic
def accept_mail(*, user: Any, address: str) -> None:
    """E-mail to this address from now on."""
    refused = MailRefusal.objects.filter(user=user).delete()[0]
    if refused or user.email != address:
        get_user_model().objects.filter(pk=user.pk).update(email=address)
        audit(by=user, verb="设置邮件提醒", target=user)
