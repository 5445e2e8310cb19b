"""A small world with one of everything, and one person of each role: what the access test walks through."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from campaign.actions import amendment as amendments
from campaign.actions import blueprint as blueprints
from campaign.blueprints.shipped import source
from campaign.models import (
    Attendance,
    Campaign,
    ContactPoint,
    CoreGroupSeat,
    Finding,
    Gate,
    InspectionTeam,
    Material,
    Participation,
    PlanFiling,
    PlannedSession,
    SelfStudy,
    SharedView,
    StudyLeave,
    StudyNote,
    StudySession,
    TeamAssignment,
    TeamMember,
    Training,
    Visit,
    Waiver,
)
from campaign.progress.writing import recording
from evaluation.models import OpinionRound, Revision, Section, SelfAnalysis
from members.models import (
    Channel,
    CommitteePost,
    CoveredUnit,
    Liaison,
    Mobility,
    Organization,
    OrganizationCondition,
    RosterImport,
    Transfer,
    User,
)
from members.permissions import Role
from portal.actions.attachment import attach
from portal.models import DayException, Job, Notice
from rectification.models import Task
from tests import factories as make


@dataclass
class World:
    """Users by role, and keyword arguments for addresses by the object they name."""

    users: dict[str, User] = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)


def asked_otherwise(campaign: Campaign, office: User) -> dict[str, Any]:
    """A blueprint of the office's own, and an amendment that is being written."""
    data = source("year-2005") or {}
    blueprint = blueprints.copy(data=data, name="自己的蓝本", origin="x", organization=campaign.organization, by=office)
    amendment = amendments.propose(campaign=campaign, reason="通知", takes_effect_on=timezone.localdate(), by=office)
    requirement = campaign.requirements.order_by("number")[1]
    values = {"label": "调研", "indicator_code": "surveyed", "audience_code": "all-branches"}
    change = amendments.put(amendment=amendment, step=requirement.step, requirement=None, values=values, by=office)
    return {
        "blueprint": blueprint,
        "amendment": amendment,
        "requirement": requirement,
        "step": requirement.step,
        "change": change,
    }


def build() -> World:
    """Root committee → general branch → branch «home» (everything happens here); root committee → branch «away» (outsiders live here)."""
    world = World()
    root = make.organization("区委")
    general = make.organization("机关党总支", root, kind=Organization.Kind.GENERAL_BRANCH)
    home = make.branch(general, "第一党支部")
    away = make.branch(root, "第二党支部")
    root.refresh_from_db()
    person, colleague = make.member(home, "王芳"), make.member(home, "李强")
    stranger = make.member(away, "赵敏")
    world.users = {
        "author": make.user(person),
        "colleague": make.user(colleague),
        "stranger": make.user(stranger),
        "secretary": make.secretary(home),
        "committee": make.hat(Role.COMMITTEE, home, of=make.member(home, "委员")),
        "outsider": make.secretary(away),
        "office": make.hat(Role.OFFICE, root),
        "leading": make.hat(Role.LEADING_GROUP, root),
        "inspector": make.hat(Role.INSPECTOR, general),
        "overseer": make.hat(Role.OVERSEER, general),
        "administrator": make.hat(Role.ADMINISTRATOR, root),
    }
    campaign = make.campaign(root, (("study-attended", "all-members"), ("plan-filed", "all-branches")))
    enrolment = make.enrolment(campaign, home)
    make.enrolment(campaign, away)
    today = timezone.localdate()
    campaign.batches.update(starts_on=today - timedelta(30), ends_on=today + timedelta(90))
    own = Participation.objects.get(member=person)
    with recording([enrolment.pk]):
        session = StudySession.objects.create(
            enrolment=enrolment, topic="学习党章", held_at=timezone.now(), by=world.users["secretary"]
        )
        attendance = Attendance.objects.create(session=session, participation=own, state=Attendance.State.ABSENT)
        attach(
            owner=session,
            files=[SimpleUploadedFile("讲稿.pdf", b"%PDF-1.7")],
            by=world.users["secretary"],
        )
        material = Material.objects.create(campaign=campaign, title="党章")
        note = StudyNote.objects.create(participation=own, title="心得", body="有体会")
        alone = SelfStudy.objects.create(participation=own, on=today, what="自学", minutes=60)
        analysis = SelfAnalysis.objects.create(
            participation=own, state=SelfAnalysis.State.SUBMITTED, submitted_at=timezone.now()
        )
        section = Section.objects.create(analysis=analysis, key="review", text="近年来的情况", version=1)
        revision = Revision.objects.create(section=section, text="起初的情况", version=0)
        plan = PlannedSession.objects.create(
            enrolment=enrolment,
            topic="学习党章第二章",
            starts_at=timezone.now() + timedelta(days=1),
            by=world.users["secretary"],
        )
        leave = StudyLeave.objects.create(plan=plan, participation=own, kind="official-leave", reason="出差")
        task = Task.objects.create(
            enrolment=enrolment,
            problem="学习不够",
            measure="每周学习",
            responsible=own,
            due_on=today + timedelta(9),
            by=world.users["secretary"],
        )
        opinions = OpinionRound.objects.create(
            enrolment=enrolment,
            channel="forum",
            held_on=date(2005, 9, 1),
            asked=9,
            received=3,
            by=world.users["secretary"],
        )
    mobility = Mobility.objects.create(member=person, kind=Mobility.Kind.IN_CITY, since=date(2005, 9, 1))
    transfer = Transfer.objects.create(
        member=person, kind="within", origin=home, target=away, requested_by=world.users["secretary"]
    )
    point = ContactPoint.objects.create(participation=own, organization=home, by=world.users["office"])
    team = InspectionTeam.objects.create(
        campaign=campaign, organization=general, name="督导组", by=world.users["office"]
    )
    goer = TeamMember.objects.create(team=team, user=world.users["inspector"], leads=True)
    assignment = TeamAssignment.objects.create(team=team, organization=general)
    visit = Visit.objects.create(
        campaign=campaign,
        organization=home,
        team=team,
        state=Visit.State.DONE,
        on=today,
        looked_at="看了学习笔记",
        by=world.users["inspector"],
    )
    finding = Finding.objects.create(
        visit=visit, enrolment=enrolment, text="笔记不全", measure="补齐", due_on=today, by=world.users["inspector"]
    )
    spring = date(2005, 3, 1)
    training = Training.objects.create(
        member=person, subject="轮训", organiser="党校", starts_on=spring, ends_on=spring, days=1, hours=6,
        by=world.users["office"],
    )  # fmt: skip
    seat = CoreGroupSeat.objects.create(organization=home, member=person, by=world.users["office"])
    condition = OrganizationCondition.objects.create(
        organization=home, condition="stopped", since=spring, reason="停产"
    )
    post = CommitteePost.objects.create(organization=home, name="副书记", title="deputy", since=spring)
    unit = CoveredUnit.objects.create(organization=home, name="软件公司", employees=20, members=1)
    liaison = Liaison.objects.create(organization=home, kind="contact", name="联络员", since=spring)
    gate = Gate.objects.create(
        enrolment=enrolment, phase=enrolment.phase, assessment="已完成", requested_by=world.users["secretary"]
    )
    filing = PlanFiling.objects.create(enrolment=enrolment, title="实施方案", filed_by=world.users["secretary"])
    asked = campaign.requirements.get(indicator_code="study-attended")
    waiver = Waiver.objects.create(
        requirement=asked, enrolment=enrolment, participation=own, reason="长期住院", by=world.users["office"]
    )
    roster = RosterImport.objects.create(
        organization=root,
        file="rosters/x.csv",
        file_name="x.csv",
        state=RosterImport.State.CHECKED,
        by=world.users["office"],
    )
    job = Job.objects.create(kind="print", title="报告", by=world.users["secretary"], state=Job.State.QUEUED)
    notice = Notice.objects.create(recipient=world.users["secretary"], key="w", kind="phase", text="请注意", url="/")
    world.objects = {
        "root": root,
        "home": home,
        "member": person,
        "account": world.users["author"],
        "appointment": world.users["committee"].appointments.get(),
        "campaign": campaign,
        "batch": campaign.batches.get(),
        **asked_otherwise(campaign, world.users["office"]),
        "enrolment": enrolment,
        "session": session,
        "plan": plan,
        "leave": leave,
        "attendance": attendance,
        "attachment": session.attachments.get(),
        "material": material,
        "note": note,
        "alone": alone,
        "training": training,
        "seat": seat,
        "own": own,
        "analysis": analysis,
        "opinions": opinions,
        "revision": revision,
        "task": task,
        "point": point,
        "team": team,
        "team-member": goer,
        "team-assignment": assignment,
        "visit": visit,
        "finding": finding,
        "gate": gate,
        "filing": filing,
        "waiver": waiver,
        "shared": SharedView.objects.create(
            campaign=campaign,
            organization=home,
            purpose="汇报会",
            by=world.users["office"],
            expires_at=timezone.now() + timedelta(days=1),
        ),
        "mobility": mobility,
        "transfer": transfer,
        "condition": condition,
        "post": post,
        "unit": unit,
        "liaison": liaison,
        "roster": roster,
        "job": job,
        "channel": Channel.objects.create(organization=home, name="工作群", kind="json", url="https://127.0.0.1/"),
        "day": DayException.objects.create(day=today, working=True),
        "notice": notice,
    }
    return world
