"""The first phase: sessions, making up, and the move to the second."""

from datetime import datetime, time, timedelta

from django.utils import timezone

from campaign.actions import gate as gates
from campaign.actions import study
from campaign.models import Attendance, Enrolment, Gate, Participation, PhaseRun, StudySession
from members.models import MemberTag
from rectification.demo.district import District, moment
from rectification.demo.texts import CORE_GROUP, SESSIONS

State = Attendance.State
LEAVES = [State.SICK_LEAVE, State.OFFICIAL_LEAVE, State.PERSONAL_LEAVE]


def learn(district: District, enrolment: Enrolment, *, behind: bool) -> None:
    """Five sessions by the book (two where the branch is behind), attended with a few exceptions, most of them made up for."""
    secretary, people = district.secretary(enrolment), district.people(enrolment)
    begin = enrolment.runs.get(phase__number=1).starts_on
    leaders = [p for p in people if p.member.tags.filter(kind=MemberTag.Kind.LEADER).exists()]
    plans = SESSIONS[:2] if behind else [*SESSIONS, *([CORE_GROUP] if leaders else [])]
    materials = list(enrolment.campaign.materials.all())
    lecturers = leaders or people[:1]
    plans = [
        *plans,
        *(
            []
            if behind
            else [(SESSIONS[2][0], f"党课：{n}讲", 14 + i) for i, n in enumerate("二三四五六", 0)][
                : max(0, len(lecturers) - 1)
            ]
        ),
    ]
    lecturer = iter(lecturers)
    for form, topic, day in plans:
        held = datetime.combine(begin + timedelta(day), time(14, 30), timezone.get_current_timezone())
        session = StudySession(
            enrolment=enrolment,
            form=form,
            topic=topic,
            held_at=held,
            minutes_long=120,
            place="支部活动室",
            chair=secretary.name,
            recorder=people[1].member.name,
            lecturer=next(lecturer, None) if form == StudySession.Form.LECTURE else None,
            record="按计划学习讨论，联系本单位实际交流体会，明确下一步要求。",
        )
        states = {p.pk: presence(district, p) for p in people}
        study.record(session=session, materials=materials[:2], attendance=states, by=secretary)
    gaps = list(study.missed(enrolment))
    made_up = gaps[: len(gaps) // 2] if behind else gaps
    if made_up:
        on = min(district.today, begin + timedelta(27))
        study.make_up(attendances=made_up, on=on, way="自学材料并交流体会", checked_by=secretary.name, by=secretary)


def presence(district: District, participation: Participation) -> str:
    """Present, or with a little luck excused."""
    if participation.route == Participation.Route.ALTERNATIVE:
        return State.EXEMPT
    return district.random.choice(LEAVES) if district.random.random() < 0.06 else State.PRESENT


def move_on(district: District, enrolment: Enrolment) -> None:
    """The secretary asks, the office approves; the phase ends when its window did."""
    secretary = district.secretary(enrolment)
    gate = gates.request(
        enrolment=Enrolment.objects.get(pk=enrolment.pk),
        by=secretary,
        assessment="按实施方案完成了动员和学习任务，党员参学面达到要求，缺课的已补课，学习与工作两不误。",
    )
    reason = "个别事项已安排在第二阶段补齐，不影响转段。" if gate.missing else ""
    gates.decide(
        gate=gate, approve=True, remarks="学习扎实，同意转入分析评议阶段。", override_reason=reason, by=district.office
    )
    run = enrolment.runs.get(phase__number=1)
    Gate.objects.filter(pk=gate.pk).update(
        requested_at=moment(run.ends_on - timedelta(2)), decided_at=moment(run.ends_on)
    )
    PhaseRun.objects.filter(pk=run.pk).update(completed_on=run.ends_on)
