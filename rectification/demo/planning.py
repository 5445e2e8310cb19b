"""What is to come: sessions on the calendar, leave asked for and granted, people signing in today."""

from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone

from campaign.actions import sign_in, study_leave, study_plan
from campaign.models import Enrolment, Participation, PlannedSession, SignIn, StudySession
from campaign.study.plans import expected
from members.models import User
from portal.working_days import add_working_days
from rectification.demo.district import District

Form = StudySession.Form
BRANCHES, AFTERNOON = 12, time(14, 30)


def at(day_number: int, district: District, clock: time = AFTERNOON) -> datetime:
    """So many working days from today."""
    return timezone.make_aware(datetime.combine(add_working_days(district.today, day_number), clock))


def plan_ahead(district: District) -> None:
    """The first branches have put their next weeks on the calendar; in the first one more has happened already."""
    branches = Enrolment.objects.running().filter(organization__in=district.secretaries).in_tree_order()
    for number, enrolment in enumerate(branches.select_related("organization", "campaign")[:BRANCHES]):
        weekly = plan(district, enrolment, "每周集中学习：读原文、谈体会", at(1 + number % 4, district))
        days = [weekly.day + timedelta(weeks=n) for n in (1, 2)]
        study_plan.repeat(first=weekly, days=days, by=district.secretary(enrolment))
        if number % 3 == 0:
            plan(district, enrolment, "专题党课：牢记宗旨，服务群众", at(6, district, time(9)), form=Form.LECTURE)
        if number == 0:
            ask_leave(district, weekly)
            come_today(district, enrolment)
            put_off(district, enrolment)


def plan(district: District, enrolment: Enrolment, topic: str, starts_at: datetime, **more: Any) -> PlannedSession:
    secretary = district.secretary(enrolment)
    values = {"form": Form.COLLECTIVE, "place": "支部活动室", "chair": secretary.name} | more
    made, _ = study_plan.plan(
        enrolment=enrolment,
        materials=enrolment.campaign.materials.all()[:1],
        submission=None,
        topic=topic,
        starts_at=starts_at,
        by=secretary,
        **values,
    )
    return made


def ask_leave(district: District, planned: PlannedSession) -> None:
    """The demonstration's member waits for an answer; a member of the committee has leave."""
    secretary = district.secretary(planned.enrolment)
    people = {person.member_id: person for person in expected(planned)}
    for username, kind, reason, answer in [
        ("member", "sick-leave", "约好了下午去医院复查。", ""),
        ("committee", "official-leave", "参加区里的业务培训。", "请回来后补学并谈体会。"),
    ]:
        account = User.objects.filter(username=username, member__in=people).first()
        if account is None:
            continue
        leave = study_leave.ask(
            plan=planned, participation=people[account.member_id], kind=kind, reason=reason, by=account
        )
        if answer:
            study_leave.decide(leave=leave, grant=True, answer=answer, by=secretary)


def come_today(district: District, enrolment: Enrolment) -> None:
    """A session of today in whose room half of the people have signed in: one is late, one was signed in by a colleague,
    one device was used for two accounts."""
    secretary = district.secretary(enrolment)
    today = timezone.make_aware(datetime.combine(district.today, AFTERNOON))
    planned = plan(district, enrolment, "专题讨论：边学边改，群众看变化", today, form=Form.DISCUSSION)
    people = expected(planned)
    signed: list[Participation] = people[: max(4, len(people) // 2)]
    for number, person in enumerate(signed):
        own = User.objects.filter(member=person.member_id).first()
        sign_in.sign_in(
            plan=planned,
            participation=person,
            way=SignIn.Way.SCREEN,
            device="one-device" if number < 2 else f"device-{number}",
            by=own or secretary,
        )
        moment = planned.starts_at + timedelta(minutes=14 if number == 3 else number - 12)
        SignIn.objects.filter(plan=planned, participation=person).update(at=moment)


def put_off(district: District, enrolment: Enrolment) -> None:
    """One is cancelled, of which those who had been told are told."""
    secretary = district.secretary(enrolment)
    planned = plan(district, enrolment, "参观革命历史纪念馆", at(4, district, time(9)), form=Form.ACTIVITY)
    study_plan.tell(planned=planned, by=secretary)
    study_plan.cancel(planned=planned, why="纪念馆闭馆维修，另行安排。", by=secretary)
