"""Two schedulers side by side on a real Redis: every reminder is written once and sent once."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.servers import Site, redis, wait_for
from tests.sinks import Mailbox, Receiver

pytestmark = pytest.mark.servers
ROUNDS = 6
PREPARE = """
from datetime import timedelta
from django.utils import timezone
from campaign.actions import visit as visits
from members.models import Channel, ChannelMessage, User
from portal.models import DayException
from tests.campaign.supervised import district
today = timezone.localdate()
for n in range(-7, 3):
    DayException.objects.create(day=today + timedelta(days=n), working=True)
here = district()
here.assign()
visits.plan(
    team=here.team, organizations=[here.home], people=[here.leader], on=today + timedelta(days=1), by=here.office,
    part="morning", way="visit", purpose="", announced=True,
)
made = Channel.objects.create(organization=here.root, name="群", kind="json", url={url!r}, secret="s" * 16, host="x")
ChannelMessage.objects.create(channel=made, day=today, lines=[{{"text": "3个支部停滞", "url": "/x/", "kind": ""}}])
for user in User.objects.all():
    User.objects.filter(pk=user.pk).update(email=f"{{user.username}}@example.org")
answer = [here.inspector.pk, here.secretary.pk]
"""
RUNG = re.compile(r"Sending due task (\S+)")
REMINDERS = "select key from portal_notice where recipient_id = {} and kind = '督导走访'"


@pytest.fixture
def site(mailbox: Mailbox, receiver: Receiver) -> Iterator[Site]:
    env = {"WORK_STARTS": "0", "WORK_ENDS": "24", "EMAIL_URL": mailbox.url, "WEBHOOK_PRIVATE_ADDRESSES": "1"}
    env |= {"WEBHOOK_CA_FILE": str(receiver.authority)}
    with ExitStack() as stack:
        made = stack.enter_context(Site(stack.enter_context(redis()), **env))
        made.migrate()
        yield made


def start_clock(site: Site, number: int) -> Path:
    """A scheduler of its own, as on another machine; where it says what it rang."""
    log = site.folder / f"clock-{number}.log"
    own = (
        "-s",
        str(site.folder / f"clock-{number}"),
        "-f",
        str(log),
        "--pidfile=",
        "--max-interval",
        "1",
        "-l",
        "INFO",
    )
    site.start("-m", "celery", "-A", "tests.campaign.hurried", "beat", *own)
    return log


def rung(log: Path) -> Counter[str]:
    """How often a scheduler rang for what."""
    return Counter(RUNG.findall(log.read_text())) if log.exists() else Counter()


def test_two_schedulers_send_each_reminder_once(site: Site, mailbox: Mailbox, receiver: Receiver) -> None:
    inspector, secretary = site.run(PREPARE.format(url=receiver.url()))
    clocks = [start_clock(site, number) for number in (1, 2)]
    site.start_worker("-c", "2")
    wait_for(lambda: mailbox.taken and receiver.taken, seconds=120)
    before = [rung(log) for log in clocks]
    bells = ("collect-notices", "send-digests", "send-groups")
    wait_for(
        lambda: all(
            rung(log)[bell] >= was[bell] + ROUNDS for log, was in zip(clocks, before, strict=True) for bell in bells
        ),
        seconds=120,
        pause=0.5,
    )
    done = site.output().count("succeeded in")
    wait_for(lambda: site.output().count("succeeded in") >= done + 2 * len(bells), seconds=120, pause=0.5)
    keys = site.column("select key from portal_notice")
    assert len(keys) == len(set(keys))
    assert [key.split(":")[0] for key in site.column(REMINDERS.format(inspector))] == ["visit-soon"]
    assert len(site.column(REMINDERS.format(secretary))) == 1, "the visit was announced once"
    letters = Counter(str(letter["To"]) for letter in mailbox.taken)
    assert set(letters.values()) == {1}
    assert len(letters) == len(site.column("select id from portal_digest")) >= 2
    assert set(site.column("select state from portal_digest")) == {"sent"}
    assert len(receiver.taken) == 1
    assert site.column("select state from members_channelmessage") == ["sent"]
