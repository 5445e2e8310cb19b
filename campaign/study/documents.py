"""Printed and exported accounts of study: 学习档案 of a person, 学时登记表 of a branch."""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from campaign.models import Attendance, SelfStudy, Training
from campaign.reports.place import number
from campaign.study.account import Account, accounts, bounds, rule_for
from members.models import Member, Organization
from members.permissions import Permission
from portal.documents import Document, Params, Table, documents


def year_of(params: Params) -> int:
    given = number(params, "year")
    if not given:
        return timezone.localdate().year
    if not 1990 <= given <= 2100:
        raise Http404
    return given


def find_person(params: Params, user: Any) -> Member:
    """The member ``member`` (primary key): oneself, or somebody whose study one may see."""
    rows = Member.objects.visible_to(user).select_related("branch")
    member: Member = get_object_or_404(rows, pk=number(params, "member"))
    if member.pk != user.member_id and not user.can(Permission.VIEW_STUDY, at=member.branch):
        raise Http404
    return member


def person_sheet(member: Member, params: Params, user: Any) -> dict[str, Any]:
    """A year of one person, with every record."""
    year = year_of(params)
    begin, end = bounds(year)
    held = Attendance.objects.filter(
        participation__member=member, session__held_at__gte=begin, session__held_at__lt=end
    )
    rule, account = rule_for(member.branch, year), accounts([member.pk], year)[member.pk]
    return {
        "member": member,
        "year": year,
        "account": account,
        "rule": rule,
        "days": account.collective_days(rule.day_hours),
        "attendances": held.select_related("session", "make_up").order_by("session__held_at"),
        "trainings": Training.objects.filter(member=member, ends_on__year=year).order_by("ends_on"),
        "self_studies": SelfStudy.objects.filter(participation__member=member, on__year=year).order_by("on", "pk"),
        "today": timezone.localdate(),
    }


def find_branch(params: Params, user: Any) -> Organization:
    """The branch ``organization`` (primary key) out of what the user sees."""
    rows = Organization.objects.visible_to(user).branches()
    found: Organization = get_object_or_404(rows, pk=number(params, "organization"))
    return found


def register_lines(branch: Organization, year: int) -> list[tuple[Member, Account, Any]]:
    people = list(Member.objects.on_roll().filter(branch=branch).order_by("pk"))
    found, rule = accounts([m.pk for m in people], year), rule_for(branch, year)
    return [(m, found[m.pk], found[m.pk].collective_days(rule.day_hours)) for m in people]


def register_sheet(branch: Organization, params: Params, user: Any) -> dict[str, Any]:
    year = year_of(params)
    return {
        "branch": branch,
        "year": year,
        "rule": rule_for(branch, year),
        "lines": register_lines(branch, year),
        "today": timezone.localdate(),
    }


def register_tables(branch: Organization, params: Params, user: Any) -> list[Table]:
    head = [
        "姓名",
        "参加学习（次）",
        "其中补课（次）",
        "待补课（次）",
        "集体学习（小时）",
        "集体教育（天）",
        "培训（天）",
        "培训（学时）",
    ]
    head += ["个人自学（小时）", "已读材料（份）", "心得（篇）"]
    rows = [
        [
            member.name,
            account.times,
            account.made_up,
            account.missed,
            float(account.hours),
            float(days),
            float(account.training_days),
            float(account.training_hours),
            float(account.self_hours),
            account.readings,
            account.notes,
        ]
        for member, account, days in register_lines(branch, year_of(params))
    ]
    return [Table(f"{year_of(params)}年学时登记表", head, rows)]


documents.register(
    Document(
        code="study-account",
        label="学习档案",
        find=find_person,
        title=lambda member: f"{member.name}学习档案",
        template="campaign/print/study_account.html",
        data=person_sheet,
    )
)
documents.register(
    Document(
        code="study-register",
        label="学时登记表",
        find=find_branch,
        title=lambda branch: f"{branch.name}学时登记表",
        permission=Permission.VIEW_STUDY,
        template="campaign/print/study_register.html",
        data=register_sheet,
        tables=register_tables,
        landscape=True,
    )
)
