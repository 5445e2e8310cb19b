"""What can be done, and which role may do it. A user's permission holds in the subtree of the appointment that gives it."""

from enum import StrEnum

from django.db import models


class Permission(StrEnum):
    """Everything that a view or document can demand."""

    VIEW_PROGRESS = "progress.view"
    VIEW_NAMES = "names.view"
    VIEW_CONTACT = "contact.view"
    VIEW_APPOINTMENTS = "appointments.view"
    EXPORT = "export"
    EDIT_ROLL = "roll.edit"
    RESHAPE_TREE = "tree.reshape"
    IMPORT_ROSTER = "roster.import"
    MANAGE_ACCOUNTS = "accounts.manage"
    MANAGE_APPOINTMENTS = "appointments.manage"
    MANAGE_ORGANIZATIONS = "organizations.manage"
    MANAGE_CHANNELS = "channels.manage"
    MANAGE_CALENDAR = "calendar.manage"
    SET_UP_CAMPAIGN = "campaign.set-up"
    PREPARE_ENROLMENT = "enrolment.prepare"
    LEAD_COMMITTEE = "committee.lead"
    SET_ROUTE = "route.set"
    VIEW_STUDY = "study.view"
    RECORD_STUDY = "study.record"
    DECIDE_LEAVE = "study.leave"
    WAIVE = "requirement.waive"
    REQUEST_GATE = "gate.request"
    DECIDE_GATE = "gate.decide"
    SPEAK_AT_GATE = "gate.word"
    VIEW_SUPERVISION = "supervision.view"
    MANAGE_SUPERVISION = "supervision.manage"
    NAME_LEADING_GROUP = "leading-group.name"
    LOG_VISIT = "visit.log"
    REVIEW_ANALYSIS = "analysis.review"
    RECORD_EVALUATION = "evaluation.record"
    VIEW_LEDGER = "ledger.view"
    EDIT_LEDGER = "ledger.edit"
    CONFIRM_TASK = "task.confirm"
    PRINT_REPORT = "report.print"


class Role(models.TextChoices):
    """Hats that an appointment gives. Being a member of the Party is not a hat: it comes from the roll."""

    OFFICE = "office", "活动办公室"
    LEADING_GROUP = "leading-group", "领导小组"
    SECRETARY = "secretary", "支部书记"
    COMMITTEE = "committee", "支部委员"
    INSPECTOR = "inspector", "督导组"
    OVERSEER = "overseer", "属地联系部门"
    ADMINISTRATOR = "administrator", "系统管理员"


# Whoever wears one of these may lend it while they are away.
LENDABLE = (Role.SECRETARY, Role.COMMITTEE, Role.LEADING_GROUP)

P = Permission
READING = {P.VIEW_PROGRESS, P.VIEW_NAMES, P.VIEW_APPOINTMENTS, P.VIEW_STUDY, P.VIEW_LEDGER, P.PRINT_REPORT, P.EXPORT}
READING |= {P.VIEW_SUPERVISION}

GRANTS: dict[str, frozenset[Permission]] = {
    Role.OFFICE: frozenset(
        READING
        | {P.EDIT_ROLL, P.IMPORT_ROSTER, P.MANAGE_ACCOUNTS, P.MANAGE_APPOINTMENTS, P.SET_UP_CAMPAIGN, P.DECIDE_GATE}
        | {P.CONFIRM_TASK, P.WAIVE, P.RESHAPE_TREE, P.MANAGE_ORGANIZATIONS}
        | {P.MANAGE_SUPERVISION, P.NAME_LEADING_GROUP, P.LEAD_COMMITTEE, P.SET_ROUTE}
        | {P.MANAGE_CHANNELS}
    ),
    Role.LEADING_GROUP: frozenset(READING | {P.DECIDE_GATE}),
    Role.SECRETARY: frozenset(
        READING
        | {P.VIEW_CONTACT, P.EDIT_ROLL, P.MANAGE_ACCOUNTS, P.PREPARE_ENROLMENT, P.RECORD_STUDY, P.REQUEST_GATE}
        | {P.REVIEW_ANALYSIS, P.RECORD_EVALUATION, P.EDIT_LEDGER, P.CONFIRM_TASK, P.NAME_LEADING_GROUP}
        | {P.LEAD_COMMITTEE, P.SET_ROUTE, P.DECIDE_LEAVE}
    ),
    Role.COMMITTEE: frozenset(READING | {P.RECORD_STUDY, P.EDIT_LEDGER}),
    Role.INSPECTOR: frozenset(READING | {P.LOG_VISIT, P.SPEAK_AT_GATE}),
    Role.OVERSEER: frozenset({P.VIEW_PROGRESS}),
    Role.ADMINISTRATOR: frozenset(
        {P.MANAGE_ACCOUNTS, P.VIEW_APPOINTMENTS, P.MANAGE_APPOINTMENTS, P.MANAGE_CHANNELS, P.MANAGE_CALENDAR}
    ),
}


def roles_with(permission: str) -> list[str]:
    """Codes of the roles that carry ``permission``."""
    return [role for role, granted in GRANTS.items() if permission in granted]
