"""The way of a task: who may do what, one move at a time, figures at once."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from campaign.models import Campaign, Enrolment
from campaign.progress.writing import Figures, figures_of
from members.models import Appointment, Member, Organization, User
from members.permissions import Role
from members.registry import roll_changed
from portal.models import AuditEntry
from rectification.actions import task as actions
from rectification.models import Task, TaskMoved
from tests import factories as make
from tests.rectification.conftest import Place

State = Task.State


def users(place: Place) -> dict[str, User]:
    return {name: user for name, user in vars(place).items() if isinstance(user, User)}


def who_sees(place: Place, task: Task) -> set[str]:
    return {name for name, user in users(place).items() if Task.objects.visible_to(user).filter(pk=task.pk).exists()}


def figures(place: Place, indicator: str, at: Organization | None = None) -> Figures:
    node = Organization.objects.get(pk=(at or place.root).pk)
    return figures_of(place.campaign, node)[place.campaign.requirements.get(indicator_code=indicator).pk]


def test_a_branch_entry_goes_its_way_and_the_root_sees_it_at_once(place: Place) -> None:
    assert figures(place, "ledger-opened") == Figures(0, 0, 2)
    task = place.task()
    assert figures(place, "ledger-opened") == Figures(1, 0, 2)
    assert figures(place, "ledger-closed") == Figures(0, 0, 2)
    place.go(task, ("start", place.worker), ("report", place.worker))
    assert figures(place, "ledger-closed") == Figures(0, 0, 2)
    place.go(task, ("confirm", place.secretary))
    task.refresh_from_db()
    assert task.state == State.CONFIRMED
    assert task.closed_at is not None
    assert figures(place, "ledger-closed") == Figures(1, 0, 2)


def test_sent_back_is_done_again(place: Place) -> None:
    task = place.go(place.task(), ("start", place.worker), ("report", place.worker), ("send-back", place.secretary))
    assert task.state == State.REDO
    assert not task.can_report(place.worker)
    task = place.go(task, ("start", place.worker), ("report", place.worker), ("confirm", place.office))
    assert task.state == State.CONFIRMED
    states = list(task.notes.exclude(state="").values_list("state", flat=True))
    assert states == ["planned", "running", "reported", "redo", "running", "reported", "confirmed"]


def test_nobody_confirms_their_own_work(place: Place) -> None:
    task = place.go(place.task(responsible=place.secretary), ("start", place.secretary), ("report", place.secretary))
    for code in ("confirm", "send-back"):
        with pytest.raises(TaskMoved):
            place.go(task, (code, place.secretary))
    assert place.go(task, ("confirm", place.office)).state == State.CONFIRMED


def test_who_may_start_report_confirm_and_explain(place: Place) -> None:
    task = place.task()
    starters = {name for name, user in users(place).items() if task.can_start(user)}
    assert starters == {"worker", "secretary", "committee"}
    task = place.go(task, ("start", place.committee))
    explainers = {name for name, user in users(place).items() if task.can_explain(user)}
    assert explainers == {"secretary", "committee"}
    task = place.go(task, ("report", place.committee))
    judges = {name for name, user in users(place).items() if task.can_confirm(user)}
    assert judges == {"secretary", "office"}


def test_an_explanation_closes_only_when_somebody_else_accepts_it(place: Place) -> None:
    task = place.go(place.task(), ("explain", place.secretary))
    assert task.is_open
    assert task.awaits_explanation
    assert figures(place, "ledger-closed") == Figures(0, 0, 2)
    with pytest.raises(TaskMoved):
        place.go(task, ("accept-explanation", place.secretary))
    task = place.go(task, ("accept-explanation", place.office))
    assert task.state == State.EXPLAINED
    assert task.explanation == "已经落实"
    assert figures(place, "ledger-closed") == Figures(1, 0, 2)
    task = place.go(task, ("resume", place.worker))
    assert (task.state, task.explanation, task.closed_at) == (State.RUNNING, "", None)
    assert figures(place, "ledger-closed") == Figures(0, 0, 2)


def test_an_explanation_can_be_declined_and_a_report_replaces_it(place: Place) -> None:
    task = place.go(
        place.task(), ("start", place.worker), ("explain", place.committee), ("decline-explanation", place.secretary)
    )
    assert (task.state, task.explanation) == (State.RUNNING, "")
    task = place.go(task, ("explain", place.secretary), ("withdraw-explanation", place.secretary))
    assert (task.state, task.explanation) == (State.RUNNING, "")
    task = place.go(task, ("explain", place.committee), ("report", place.worker))
    assert (task.state, task.explanation) == (State.REPORTED, "")


def test_of_two_decisions_at_the_same_time_one_counts(place: Place) -> None:
    task = place.go(place.task(), ("start", place.worker), ("report", place.worker))
    one, other = (Task.objects.with_people().get(pk=task.pk) for _ in range(2))
    one.confirm()
    with pytest.raises(TaskMoved):
        other.send_back()
    task.refresh_from_db()
    assert task.state == State.CONFIRMED


@pytest.mark.parametrize("method", ["start", "report", "confirm", "send_back", "accept_explanation", "resume"])
def test_a_move_from_the_wrong_state_changes_nothing(place: Place, method: str) -> None:
    fitting = {
        "start": "planned",
        "report": "running",
        "confirm": "reported",
        "send_back": "reported",
        "resume": "explained",
    }
    for state in State.values:
        if (
            fitting.get(method) == state
            or (method == "start" and state == State.REDO)
            or method == "accept_explanation"
        ):
            continue
        task = place.task(state=state, explanation="条件不具备" if state == State.EXPLAINED else "")
        with pytest.raises(TaskMoved):
            getattr(task, method)()
        assert Task.objects.get(pk=task.pk).state == state


def test_a_member_plans_and_finishes_their_own(place: Place) -> None:
    assert figures(place, "measures-planned") == Figures(0, 0, 5)
    task = place.own_task()
    assert (task.responsible, task.source) == (place.of(place.worker), Task.Source.ANALYSIS)
    assert figures(place, "measures-planned") == Figures(1, 0, 5)
    place.go(task, ("start", place.worker), ("report", place.worker), ("confirm", place.secretary))
    assert figures(place, "measures-done") == Figures(1, 0, 5)


def test_a_private_task_is_seen_by_its_owner_and_the_branch_reviewer_only(place: Place) -> None:
    task = place.own_task()
    assert who_sees(place, task) == {"worker", "secretary"}


def test_a_secretarys_own_is_seen_and_confirmed_by_those_above(place: Place) -> None:
    task = place.go(place.own_task(place.secretary), ("start", place.secretary), ("report", place.secretary))
    assert who_sees(place, task) == {"secretary", "office"}
    assert not Task.objects.to_be_judged_by(place.secretary).exists()
    assert Task.objects.to_be_judged_by(place.office).get() == task
    assert place.go(task, ("confirm", place.office)).state == State.CONFIRMED


def test_a_reviewer_above_sees_private_tasks_only_where_nobody_reviews_below(place: Place) -> None:
    task = place.own_task()
    above = make.hat(Role.SECRETARY, Organization.objects.get(pk=place.root.pk))
    assert not Task.objects.visible_to(above).filter(pk=task.pk).exists()
    Appointment.objects.filter(user=place.secretary).delete()
    assert Task.objects.visible_to(User.objects.get(pk=above.pk)).filter(pk=task.pk).exists()


def test_a_private_problem_is_never_named_in_the_audit_trail(place: Place) -> None:
    task = place.own_task(problem="说给支部书记一个人的话")
    place.go(task, ("start", place.worker))
    assert AuditEntry.objects.filter(target_kind="task", target_id=task.pk).count() == 2
    assert not AuditEntry.objects.filter(target_label__contains="一个人的话").exists()


def test_a_persons_own_task_follows_them_to_another_branch(place: Place) -> None:
    task = place.own_task()
    away = Organization.objects.get(name="第二党支部")
    Member.objects.filter(pk=place.worker.member_id).update(branch=away)
    with transaction.atomic():
        roll_changed([place.home.pk, away.pk])
    assert figures(place, "measures-planned", away) == Figures(1, 0, 2)
    task = Task.objects.with_people().get(pk=task.pk)
    assert task.scope == away
    assert not Task.objects.visible_to(place.secretary).filter(pk=task.pk).exists()
    place.go(task, ("start", place.worker), ("report", place.worker), ("confirm", place.outsider))
    assert figures(place, "measures-done", away) == Figures(1, 0, 2)


def test_a_second_submission_gives_the_first_entry(place: Place) -> None:
    submission = uuid4()
    assert place.task(submission=submission) == place.task(submission=submission)
    assert Task.objects.count() == 1
    away = Enrolment.objects.exclude(pk=place.enrolment.pk).get()
    foreign, new = actions.add(
        enrolment=away,
        by=place.outsider,
        submission=submission,
        problem="另一件",
        measure="另一条",
        due_on=place.soon,
        responsible=away.participations.first(),
    )
    assert new
    assert foreign.enrolment == away


def test_editing_tells_what_was_changed(place: Place) -> None:
    task = place.task()
    actions.edit(
        task=task,
        by=place.secretary,
        measure="增设午间窗口",
        responsible=place.of(place.colleague),
        problem=task.problem,
    )
    note = task.notes.last()
    assert "整改措施：午间轮流值班 → 增设午间窗口" in note.text
    assert "责任人：王芳 → 李强" in note.text
    assert "问题" not in note.text
    actions.edit(task=task, by=place.secretary, measure="增设午间窗口")
    assert task.notes.count() == 2


def test_what_is_being_checked_or_closed_is_not_edited(place: Place) -> None:
    task = place.go(place.task(), ("start", place.worker), ("report", place.worker))
    with pytest.raises(TaskMoved):
        actions.edit(task=task, by=place.secretary, measure="改一改")
    task = place.go(task, ("confirm", place.secretary))
    with pytest.raises(TaskMoved):
        actions.edit(task=task, by=place.secretary, measure="改一改")


def test_a_closed_campaigns_ledger_stays_as_it_is(place: Place) -> None:
    task = place.task()
    Campaign.objects.update(state=Campaign.State.CLOSED)
    with pytest.raises(TaskMoved):
        place.go(task, ("start", place.worker))
    assert not Task.objects.to_be_judged_by(place.secretary).exists()


def test_the_database_keeps_the_rules_too(place: Place) -> None:
    task = place.own_task()
    for wrong in ({"state": "lost"}, {"responsible": place.of(place.colleague)}, {"state": "explained"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Task.objects.filter(pk=task.pk).update(**wrong)
