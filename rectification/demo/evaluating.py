"""The second phase: opinions, talks, self-analyses, and what is put right at once."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import cycle
from uuid import uuid4

from campaign.models import Enrolment, Participation
from evaluation.actions import record, review, self_analysis
from evaluation.models import Meeting, OpinionRound
from evaluation.sections import sections_for
from members.models import User
from rectification.actions import task as tasks
from rectification.demo.district import District
from rectification.demo.texts import PARAGRAPHS, PROBLEMS
from rectification.models import Task


def evaluate(district: District, enrolment: Enrolment, *, thorough: bool) -> None:
    """Opinions, talks, and self-analyses in every state; two branches have already held their meeting."""
    secretary, people = district.secretary(enrolment), district.people(enrolment)
    begin = enrolment.runs.get(phase__number=2).starts_on
    day = min(begin + timedelta(4), district.today)
    opinions, _ = record.record_opinions(
        enrolment=enrolment,
        submission=uuid4(),
        by=secretary,
        held_on=day,
        asked=20 + len(people),
        channel=district.random.choice([OpinionRound.Channel.FORUM, OpinionRound.Channel.FORM]),
        received=district.random.randint(8, 30),
    )
    if thorough:
        record.pass_on(opinions=opinions, on=min(day + timedelta(3), district.today), by=secretary)
    own = next((p for p in people if p.member_id == secretary.member_id), people[0])
    others = [p for p in people if p.pk != own.pk]
    talked = others if thorough else others[: len(others) // 2]
    record.record_talks(enrolment=enrolment, one=own, others=talked, held_on=day, submission=uuid4(), by=secretary)
    analyses(district, enrolment, others if thorough else others[:3], secretary)
    if thorough and district.random.random() < 0.2:
        record.record_meeting(
            enrolment=enrolment,
            submission=uuid4(),
            by=secretary,
            kind=Meeting.Kind.ORGANIZATION_LIFE,
            held_on=district.today,
            place="支部活动室",
            chair=secretary.name,
            expected=len(people),
            present=len(people) - 1,
            outcome="党员逐一发言，开展批评与自我批评，会议气氛严肃坦诚。",
        )


def analyses(district: District, enrolment: Enrolment, people: Sequence[Participation], secretary: User) -> None:
    """Two in three are handed in; of these most are accepted, some wait, one goes back with remarks."""
    for position, person in enumerate(people):
        if person.member_id in {u.member_id for u in User.objects.filter(username="member")} or position % 3 == 2:
            continue
        for spec, paragraphs in zip(sections_for(person), cycle(PARAGRAPHS.values()), strict=False):
            text = "\n\n".join(district.random.sample(paragraphs, k=2))
            self_analysis.save_section(participation=person, key=spec.key, base=0, text=text, by=district.office)
        self_analysis.submit(participation=person, by=district.office)
        analysis = person.analysis
        if position % 7 == 3:
            review.send_back(
                analysis=analysis, remarks={"": "问题查摆还不够具体，请结合岗位再深入一些。"}, by=secretary
            )
        elif position % 5:
            review.accept(analysis=analysis, remarks={"": "分析比较深刻，措施具体。"}, by=secretary)


def rectify(district: District, enrolment: Enrolment) -> None:
    """Three entries of the branch in different states, and measures of some who were accepted (边议边改)."""
    secretary, people = district.secretary(enrolment), district.people(enrolment)
    chosen = district.random.sample(PROBLEMS, k=3)
    for position, (category, problem, measure, kind) in enumerate(chosen):
        entry, _ = tasks.add(
            enrolment=enrolment,
            by=secretary,
            problem=problem,
            measure=measure,
            category=category,
            kind=kind,
            source=Task.Source.OPINION,
            responsible=people[position + 1],
            due_on=district.today + timedelta(5 + 12 * position),
        )
        for code, text in [("start", "已经着手。"), ("report", "已按措施办理完毕，请核实。")][: 2 - position]:
            entry = tasks.move(task=entry, code=code, text=text, by=secretary)
        if position == 0 and district.random.random() < 0.6:
            tasks.move(task=entry, code="confirm", text="现场查看，情况属实。", by=secretary)
    for person in [p for p in people[2:5] if p.member_id != secretary.member_id]:
        tasks.add_own(
            participation=person,
            by=secretary,
            problem="理论学习不够系统",
            measure="每周自学不少于两小时，做好笔记",
            category=Task.Category.BELIEF,
            source=Task.Source.ANALYSIS,
            kind=Task.Kind.LASTING,
            due_on=district.today + timedelta(30),
        )
