"""The demonstration: one fictional district in the middle of the second phase, made with the same actions that users have."""

import random
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import cycle
from typing import Any
from uuid import uuid4

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from campaign.actions import enrolment as enrolments
from campaign.actions import gate as gates
from campaign.actions import study
from campaign.actions.campaign import batch_dates, open_campaign, set_up, windows
from campaign.blueprint import Blueprint, blueprints
from campaign.models import Attendance, Campaign, Enrolment, Gate, Participation, PhaseRun, Requirement, StudySession
from evaluation.actions import record, review, self_analysis
from evaluation.models import Meeting, OpinionRound
from evaluation.sections import sections_for
from members.models import Appointment, Member, MemberTag, Mobility, Organization, User
from members.permissions import Role
from members.registry import roll_changed
from rectification.actions import task as tasks
from rectification.models import Task

PASSWORD = "Demo-2005-Portal"  # noqa: S105 the demonstration's accounts are printed anyway and listen on this machine only
State = Attendance.State
LEAVES = [State.SICK_LEAVE, State.OFFICIAL_LEAVE, State.PERSONAL_LEAVE]

SESSIONS = [
    (StudySession.Form.MOBILIZATION, "先进性教育活动动员大会", 3),
    (StudySession.Form.COLLECTIVE, "学习《保持共产党员先进性教育读本》", 8),
    (StudySession.Form.LECTURE, "专题党课：新时期怎样保持先进性", 13),
    (StudySession.Form.DISCUSSION, "讨论本单位党员先进性具体要求", 18),
    (StudySession.Form.ACTIVITY, "走进社区为群众办实事主题实践", 23),
]
CORE_GROUP = (StudySession.Form.CORE_GROUP, "中心组专题学习党章", 10)

PARAGRAPHS = {
    0: [
        "一年来，我坚持参加支部组织的集中学习，认真做了读书笔记，对党的先进性建设有了更深的认识。",
        "工作中能够完成承担的任务，但主动下基层了解情况不够，有时满足于完成规定动作。",
        "作风上总体比较扎实，能够团结同志，但对群众反映的具体问题跟踪不够及时。",
    ],
    1: [
        "理论学习不够系统，学用结合不紧。",
        "联系服务群众不够主动，走访的次数偏少。",
        "工作中有急躁情绪，听取不同意见不够耐心。",
    ],
    2: [
        "放松了世界观的改造，把学习当作软任务，缺乏紧迫感。",
        "宗旨意识有所淡化，把为群众办事停留在一般号召上。",
        "进取心不足，满足于过得去，没有用更高的标准要求自己。",
    ],
    3: [
        "坚持每周自学不少于两小时，每季度写一篇心得。",
        "每月走访两户困难群众，把反映的问题记下来、办到底。",
        "遇事多商量，虚心听取同志们的意见，改进工作方法。",
    ],
}
PROBLEMS = [
    (
        Task.Category.STYLE,
        "办事窗口中午无人值守，群众来办事要跑第二趟",
        "实行午间轮流值班，公布值班电话",
        Task.Kind.IMMEDIATE,
    ),
    (
        Task.Category.SERVICE,
        "楼道照明损坏报修后长时间没有修复",
        "会同物业一周内全部修复，建立报修回访制度",
        Task.Kind.DATED,
    ),
    (
        Task.Category.ORGANIZATION,
        "组织生活记录不完整，党小组活动不经常",
        "指定专人记录，每月检查一次",
        Task.Kind.LASTING,
    ),
    (Task.Category.PURPOSE, "走访困难党员和群众次数偏少", "支部委员分片包户，每月至少走访一次", Task.Kind.LASTING),
    (Task.Category.BELIEF, "集中学习内容与实际工作结合不紧", "每次学习确定一个工作中的问题开展讨论", Task.Kind.DATED),
]


class Demonstration:
    """Builds the demonstration on a roll that was imported; the same seed gives the same district."""

    def __init__(self, root: Organization, office: User) -> None:
        self.random = random.Random(2005)  # noqa: S311 a repeatable choice, no secret
        self.root, self.office = root, office
        self.hash = make_password(PASSWORD)
        self.today = timezone.localdate()
        self.secretaries: dict[int, User] = {}

    def account(self, username: str, name: str, member: Member | None = None) -> User:
        user, _ = User.objects.get_or_create(
            username=username,
            defaults={
                "name": name,
                "member": member,
                "password": self.hash,
                "email": f"{username}@example.org",
                "activated_at": timezone.now(),
            },
        )
        return user

    def appoint(self, user: User, role: str, at: Organization) -> User:
        Appointment.objects.get_or_create(user=user, organization=at, role=role)
        return user

    def staff(self) -> list[tuple[str, str, str]]:
        """One account per role; returns ``(role, username, place)`` for the person who starts the demonstration."""
        branches = list(Organization.objects.under(self.root).branches())
        for number, branch in enumerate(branches, start=1):
            people = list(branch.members.on_roll().exclude(mobilities__until=None, mobilities__isnull=False)[:3])
            secretary = self.account("secretary" if number == 1 else f"secretary{number}", people[0].name, people[0])
            self.secretaries[branch.pk] = self.appoint(secretary, Role.SECRETARY, branch)
            if number == 1:
                self.appoint(self.account("committee", people[1].name, people[1]), Role.COMMITTEE, branch)
                self.account("member", people[2].name, people[2])
        roll_changed([branch.pk for branch in branches])
        general = next(o for o in Organization.objects.under(self.root) if o.kind == Organization.Kind.GENERAL_BRANCH)
        for username, role, name, place in [
            ("leader", Role.LEADING_GROUP, "领导小组组长", self.root),
            ("inspector", Role.INSPECTOR, "第一督导组", general),
            ("overseer", Role.OVERSEER, "属地联系人", general),
            ("admin", Role.ADMINISTRATOR, "系统管理员", self.root),
        ]:
            self.appoint(self.account(username, name), role, place)
        first = branches[0].name
        return [
            ("活动办公室", "office", self.root.name),
            ("领导小组", "leader", self.root.name),
            ("支部书记", "secretary", first),
            ("支部委员", "committee", first),
            ("党员", "member", first),
            ("督导组", "inspector", general.name),
            ("属地联系部门", "overseer", general.name),
            ("系统管理员", "admin", self.root.name),
        ]

    def campaign(self) -> Campaign:
        """The 2005 blueprint with its first batch in the middle of the second phase today."""
        plan = blueprints()["year-2005"]
        made = set_up(
            blueprint=plan,
            organization=self.root,
            name="保持共产党员先进性教育活动",
            starts_on=self.start(plan),
            by=self.office,
        )
        open_campaign(campaign=made, by=self.office)
        made.refresh_from_db()
        first, second, *_ = made.batches.all()
        branches = list(Organization.objects.under(self.root).branches())
        later = [b for b in branches if b.sector == Organization.Sector.VILLAGE]
        enrolments.enrol(batch=first, organizations=[b for b in branches if b not in later], by=self.office)
        enrolments.enrol(batch=second, organizations=later, by=self.office)
        return made

    def start(self, plan: Blueprint) -> date:
        """The first day of a campaign whose first batch is half-way through its third window (分析评议) today."""
        begin, end = batch_dates(plan, self.today)[0]
        third = windows(plan, begin, end)[2]
        return self.today - (third[0] - begin) - (third[1] - third[0]) / 2

    def walk(self, campaign: Campaign) -> None:
        """Every unit of the first batch goes its way: most to the second phase, some behind, one put in order first."""
        first = campaign.batches.order_by("number").first()
        for position, enrolment in enumerate(Enrolment.objects.filter(batch=first).in_tree_order()):
            with transaction.atomic():
                self.walk_one(enrolment, position)

    def walk_one(self, enrolment: Enrolment, position: int) -> None:
        self.prepare(enrolment)
        if any(enrolments.start(enrolment=enrolment, by=self.secretaries[enrolment.organization_id])):
            return
        self.backdate(enrolment)
        behind = position % 7 == 5
        self.study(enrolment, behind=behind)
        if behind:
            return
        self.move_on(enrolment)
        self.evaluate(enrolment, thorough=position < 12)
        self.rectify(enrolment)

    def prepare(self, enrolment: Enrolment) -> None:
        secretary = self.secretaries[enrolment.organization_id]
        lost = Participation.objects.filter(enrolment=enrolment, member__mobilities__kind=Mobility.Kind.LOST)
        for requirement in Requirement.objects.filter(campaign=enrolment.campaign, indicator_code="member-in-contact"):
            if lost.exists():
                enrolments.waive(
                    requirement=requirement,
                    enrolment=enrolment,
                    participations=list(lost),
                    by=self.office,
                    reason="多方查找仍未取得联系，继续查找并定期报告。",
                )
        enrolments.prepare(
            enrolment=enrolment,
            values={
                "head": secretary.name,
                "office_members": "、".join(m.name for m in enrolment.organization.members.all()[1:4]),
                "plan_title": f"{enrolment.organization.name}先进性教育活动实施方案",
                "plan_filed_on": enrolment.starts_on + timedelta(12),
                "survey_note": "走访党员和群众，召开座谈会一次。党员普遍希望学习联系实际，群众最希望解决办事等候和环境卫生问题。",
            },
            phases={},
            by=secretary,
        )

    def backdate(self, enrolment: Enrolment) -> None:
        """The start was as planned, not today: the demonstration lets the past be past."""
        runs = list(enrolment.runs.order_by("phase__number"))
        Enrolment.objects.filter(pk=enrolment.pk).update(started_on=runs[1].starts_on)
        PhaseRun.objects.filter(pk=runs[0].pk).update(completed_on=runs[0].ends_on)
        enrolment.refresh_from_db()

    def people(self, enrolment: Enrolment) -> list[Participation]:
        return list(Participation.objects.filter(enrolment=enrolment).active().select_related("member").in_roll_order())

    def study(self, enrolment: Enrolment, *, behind: bool) -> None:
        """Five sessions by the book (two where the branch is behind), attended with a few exceptions, most of them made up for."""
        secretary, people = self.secretaries[enrolment.organization_id], self.people(enrolment)
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
            states = {p.pk: self.state(p) for p in people}
            study.record(session=session, materials=materials[:2], attendance=states, by=secretary)
        gaps = list(study.missed(enrolment))
        made_up = gaps[: len(gaps) // 2] if behind else gaps
        if made_up:
            on = min(self.today, begin + timedelta(27))
            study.make_up(attendances=made_up, on=on, way="自学材料并交流体会", checked_by=secretary.name, by=secretary)

    def state(self, participation: Participation) -> str:
        if participation.route == Participation.Route.ALTERNATIVE:
            return State.EXEMPT
        return self.random.choice(LEAVES) if self.random.random() < 0.06 else State.PRESENT

    def move_on(self, enrolment: Enrolment) -> None:
        """The secretary asks, the office approves; the phase ends when its window did."""
        secretary = self.secretaries[enrolment.organization_id]
        gate = gates.request(
            enrolment=Enrolment.objects.get(pk=enrolment.pk),
            by=secretary,
            assessment="按实施方案完成了动员和学习任务，党员参学面达到要求，缺课的已补课，学习与工作两不误。",
        )
        reason = "个别事项已安排在第二阶段补齐，不影响转段。" if gate.missing else ""
        gates.decide(
            gate=gate, approve=True, remarks="学习扎实，同意转入分析评议阶段。", override_reason=reason, by=self.office
        )
        run = enrolment.runs.get(phase__number=1)
        Gate.objects.filter(pk=gate.pk).update(
            requested_at=self.moment(run.ends_on - timedelta(2)), decided_at=self.moment(run.ends_on)
        )
        PhaseRun.objects.filter(pk=run.pk).update(completed_on=run.ends_on)

    def moment(self, day: date) -> datetime:
        return datetime.combine(day, time(16), timezone.get_current_timezone())

    def evaluate(self, enrolment: Enrolment, *, thorough: bool) -> None:
        """Opinions, talks, and self-analyses in every state; two branches have already held their meeting."""
        secretary, people = self.secretaries[enrolment.organization_id], self.people(enrolment)
        begin = enrolment.runs.get(phase__number=2).starts_on
        day = min(begin + timedelta(4), self.today)
        opinions = record.record_opinions(
            enrolment=enrolment,
            submission=uuid4(),
            by=secretary,
            held_on=day,
            asked=20 + len(people),
            channel=self.random.choice([OpinionRound.Channel.FORUM, OpinionRound.Channel.FORM]),
            received=self.random.randint(8, 30),
        )
        if thorough:
            record.pass_on(opinions=opinions, on=min(day + timedelta(3), self.today), by=secretary)
        own = next((p for p in people if p.member_id == secretary.member_id), people[0])
        others = [p for p in people if p.pk != own.pk]
        talked = others if thorough else others[: len(others) // 2]
        record.record_talks(enrolment=enrolment, one=own, others=talked, held_on=day, submission=uuid4(), by=secretary)
        self.analyses(enrolment, others if thorough else others[:3], secretary)
        if thorough and self.random.random() < 0.2:
            record.record_meeting(
                enrolment=enrolment,
                submission=uuid4(),
                by=secretary,
                kind=Meeting.Kind.ORGANIZATION_LIFE,
                held_on=self.today,
                place="支部活动室",
                chair=secretary.name,
                expected=len(people),
                present=len(people) - 1,
                outcome="党员逐一发言，开展批评与自我批评，会议气氛严肃坦诚。",
            )

    def analyses(self, enrolment: Enrolment, people: Sequence[Participation], secretary: User) -> None:
        """Two in three are handed in; of these most are accepted, some wait, one goes back with remarks."""
        for position, person in enumerate(people):
            if person.member_id in {u.member_id for u in User.objects.filter(username="member")} or position % 3 == 2:
                continue
            for spec, paragraphs in zip(sections_for(person), cycle(PARAGRAPHS.values()), strict=False):
                text = "\n\n".join(self.random.sample(paragraphs, k=2))
                self_analysis.save_section(participation=person, key=spec.key, base=0, text=text, by=self.office)
            self_analysis.submit(participation=person, by=self.office)
            analysis = person.analysis
            if position % 7 == 3:
                review.send_back(
                    analysis=analysis, remarks={"": "问题查摆还不够具体，请结合岗位再深入一些。"}, by=secretary
                )
            elif position % 5:
                review.accept(analysis=analysis, remarks={"": "分析比较深刻，措施具体。"}, by=secretary)

    def rectify(self, enrolment: Enrolment) -> None:
        """Three entries of the branch in different states, and measures of some who were accepted (边议边改)."""
        secretary, people = self.secretaries[enrolment.organization_id], self.people(enrolment)
        chosen = self.random.sample(PROBLEMS, k=3)
        for position, (category, problem, measure, kind) in enumerate(chosen):
            entry = tasks.add(
                enrolment=enrolment,
                by=secretary,
                problem=problem,
                measure=measure,
                category=category,
                kind=kind,
                source=Task.Source.OPINION,
                responsible=people[position + 1],
                due_on=self.today + timedelta(5 + 12 * position),
            )
            for code, text in [("start", "已经着手。"), ("report", "已按措施办理完毕，请核实。")][: 2 - position]:
                entry = tasks.move(task=entry, code=code, text=text, by=secretary)
            if position == 0 and self.random.random() < 0.6:
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
                due_on=self.today + timedelta(30),
            )


def build(root: Organization, office: User) -> Iterator[Any]:
    """Run the demonstration step by step; yields the words to show, last the list of accounts."""
    demonstration = Demonstration(root, office)
    accounts = demonstration.staff()
    yield "正在建立教育活动并编入批次……"
    campaign = demonstration.campaign()
    yield "正在按实际进程记录学习、评议和整改……"
    demonstration.walk(campaign)
    yield accounts
