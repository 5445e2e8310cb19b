"""What is sent again (the page before opened again, two windows, a second press) is recorded once, whatever it is."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from campaign.models import StudySession
from evaluation.models import Meeting, OpinionRound, Talk
from members.models import Liaison, Mobility, SearchAttempt, User
from portal.models import AuditEntry
from portal.sending import AGAIN, SENT_BEFORE
from rectification.actions import task as tasks
from rectification.models import Task, TaskNote
from tests import factories as make
from tests.clients import signed_in
from tests.evaluation.places import Place, build

TODAY = timezone.localdate


@dataclass
class Sending:
    """A form of this page that somebody sends: what it says, what is said otherwise, and what comes of it.

    ``moment``: the field that says when a record was made; empty where the same facts are the same record at any time.
    """

    page: str
    pk: int
    by: User
    says: dict[str, Any]
    otherwise: dict[str, Any]
    makes: type[Model]
    moment: str = "created_at"
    only: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return reverse(self.page, args=[self.pk])

    @property
    def made(self) -> Any:
        return self.makes._default_manager.filter(**self.only)

    def send(self, ready: Callable[[], object] = bool, **change: Any) -> Any:
        """Open the page anew, fill it in, send it when ``ready``. The answer is a redirection; returns the page that it
        leads to."""
        client: Any = signed_in(User.objects.get(pk=self.by.pk))
        mark = {}
        if self.page != "task-move":
            shown = client.get(self.url).context["form"]
            mark = {"submission": str(shown["submission"].value())} if "submission" in shown.fields else {}
        ready()
        answer = client.post(self.url, mark | self.says | change)
        assert answer.status_code == 302, answer.context["form"].errors
        return client.get(answer.url)

    def grow_old(self) -> None:
        self.made.update(**{self.moment: timezone.now() - AGAIN - timedelta(seconds=1)})


def study(place: Place) -> Sending:
    people = {f"state-{place.own(user).pk}": "present" for user in (place.author, place.colleague)}
    says = {"topic": "学习党章", "form": "collective", "held_on": TODAY(), "held_from": "00:00", "minutes_long": 60}
    return Sending(
        "study-session-create",
        place.enrolment.pk,
        place.secretary,
        says | people,
        {"topic": "再学党章"},
        StudySession,
        "",
    )


def task(place: Place) -> Sending:
    says = {
        "problem": "办事大厅指引不清", "category": "service", "source": "opinion", "measure": "重做指引牌", "kind": "dated",
        "responsible": place.own(place.author).pk, "due_on": TODAY() + timedelta(days=3),
    }  # fmt: skip
    return Sending("task-create", place.enrolment.pk, place.secretary, says, {"measure": "每层设专人"}, Task)


def own_task(place: Place) -> Sending:
    says = {
        "problem": "读书不够", "category": "belief", "measure": "每晚一小时", "kind": "lasting",
        "due_on": TODAY() + timedelta(days=3),
    }  # fmt: skip
    return Sending("my-task-create", place.own(place.author).pk, place.author, says, {"problem": "写得不够"}, Task)


def remark(place: Place) -> Sending:
    entry, _ = tasks.add(
        enrolment=place.enrolment, by=place.secretary, problem="指引不清", measure="重做指引牌",
        responsible=place.own(place.author), due_on=TODAY(),
    )  # fmt: skip
    says = {"move": "remark", "text": "样稿已经送审"}
    only = {"task": entry, "state": ""}
    return Sending("task-move", entry.pk, place.secretary, says, {"text": "样稿已经通过"}, TaskNote, "at", only)


def opinions(place: Place) -> Sending:
    says = {"channel": "forum", "held_on": "2005-09-01", "asked": 20, "received": 6}
    return Sending(
        "opinion-round-create", place.enrolment.pk, place.secretary, says, {"held_on": "2005-09-02"}, OpinionRound
    )


def talk(place: Place) -> Sending:
    one, other, third = (place.own(user).pk for user in (place.secretary, place.author, place.colleague))
    says = {"held_on": "2005-09-10", "one": one, "others": [other]}
    return Sending("talk-create", place.enrolment.pk, place.secretary, says, {"others": [third]}, Talk)


def meeting(place: Place) -> Sending:
    says = {
        "kind": "organization-life", "held_on": "2005-09-20", "chair": "书记", "expected": 4, "present": 4,
        "outcome": "气氛严肃坦诚",
    }  # fmt: skip
    return Sending("meeting-create", place.enrolment.pk, place.secretary, says, {"outcome": "另一次"}, Meeting)


def search(place: Place) -> Sending:
    away = Mobility.objects.create(member=make.member(place.home, "钱失联"), kind="lost", since="2004-03-01")
    says = {"made_on": "2005-05-01", "how": "visit", "outcome": "邻居说去了南方"}
    return Sending("search-attempt-list", away.pk, place.secretary, says, {"outcome": "邻居说还在本地"}, SearchAttempt)


def liaison(place: Place) -> Sending:
    says = {"kind": "instructor", "name": "周晓岚", "since": "2005-03-01"}
    return Sending("liaison-create", place.home.pk, place.secretary, says, {"kind": "contact"}, Liaison, "")


KINDS = [study, task, own_task, remark, opinions, talk, meeting, search, liaison]
WITH_A_MOMENT = [kind for kind in KINDS if kind not in (study, liaison)]
FROM_A_FORM = [kind for kind in WITH_A_MOMENT if kind != remark]
Kind = Callable[[Place], Sending]


@pytest.fixture
def place(db: Any) -> Place:
    """A branch whose campaign runs today."""
    made = build()
    for dated in (made.campaign, made.enrolment):
        dated.ends_on = TODAY() + timedelta(days=30)
        dated.save()
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_sent_again_is_recorded_once_and_the_sender_is_told(place: Place, kind: Kind) -> None:
    sending = kind(place)
    assert SENT_BEFORE not in sending.send().text
    acts = AuditEntry.objects.count()
    assert SENT_BEFORE in sending.send().text
    assert sending.made.count() == 1
    assert AuditEntry.objects.count() == acts


@pytest.mark.parametrize("kind", KINDS)
def test_something_else_is_a_record_of_its_own(place: Place, kind: Kind) -> None:
    sending = kind(place)
    sending.send()
    assert SENT_BEFORE not in sending.send(**sending.otherwise).text
    assert sending.made.count() == 2


@pytest.mark.parametrize("kind", FROM_A_FORM)
def test_a_page_that_was_changed_and_sent_again_loses_nothing(place: Place, kind: Kind) -> None:
    """Some browsers go back to the very page, with its old mark."""
    sending, mark = kind(place), {"submission": str(uuid4())}
    sending.send(**mark)
    assert SENT_BEFORE not in sending.send(**mark | sending.otherwise).text
    assert sending.made.count() == 2


@pytest.mark.parametrize("kind", WITH_A_MOMENT)
def test_after_a_while_it_may_well_have_happened_twice(place: Place, kind: Kind) -> None:
    sending = kind(place)
    sending.send()
    sending.grow_old()
    assert SENT_BEFORE not in sending.send().text
    assert sending.made.count() == 2


@pytest.mark.parametrize("kind", FROM_A_FORM)
def test_one_page_is_one_record_however_late_it_arrives_again(place: Place, kind: Kind) -> None:
    sending, mark = kind(place), {"submission": str(uuid4())}
    sending.send(**mark)
    sending.grow_old()
    assert SENT_BEFORE in sending.send(**mark).text
    assert sending.made.count() == 1


@pytest.mark.parametrize("kind", FROM_A_FORM)
@pytest.mark.parametrize("mark", ["", "没有"])
def test_without_a_mark_the_content_decides(place: Place, kind: Kind, mark: str) -> None:
    sending = kind(place)
    sending.send(submission=mark)
    assert SENT_BEFORE in sending.send(submission=mark).text
    assert sending.made.count() == 1


@pytest.mark.parametrize("kind", [task, opinions, talk, meeting, search])
def test_another_person_says_it_for_themselves(place: Place, kind: Kind) -> None:
    sending = kind(place)
    sending.send()
    sending.by = make.secretary(place.home)
    assert SENT_BEFORE not in sending.send().text
    assert sending.made.count() == 2


@pytest.mark.parametrize("kind", [opinions, talk, meeting])
def test_what_was_taken_back_can_be_recorded_again(place: Place, kind: Kind) -> None:
    sending = kind(place)
    sending.send()
    sending.made.all().delete()
    assert SENT_BEFORE not in sending.send().text
    assert sending.made.count() == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.django_db(transaction=True)
def test_at_the_same_moment_too(place: Place, kind: Kind) -> None:
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("threads share no database in memory")
    sending, everybody = kind(place), Barrier(3, timeout=20)

    def send(_: int) -> bool:
        try:
            return SENT_BEFORE in sending.send(everybody.wait).text
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as threads:
        assert sorted(threads.map(send, range(3))) == [False, True, True]
    assert sending.made.count() == 1


def test_of_several_talks_only_the_new_ones_are_recorded(place: Place) -> None:
    sending = talk(place)
    sending.send()
    both = [place.own(place.author).pk, place.own(place.colleague).pk]
    assert "已登记1次谈心。另有1次刚才已经保存过，没有重复登记。" in sending.send(others=both).text
    assert Talk.objects.count() == 2


def test_an_entry_that_has_begun_is_still_the_same(place: Place) -> None:
    sending = task(place)
    sending.send()
    tasks.move(task=Task.objects.get(), code="start", text="", by=place.secretary)
    assert SENT_BEFORE in sending.send().text
    assert Task.objects.count() == 1


def test_a_session_with_other_people_is_not_taken_for_the_same(place: Place) -> None:
    """Neither a second record nor a correction that is silently lost."""
    sending = study(place)
    sending.send()
    absent = sending.says | {f"state-{place.own(place.author).pk}": "absent"}
    page = signed_in(place.secretary).post(sending.url, absent)
    assert "已经记录过，没有重复保存" in page.text
    assert StudySession.objects.count() == 1


def test_back_and_save_again_in_a_browser(place: Place, browse: Callable[..., Page]) -> None:
    sending, page = meeting(place), browse(place.secretary)
    page.goto(sending.url)
    for name in ("held_on", "chair", "expected", "present"):
        page.fill(f"[name={name}]", str(sending.says[name]))
    page.click("text=保存")
    page.wait_for_url("**" + reverse("evaluation-records", args=[place.enrolment.pk]))
    page.go_back()
    for name in ("held_on", "chair", "expected", "present"):
        page.fill(f"[name={name}]", str(sending.says[name]))
    page.click("text=保存")
    page.wait_for_selector(f"text={SENT_BEFORE}")
    assert Meeting.objects.count() == 1
