"""What surrounds the sessions: reading lists and who has read, personal study, notes, trainings, the district's 中心组, files."""

import io
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import docx
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from campaign.actions import core_group, self_study, study
from campaign.actions import material as materials
from campaign.actions import training as trainings
from campaign.models import Campaign, Enrolment, Material, Participation, StudyNote, StudySession, Training
from members.models import Member, MemberTag
from portal.actions.attachment import attach
from rectification.demo.district import District

READING = [
    ("党员领导干部学习专题：树立正确的权力观、地位观、利益观", "leaders", [], "领导干部在普通党员学习内容之外加学。"),
    ("农村党员学习读本", "all-members", ["village"], "结合本村发展实际讨论。"),
]
ALONE = ["自学《保持共产党员先进性教育读本》", "重读入党志愿书", "学习先进人物事迹材料", "摘抄学习笔记"]
NOTES = [
    (
        "学习党章的体会",
        "重温入党誓词，对照党员义务，觉得自己在主动服务群众上还有差距，准备从每月走访两户做起。",
        "branch",
    ),
    ("从身边的先进学起", "身边的老党员二十年如一日坚持值班，我想先把自己窗口的午间值班带起来。", "secretary"),
    ("读书笔记", "先把自己的问题想清楚，再谈要求别人。", "private"),
]


def study_around(district: District, campaign: Campaign) -> None:
    """The campaign's lists, the first units' people, the district's own core group."""
    give_readings(district, campaign)
    units = Enrolment.objects.filter(batch=campaign.batches.order_by("number").first(), started_on__isnull=False)
    for enrolment in [unit for unit in units.in_tree_order() if not unit.is_committee][:6]:
        alone(district, enrolment)
    lead(district, campaign)


def give_readings(district: District, campaign: Campaign) -> None:
    """Lists for leaders and for villages besides everybody's, and a file to go with one."""
    for position, (title, group, sectors, text) in enumerate(READING, 1):
        material = Material(campaign=campaign, title=title, audience_code=group, text=text, position=position)
        material.sectors = sectors
        materials.save(material=material, by=district.office)
    first = campaign.materials.order_by("position", "pk").first()
    if first is not None:
        text = "逐篇通读，联系思想和工作实际，围绕“新时期怎样做一名合格党员”开展讨论。"
        attach(owner=first, files=[paper("学习提要.docx", first.title, text)], by=district.office)


def paper(name: str, heading: str, text: str) -> SimpleUploadedFile:
    """A short document."""
    made, file = docx.Document(), io.BytesIO()
    made.add_heading(heading)
    made.add_paragraph(text)
    made.save(file)
    return SimpleUploadedFile(name, file.getvalue())


def alone(district: District, enrolment: Enrolment) -> None:
    """Most have read what they should; some write down personal study and a note; the last lecture has its text."""
    begin = enrolment.starts_on + timedelta(20)
    people = district.people(enrolment)
    for number, person in enumerate(people):
        account = district.secretary(enrolment)
        for material in Material.objects.asked_of(person).filter(required=True):
            if district.random.random() < 0.8:
                self_study.say_read(participation=person, material=material, by=account)
        if number % 3 == 0:
            what = district.random.choice(ALONE)
            day = min(district.today, begin + timedelta(number % 15))
            self_study.log(
                participation=person, on=day, what=what, minutes=60 + 30 * (number % 3), material=None, by=account
            )
    write(people[: len(NOTES)], min(district.today, begin + timedelta(9)))
    lecture = enrolment.sessions.filter(form=StudySession.Form.LECTURE).first()
    if lecture is not None:
        attach(
            owner=lecture,
            files=[paper("党课讲稿.docx", lecture.topic, lecture.record)],
            by=district.secretary(enrolment),
        )


def write(people: Iterable[Participation], day: date) -> None:
    for person, (title, body, circle) in zip(people, NOTES, strict=False):
        note = self_study.write_note(
            participation=person,
            title=title,
            body=body,
            written_on=day,
            circle=circle,
            by=getattr(person.member, "user", None),
        )
        StudyNote.objects.filter(pk=note.pk).update(
            created_at=timezone.make_aware(datetime.combine(day, time(20))),
            updated_at=timezone.make_aware(datetime.combine(day, time(20))),
        )


def train(district: District) -> None:
    """Two of three secretaries went to the district's party school this year (S4 三(一))."""
    last = district.today - timedelta(40)
    secretaries = Member.objects.on_roll().filter(
        user__appointments__role="secretary",
        user__appointments__revoked_at=None,
        branch__path__startswith=district.root.path,
    )
    rows = [
        Training(
            member=member,
            subject="基层党支部书记轮训",
            organiser=f"{district.root.name}党校",
            starts_on=last - timedelta(2),
            ends_on=last,
            days=Decimal(3),
            hours=Decimal(18),
        )
        for number, member in enumerate(secretaries.distinct().order_by("pk"))
        if number % 3 != 2
    ]
    trainings.enter(trainings=rows, by=district.office)


def lead(district: District, campaign: Campaign) -> None:
    """The district committee's 中心组: a few leading cadres, and one session of theirs."""
    unit = campaign.enrolments.filter(organization=district.root).first()
    taking_part = Participation.objects.active().filter(campaign=campaign).values("member")
    leaders = Member.objects.on_roll().under(district.root).tagged(MemberTag.Kind.LEADER).filter(pk__in=taking_part)[:6]
    if unit is None or not leaders:
        return
    held = timezone.make_aware(datetime.combine(min(district.today, unit.starts_on + timedelta(30)), time(9)))
    for member in leaders:
        core_group.seat(organization=district.root, member=member, since=unit.starts_on, by=district.office)
    people = Participation.objects.filter(campaign=campaign, member__in=[m.pk for m in leaders])
    session = StudySession(
        enrolment=unit,
        form=StudySession.Form.CORE_GROUP,
        topic="区委中心组专题学习党章",
        held_at=held,
        minutes_long=180,
        place="区委会议室",
        chair=leaders[0].name,
        record="逐条学习党章总纲，围绕加强党的执政能力建设交流发言。",
    )
    states = {p.pk: "present" for p in people}
    study.record(session=session, materials=[], attendance=states, by=district.office)
