"""Pages of the ledger: as the one whose they are, as a colleague without the right, as an outsider."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaign.models import Campaign
from members.models import User
from rectification.actions import task as actions
from rectification.ledger import PAGE
from rectification.models import Task
from tests import factories as make
from tests.rectification.conftest import Place

Browser = Callable[[User], Client]


@pytest.fixture
def as_user() -> Browser:
    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


def entry(place: Place, **fields: Any) -> dict[str, Any]:
    return {
        "problem": "办事大厅指引不清",
        "category": "service",
        "source": "opinion",
        "measure": "重做指引牌",
        "responsible": place.of(place.worker).pk,
        "kind": "dated",
        "due_on": place.soon.isoformat(),
        "submission": str(uuid4()),
    } | fields


def test_the_secretary_opens_an_entry_and_a_second_click_makes_no_second(place: Place, as_user: Browser) -> None:
    client, data = as_user(place.secretary), entry(place)
    address = reverse("task-create", args=[place.enrolment.pk])
    assert "王芳" in client.get(address).content.decode()
    first, second = client.post(address, data), client.post(address, data)
    task = Task.objects.get()
    assert first.url == second.url == reverse("task-detail", args=[task.pk])
    page = client.get(first.url).content.decode()
    assert "办事大厅指引不清" in page
    assert "未启动" in page


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("due_on", timezone.localdate() - timedelta(days=1), "完成时限不能早于今天"),
        ("due_on", timezone.localdate() + timedelta(days=61), "完成时限应在活动期间"),
        ("due_on", "", "请填写完成时限"),
        ("due_on", "2005-13-01", "请"),
        ("problem", "", "请填写问题"),
        ("problem", "长" * 301, "不超过300字"),
        ("measure", "长" * 3001, "不超过3000字"),
        ("responsible", "999999", "责任人应从本支部参加活动的党员中选择"),
        ("category", "unknown", "选择"),
    ],
)
def test_bad_input_names_the_field_and_keeps_what_was_typed(
    place: Place, as_user: Browser, field: str, value: Any, message: str
) -> None:
    address = reverse("task-create", args=[place.enrolment.pk])
    typed = entry(place, measure="逐条写清楚的措施") | {field: str(value)}
    page = as_user(place.secretary).post(address, typed).content.decode()
    assert message in page
    assert typed["measure"][:8] in page
    assert not Task.objects.exists()


def test_people_of_other_branches_and_past_participants_are_not_offered(place: Place, as_user: Browser) -> None:
    gone = place.of(place.colleague)
    gone.left_on = timezone.localdate()
    gone.save()
    page = as_user(place.secretary).get(reverse("task-create", args=[place.enrolment.pk])).content.decode()
    assert "李强" not in page
    answer = as_user(place.secretary).post(
        reverse("task-create", args=[place.enrolment.pk]), entry(place, responsible=gone.pk)
    )
    assert "责任人应从" in answer.content.decode()


def test_who_gets_to_which_page(place: Place, as_user: Browser) -> None:
    task = place.task()
    addresses = {
        "list": reverse("task-list", args=[place.home.pk]),
        "create": reverse("task-create", args=[place.enrolment.pk]),
        "detail": reverse("task-detail", args=[task.pk]),
        "edit": reverse("task-edit", args=[task.pk]),
    }
    expected = {
        "secretary": (200, 200, 200, 200),
        "committee": (200, 200, 200, 200),
        "inspector": (200, 403, 200, 403),
        "office": (200, 403, 200, 403),
        "worker": (403, 403, 200, 403),
        "colleague": (403, 403, 404, 404),
        "outsider": (404, 404, 404, 404),
    }
    for who, codes in expected.items():
        client = as_user(getattr(place, who))
        assert tuple(client.get(address).status_code for address in addresses.values()) == codes, who


def test_moves_by_page(place: Place, as_user: Browser) -> None:
    task = place.task()
    move = reverse("task-move", args=[task.pk])
    worker, secretary = as_user(place.worker), as_user(place.secretary)
    assert "开始整改" in worker.get(reverse("task-detail", args=[task.pk])).content.decode()
    assert worker.post(move, {"move": "start"}).status_code == 302
    page = worker.post(move, {"move": "report", "text": " "}).content.decode()
    assert "请在说明中写明做了哪些工作" in page
    assert worker.post(move, {"move": "report", "text": "已安排三人轮值"}).status_code == 302
    assert worker.post(move, {"move": "confirm"}).status_code == 403
    assert as_user(place.inspector).post(move, {"move": "confirm"}).status_code == 403
    assert as_user(place.colleague).post(move, {"move": "confirm"}).status_code == 404
    assert as_user(place.outsider).post(move, {"move": "confirm"}).status_code == 404
    assert secretary.get(move).status_code == 405
    assert secretary.post(move, {"move": "confirm"}).status_code == 302
    page = secretary.get(reverse("task-detail", args=[task.pk])).content.decode()
    assert "已销号" in page
    assert "已安排三人轮值" in page
    assert 'name="move"' not in page


def test_the_slower_of_two_is_told_and_keeps_the_text(place: Place, as_user: Browser) -> None:
    task = place.go(place.task(), ("start", place.worker), ("report", place.worker))
    client = as_user(place.secretary)
    place.go(task, ("confirm", place.office))
    page = client.post(
        reverse("task-move", args=[task.pk]), {"move": "send-back", "text": "还要再看看"}
    ).content.decode()
    assert "刚刚有了变动" in page
    assert Task.objects.get().state == Task.State.CONFIRMED


@pytest.mark.parametrize("code", ["", "destroy", "confirm\x00"])
def test_an_unknown_move_does_nothing(place: Place, as_user: Browser, code: str) -> None:
    task = place.task()
    assert as_user(place.secretary).post(reverse("task-move", args=[task.pk]), {"move": code}).status_code == 200
    assert Task.objects.get().state == Task.State.PLANNED


def test_the_secretary_changes_an_entry_and_the_page_tells(place: Place, as_user: Browser) -> None:
    task = place.task(due_on=timezone.localdate())
    Task.objects.update(due_on=timezone.localdate() - timedelta(days=3))
    client, address = as_user(place.secretary), reverse("task-edit", args=[task.pk])
    late = (timezone.localdate() - timedelta(days=3)).isoformat()
    assert client.post(address, entry(place, due_on=late, measure="换个办法")).status_code == 302
    page = client.get(reverse("task-detail", args=[task.pk])).content.decode()
    assert "午间轮流值班 → 换个办法" in page
    assert "已逾期" in page
    earlier = (timezone.localdate() - timedelta(days=5)).isoformat()
    assert "不能早于今天" in client.post(address, entry(place, due_on=earlier)).content.decode()


def test_the_ledger_filters(place: Place, as_user: Browser) -> None:
    place.task(problem="甲问题", category="style", kind="immediate")
    place.task(problem="乙问题", responsible=place.colleague)
    place.go(
        place.task(problem="丙问题"), ("start", place.worker), ("report", place.worker), ("confirm", place.secretary)
    )
    late = place.task(problem="丁问题")
    Task.objects.filter(pk=late.pk).update(due_on=timezone.localdate() - timedelta(days=1))
    client, address = as_user(place.office), reverse("task-list", args=[place.root.pk])

    def shown(**query: str) -> set[str]:
        page = client.get(address, query).content.decode()
        return {name for name in "甲乙丙丁" if f"{name}问题" in page}

    assert shown() == set("甲乙丙丁")
    assert shown(state="open") == set("甲乙丁")
    assert shown(state="confirmed") == set("丙")
    assert shown(category="style") == set("甲")
    assert shown(kind="immediate") == set("甲")
    assert shown(responsible="李") == set("乙")
    assert shown(overdue="1") == set("丁")
    assert shown(state="nonsense", after="x_y", before="2005-99-99_1", kind="\x00") == set("甲乙丙丁")


def test_pages_by_key_show_everything_once(place: Place, as_user: Browser) -> None:
    carrier = place.of(place.worker)
    Task.objects.bulk_create(
        Task(
            enrolment=place.enrolment,
            responsible=carrier,
            by=place.secretary,
            problem=f"第{n:03}件",
            measure="做",
            due_on=place.soon + timedelta(days=n // 60),
        )
        for n in range(PAGE * 2 + 3)
    )
    client, address, seen = as_user(place.secretary), reverse("task-list", args=[place.home.pk]), []
    query, pages = "?state=open", []
    while query:
        page = client.get(address + query).context["page"]
        pages.append(page)
        seen += [task.problem for task in page.rows]
        query = page.next_url
    assert seen == sorted(seen)
    assert len(seen) == PAGE * 2 + 3
    assert "state=open" in pages[0].next_url
    back = client.get(address + pages[2].previous_url).context["page"]
    assert back.rows == pages[1].rows
    first = client.get(address + back.previous_url).context["page"]
    assert (first.rows, first.previous_url) == (pages[0].rows, "")


def test_the_number_of_queries_does_not_grow(place: Place, as_user: Browser) -> None:
    client = as_user(place.office)

    def queries(name: str, pk: int, who: Client = client) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert who.get(reverse(name, args=[pk])).status_code == 200
        return len(asked)

    place.task()
    place.own_task()
    worker = as_user(place.worker)
    queries("task-list", place.root.pk), queries("my-tasks", place.of(place.worker).pk, worker)
    before = queries("task-list", place.root.pk), queries("my-tasks", place.of(place.worker).pk, worker)
    for _ in range(12):
        place.task()
        place.own_task()
    assert (queries("task-list", place.root.pk), queries("my-tasks", place.of(place.worker).pk, worker)) <= before


def test_a_members_own_page(place: Place, as_user: Browser) -> None:
    own = place.of(place.worker)
    client, address = as_user(place.worker), reverse("my-task-create", args=[own.pk])
    page = client.get(address, {"problem": "读书不够"}).content.decode()
    assert "读书不够" in page
    assert "书记" in page
    data = {
        "problem": "读书不够",
        "category": "belief",
        "measure": "每晚一小时",
        "kind": "lasting",
        "due_on": place.soon.isoformat(),
    }
    data["submission"] = str(uuid4())
    for _ in range(2):
        assert client.post(address, data).url == reverse("my-tasks", args=[own.pk])
    task = Task.objects.get()
    assert (task.subject, task.responsible, task.source) == (own, own, "analysis")
    place.task(problem="由我值班")
    page = client.get(reverse("my-tasks", args=[own.pk])).content.decode()
    assert "读书不够" in page
    assert "由我值班" in page
    assert "下一步：开始整改" in page
    assert "早于今天" in client.post(address, data | {"due_on": "2005-07-01", "submission": ""}).content.decode()


def test_a_members_own_page_is_nobody_elses(place: Place, as_user: Browser) -> None:
    own = place.of(place.worker)
    task = place.own_task()
    for name in ("my-tasks", "my-task-create"):
        codes = {
            who: as_user(getattr(place, who)).get(reverse(name, args=[own.pk])).status_code
            for who in ("worker", "secretary", "committee", "office", "inspector", "colleague", "outsider")
        }
        assert codes == {
            "worker": 200,
            "secretary": 403,
            "committee": 403,
            "office": 403,
            "inspector": 403,
            "colleague": 404,
            "outsider": 404,
        }
    for who in ("committee", "office", "inspector", "colleague", "outsider"):
        client = as_user(getattr(place, who))
        assert client.get(reverse("task-detail", args=[task.pk])).status_code == 404
        assert client.post(reverse("task-move", args=[task.pk]), {"move": "start"}).status_code == 404
    for who in ("office", "inspector", "committee"):
        page = (
            as_user(getattr(place, who))
            .get(reverse("task-list", args=[place.home.pk]), {"whose": "personal"})
            .content.decode()
        )
        assert "理论学习抓得不紧" not in page
    client = as_user(place.secretary)
    assert "理论学习抓得不紧" not in client.get(reverse("task-list", args=[place.home.pk])).content.decode()
    assert (
        "理论学习抓得不紧"
        in client.get(reverse("task-list", args=[place.home.pk]), {"whose": "personal"}).content.decode()
    )
    assert client.get(reverse("task-edit", args=[task.pk])).status_code == 403


def test_for_a_member_without_an_account_the_secretary_writes(place: Place, as_user: Browser) -> None:
    old = make.participation(place.enrolment, "张老", tags=("frail",))
    client = as_user(place.secretary)
    page = client.get(reverse("task-list", args=[place.home.pk]), {"whose": "personal"}).content.decode()
    assert reverse("my-tasks", args=[old.pk]) in page
    data = {
        "problem": "走动少了",
        "category": "other",
        "measure": "每月来支部一次",
        "kind": "lasting",
        "due_on": place.soon.isoformat(),
    }
    assert client.post(reverse("my-task-create", args=[old.pk]), data).status_code == 302
    task = Task.objects.get(subject=old)
    assert client.get(reverse("task-edit", args=[task.pk])).status_code == 200
    assert as_user(place.committee).get(reverse("my-tasks", args=[old.pk])).status_code == 403


def test_when_the_campaign_is_closed_nothing_new_is_written(place: Place, as_user: Browser) -> None:
    task = place.task()
    Campaign.objects.update(state=Campaign.State.CLOSED)
    secretary, worker = as_user(place.secretary), as_user(place.worker)
    assert secretary.post(reverse("task-create", args=[place.enrolment.pk]), entry(place)).status_code == 302
    own = reverse("my-task-create", args=[place.of(place.worker).pk])
    assert worker.post(own, entry(place)).status_code == 302
    assert Task.objects.count() == 1
    assert 'name="move"' not in worker.get(reverse("task-detail", args=[task.pk])).content.decode()


def test_the_home_page_says_what_is_next(place: Place, as_user: Browser) -> None:
    task = place.task(problem="值班没人")
    place.own_task(problem="自己的一件")
    assert "值班没人" in as_user(place.worker).get("/").content.decode()
    assert "自己的一件" in as_user(place.worker).get("/").content.decode()
    assert "待核实整改事项" not in as_user(place.secretary).get("/").content.decode()
    place.go(task, ("start", place.worker), ("report", place.worker))
    assert "值班没人" not in as_user(place.worker).get("/").content.decode()
    for who in (place.secretary, place.office):
        assert "待核实整改事项 1 件" in as_user(who).get("/").content.decode()
    for who in (place.committee, place.inspector, place.colleague):
        assert "待核实整改事项" not in as_user(who).get("/").content.decode()


def test_the_menu_leads_to_ones_ledger_and_ones_own_page(place: Place, as_user: Browser) -> None:
    page = as_user(place.secretary).get("/").content.decode()
    assert reverse("task-list", args=[place.home.pk]) in page
    assert reverse("my-tasks", args=[place.of(place.secretary).pk]) in page
    page = as_user(place.worker).get("/").content.decode()
    assert "整改台账" not in page
    assert reverse("my-tasks", args=[place.of(place.worker).pk]) in page


def test_words_are_shown_as_words(place: Place, as_user: Browser) -> None:
    task = place.task(problem="<script>alert(1)</script>", measure="<b>粗</b>")
    actions.move(task=task, code="remark", text="<i>斜</i>", by=place.secretary)
    page = as_user(place.secretary).get(reverse("task-detail", args=[task.pk])).content.decode()
    assert "<script>alert" not in page
    assert "&lt;b&gt;" in page
    assert "&lt;i&gt;" in page
