"""Every address × method × role: foreign scope is 404, a missing right 403, and an address nobody described here fails."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from members.permissions import GRANTS, Permission, Role
from portal.documents import documents
from portal.views import errors
from tests.world import World, build

pytestmark = pytest.mark.long
P = Permission
HATS = {
    "secretary": Role.SECRETARY,
    "committee": Role.COMMITTEE,
    "office": Role.OFFICE,
    "leading": Role.LEADING_GROUP,
    "inspector": Role.INSPECTOR,
    "overseer": Role.OVERSEER,
    "administrator": Role.ADMINISTRATOR,
}
BRANCH = {"author", "colleague"}
ABOVE = set(HATS)
OUTSIDE = {"outsider", "stranger"}


def holders(permission: str) -> set[str]:
    """Who holds a permission at the home branch."""
    return {who for who, role in HATS.items() if permission in GRANTS[role]}


# Who finds the object at all.
SEEN: dict[str, set[str]] = {
    "home": ABOVE | BRANCH,
    "root": {"office", "leading", "administrator"},
    "member": holders(P.VIEW_NAMES) | {"author"},
    # The member's own branch, the branch that is asked to take them in, and the member.
    "transfer": holders(P.VIEW_NAMES) | {"author", "outsider"},
    "account": holders(P.VIEW_NAMES) | holders(P.MANAGE_ACCOUNTS) | {"author"},
    "enrolment": ABOVE | BRANCH,
    "session": holders(P.VIEW_STUDY) | BRANCH,
    "own": holders(P.VIEW_NAMES) | {"author"},
    "analysis": {"author", "secretary"},
    "revision": {"author"},
    "opinions": holders(P.RECORD_EVALUATION),
    "gate": holders(P.VIEW_PROGRESS),
    "task": holders(P.VIEW_LEDGER) | {"author"},
    "roster": holders(P.IMPORT_ROSTER),
    "job": {"secretary"},
    "notice": {"secretary"},
    "campaign": ABOVE | BRANCH | OUTSIDE,
    "appointment": ABOVE,
    "condition": holders(P.VIEW_NAMES),
    "team": holders(P.VIEW_SUPERVISION),
    "point": holders(P.VIEW_SUPERVISION) | {"author"},
    "channel": holders(P.MANAGE_CHANNELS),
    "note": {"author"},
    "plan": holders(P.VIEW_STUDY) | BRANCH,
    "leave": holders(P.DECIDE_LEAVE) | {"author"},
    "shared": holders(P.EXPORT),
    "nothing": set(),
}
Rule = str | set[str]
EVERYONE = ABOVE | BRANCH | OUTSIDE
AT_ROOT = {"office", "leading", "administrator"}

# Address → (keyword arguments: object to take the id of, or a literal), what must be seen, and who of those may.
# ``None`` for what must be seen: everybody signed in; who may is a permission (held where the object is) or a set of people, as a pair
# where reading and acting differ.
ADDRESSES: dict[str, tuple[dict[str, str], str | None, Rule | tuple[Rule, Rule]]] = {
    "home": ({}, None, EVERYONE),
    "password-change": ({}, None, EVERYONE),
    "sign-out": ({}, None, EVERYONE),
    "second-factor": ({}, None, EVERYONE),
    "second-factor-enrol": ({}, None, EVERYONE),
    # Nobody here has a second factor, or a session of this number.
    "second-factor-codes": ({}, "nothing", EVERYONE),
    "second-factor-stop": ({}, "nothing", EVERYONE),
    "session-list": ({}, None, EVERYONE),
    "session-end-others": ({}, None, EVERYONE),
    "session-end": ({"number": "=00000000-0000-0000-0000-000000000000"}, "nothing", EVERYONE),
    "notice-list": ({}, None, EVERYONE),
    "notice-read-all": ({}, None, EVERYONE),
    "notice-open": ({"pk": "notice"}, "notice", {"secretary"}),
    "notice-settings": ({}, None, EVERYONE),
    "job-list": ({}, None, EVERYONE),
    "job-detail": ({"pk": "job"}, "job", {"secretary"}),
    "job-status": ({"pk": "job"}, "job", {"secretary"}),
    "job-cancel": ({"pk": "job"}, "job", {"secretary"}),
    "roster-import-create": ({"org_pk": "home"}, "home", P.IMPORT_ROSTER),
    "roster-template": ({}, None, {"office"}),
    "roster-import-detail": ({"pk": "roster"}, "roster", {"office"}),
    "roster-import-columns": ({"pk": "roster"}, "roster", {"office"}),
    "roster-import-choose": ({"pk": "roster"}, "roster", {"office"}),
    "roster-import-confirm": ({"pk": "roster"}, "roster", {"office"}),
    "roster-import-discard": ({"pk": "roster"}, "roster", {"office"}),
    "organization-list": ({}, None, EVERYONE),
    "organization-detail": ({"pk": "home"}, "home", EVERYONE),
    "organization-create": ({"parent_pk": "root"}, "root", {"office"}),
    "organization-edit": ({"pk": "home"}, "home", P.EDIT_ROLL),
    "condition-list": ({"org_pk": "home"}, "home", P.VIEW_NAMES),
    "condition-create": ({"org_pk": "home"}, "home", P.MANAGE_ORGANIZATIONS),
    "condition-lift": ({"pk": "condition"}, "condition", P.MANAGE_ORGANIZATIONS),
    "committee-list": ({"org_pk": "home"}, "home", P.VIEW_NAMES),
    "committee-detail": ({"org_pk": "home"}, "home", P.VIEW_NAMES),
    "committee-post-create": ({"org_pk": "home"}, "home", P.EDIT_ROLL),
    "committee-elect": ({"org_pk": "home"}, "home", P.EDIT_ROLL),
    # Posts, units and liaisons are found by whoever finds conditions: who may know more than numbers.
    "committee-post-end": ({"pk": "post"}, "condition", P.EDIT_ROLL),
    "committee-post-appoint": ({"pk": "post"}, "condition", P.MANAGE_APPOINTMENTS),
    "organization-overseer": ({"org_pk": "home"}, "home", P.MANAGE_ORGANIZATIONS),
    "overseen-list": ({"org_pk": "home"}, "home", P.VIEW_PROGRESS),
    "covered-unit-list": ({"org_pk": "home"}, "home", P.VIEW_NAMES),
    "covered-unit-create": ({"org_pk": "home"}, "home", P.EDIT_ROLL),
    "covered-unit-edit": ({"pk": "unit"}, "condition", P.EDIT_ROLL),
    "covered-unit-remove": ({"pk": "unit"}, "condition", P.EDIT_ROLL),
    "liaison-create": ({"org_pk": "home"}, "home", P.EDIT_ROLL),
    "liaison-end": ({"pk": "liaison"}, "condition", P.EDIT_ROLL),
    "member-list": ({"org_pk": "home"}, "home", P.VIEW_NAMES),
    "member-detail": ({"pk": "member"}, "member", EVERYONE),
    "member-create": ({"org_pk": "home"}, "home", P.EDIT_ROLL),
    "member-edit": ({"pk": "member"}, "member", P.EDIT_ROLL),
    "member-history": ({"pk": "member"}, "member", EVERYONE),
    "member-history-contact": ({"pk": "member"}, "member", P.VIEW_CONTACT),
    "probation-decide": ({"member_pk": "member"}, "member", P.EDIT_ROLL),
    "search-attempt-list": ({"mobility_pk": "mobility"}, "member", P.EDIT_ROLL),
    "register-list": ({"org_pk": "home", "kind": "=lost"}, "home", P.VIEW_NAMES),
    "member-statistics": ({"org_pk": "home"}, "home", P.VIEW_PROGRESS),
    "organization-children": ({"pk": "home"}, "home", EVERYONE),
    "member-contact": ({"pk": "member"}, "member", P.VIEW_CONTACT),
    "member-mobility": ({"member_pk": "member"}, "member", P.EDIT_ROLL),
    "transfer-create": ({"member_pk": "member"}, "member", P.EDIT_ROLL),
    "transfer-out-create": ({"member_pk": "member"}, "member", P.EDIT_ROLL),
    "transfer-in-create": ({"org_pk": "home"}, "home", P.EDIT_ROLL),
    "transfer-list": ({"org_pk": "home"}, "home", P.VIEW_NAMES),
    "transfer-detail": ({"pk": "transfer"}, "transfer", EVERYONE),
    "transfer-accept": ({"pk": "transfer"}, "transfer", {"office", "outsider"}),
    "transfer-return": ({"pk": "transfer"}, "transfer", {"office", "outsider"}),
    "transfer-withdraw": ({"pk": "transfer"}, "transfer", P.EDIT_ROLL),
    "member-moves": ({"pk": "member"}, "member", EVERYONE),
    "organization-reshape": ({"pk": "home"}, "home", P.RESHAPE_TREE),
    "organization-merge": ({"pk": "home"}, "home", P.RESHAPE_TREE),
    "organization-split": ({"pk": "home"}, "home", P.RESHAPE_TREE),
    "organization-move": ({"pk": "home"}, "home", P.RESHAPE_TREE),
    "organization-close": ({"pk": "home"}, "home", P.RESHAPE_TREE),
    "organization-reopen": ({"pk": "home"}, "home", P.RESHAPE_TREE),
    "member-leave": ({"member_pk": "member"}, "member", P.EDIT_ROLL),
    "member-come-back": ({"member_pk": "member"}, "member", P.EDIT_ROLL),
    "mobility-close": ({"pk": "mobility"}, "member", P.EDIT_ROLL),
    "account-create": ({"org_pk": "home"}, "home", P.MANAGE_ACCOUNTS),
    "account-list": ({"org_pk": "home"}, "home", P.MANAGE_ACCOUNTS),
    "account-reset": ({"user_pk": "account"}, "account", P.MANAGE_ACCOUNTS),
    "account-second-factor-reset": ({"user_pk": "account"}, "account", P.MANAGE_ACCOUNTS),
    "my-appointments": ({}, None, EVERYONE),
    "hat-choose": ({}, None, EVERYONE),
    "appointment-list": ({"org_pk": "home"}, "home", P.VIEW_APPOINTMENTS),
    # One's own, not lent by anybody.
    "appointment-lend": ({"pk": "appointment"}, "appointment", {"committee"}),
    "appointment-return": ({"pk": "appointment"}, "appointment", set()),
    "appointment-create": ({"org_pk": "home"}, "home", P.MANAGE_APPOINTMENTS),
    "appointment-revoke": ({"pk": "appointment"}, "appointment", P.MANAGE_APPOINTMENTS),
    "campaign-list": ({}, None, EVERYONE),
    "campaign-create": ({"org_pk": "root"}, "root", {"office"}),
    "campaign-detail": ({"pk": "campaign"}, "campaign", EVERYONE),
    "campaign-reminders": ({"pk": "campaign"}, "campaign", {"office"}),
    "channel-list": ({"org_pk": "home"}, "home", P.MANAGE_CHANNELS),
    "channel-create": ({"org_pk": "home"}, "home", P.MANAGE_CHANNELS),
    "channel-edit": ({"pk": "channel"}, "channel", P.MANAGE_CHANNELS),
    "channel-test": ({"pk": "channel"}, "channel", P.MANAGE_CHANNELS),
    "channel-switch": ({"pk": "channel"}, "channel", P.MANAGE_CHANNELS),
    "channel-accounts": ({"pk": "channel"}, "channel", P.MANAGE_CHANNELS),
    "channel-remove": ({"pk": "channel"}, "channel", P.MANAGE_CHANNELS),
    "working-day-list": ({"org_pk": "root"}, "root", {"administrator"}),
    "working-day-remove": ({"org_pk": "root", "pk": "day"}, "root", {"administrator"}),
    "campaign-open": ({"pk": "campaign"}, "campaign", {"office"}),
    "campaign-next-year": ({"pk": "campaign"}, "campaign", {"office"}),
    "blueprint-list": ({"org_pk": "root"}, "root", {"office"}),
    "blueprint-import": ({"org_pk": "root"}, "root", {"office"}),
    "blueprint-shipped": ({"org_pk": "root", "code": "=year-2005"}, "root", {"office"}),
    "blueprint-copy": ({"org_pk": "root", "pk": "blueprint"}, "root", {"office"}),
    # A draft is seen by whoever sees its organisation.
    "blueprint-detail": ({"pk": "blueprint"}, "root", {"office"}),
    "blueprint-export": ({"pk": "blueprint"}, "root", {"office"}),
    "blueprint-differences": ({"pk": "blueprint"}, "root", {"office"}),
    "blueprint-publish": ({"pk": "blueprint"}, "root", {"office"}),
    "blueprint-draft": ({"pk": "blueprint"}, "root", {"office"}),
    "blueprint-discard": ({"pk": "blueprint"}, "root", {"office"}),
    "blueprint-edit": ({"pk": "blueprint"}, "root", {"office"}),
    "blueprint-arrange": ({"pk": "blueprint"}, "root", {"office"}),
    "blueprint-phase-create": ({"pk": "blueprint"}, "root", {"office"}),
    "blueprint-phase-edit": ({"pk": "blueprint", "phase": "=0"}, "root", {"office"}),
    "blueprint-step-create": ({"pk": "blueprint", "phase": "=0"}, "root", {"office"}),
    "blueprint-step-edit": ({"pk": "blueprint", "phase": "=0", "step": "=0"}, "root", {"office"}),
    "blueprint-requirement-create": ({"pk": "blueprint", "phase": "=0", "step": "=0"}, "root", {"office"}),
    "blueprint-requirement-edit": (
        {"pk": "blueprint", "phase": "=0", "step": "=0", "requirement": "=0"},
        "root",
        {"office"},
    ),
    "amendment-create": ({"campaign_pk": "campaign"}, "campaign", {"office"}),
    "amendment-detail": ({"pk": "amendment"}, "campaign", {"office"}),
    "amendment-edit": ({"pk": "amendment"}, "campaign", {"office"}),
    "amendment-effect": ({"pk": "amendment"}, "campaign", {"office"}),
    "amendment-approve": ({"pk": "amendment"}, "campaign", {"office"}),
    "amendment-apply": ({"pk": "amendment"}, "campaign", {"office"}),
    "amendment-cancel": ({"pk": "amendment"}, "campaign", {"office"}),
    "amendment-add": ({"pk": "amendment", "step_pk": "step"}, "campaign", {"office"}),
    "amendment-change": ({"pk": "amendment", "requirement_pk": "requirement"}, "campaign", {"office"}),
    "amendment-withdraw": ({"pk": "amendment", "requirement_pk": "requirement"}, "campaign", {"office"}),
    "amendment-revise": ({"pk": "amendment", "change_pk": "change"}, "campaign", {"office"}),
    "amendment-drop": ({"pk": "amendment", "change_pk": "change"}, "campaign", {"office"}),
    "batch-edit": ({"pk": "batch"}, "campaign", {"office"}),
    "enrolment-create": ({"batch_pk": "batch"}, "campaign", {"office"}),
    "enrolment-detail": ({"pk": "enrolment"}, "enrolment", EVERYONE),
    "enrolment-prepare": ({"pk": "enrolment"}, "enrolment", P.PREPARE_ENROLMENT),
    "enrolment-start": ({"pk": "enrolment"}, "enrolment", P.PREPARE_ENROLMENT),
    "enrolment-dates": ({"pk": "enrolment"}, "enrolment", holders(P.PREPARE_ENROLMENT) | {"office"}),
    "enrolment-batch": ({"pk": "enrolment"}, "enrolment", P.SET_UP_CAMPAIGN),
    "enrolment-postpone": ({"pk": "enrolment"}, "enrolment", P.SET_UP_CAMPAIGN),
    "enrolment-resume": ({"pk": "enrolment"}, "enrolment", P.SET_UP_CAMPAIGN),
    "enrolment-pilot": ({"pk": "enrolment"}, "enrolment", P.SET_UP_CAMPAIGN),
    "filing-create": ({"enrolment_pk": "enrolment"}, "enrolment", P.PREPARE_ENROLMENT),
    # Plans and requests are found by whoever sees progress.
    "filing-detail": ({"pk": "filing"}, "gate", (P.VIEW_PROGRESS, P.DECIDE_GATE)),
    "filing-withdraw": ({"pk": "filing"}, "gate", P.PREPARE_ENROLMENT),
    "route-edit": ({"participation_pk": "own"}, "own", P.SET_ROUTE),
    "route-end": ({"participation_pk": "own"}, "own", P.SET_ROUTE),
    "waiver-withdraw": ({"pk": "waiver"}, "condition", P.WAIVE),
    "waiver-create-many": ({"campaign_pk": "campaign", "organization_pk": "home"}, "home", P.WAIVE),
    "listing": (
        {"campaign_pk": "campaign", "organization_pk": "home", "kind": "=waivers"},
        "home",
        P.VIEW_NAMES,
    ),
    "campaign-close": ({"pk": "campaign"}, "campaign", {"office"}),
    # Members of the team that looks after the unit.
    "gate-word": ({"pk": "gate"}, "gate", {"inspector"}),
    "gate-withdraw": ({"pk": "gate"}, "gate", P.REQUEST_GATE),
    "waiver-create": ({"enrolment_pk": "enrolment"}, "enrolment", P.WAIVE),
    "gate-list": ({"campaign_pk": "campaign"}, "campaign", {"office", "leading"}),
    "gate-request": ({"enrolment_pk": "enrolment"}, "enrolment", P.REQUEST_GATE),
    "gate-detail": ({"pk": "gate"}, "gate", (P.VIEW_PROGRESS, P.DECIDE_GATE)),
    "dashboard": ({"campaign_pk": "campaign", "organization_pk": "home"}, "home", P.VIEW_PROGRESS),
    "record-list": ({"campaign_pk": "campaign", "organization_pk": "home"}, "home", P.VIEW_PROGRESS),
    "late-list": ({"campaign_pk": "campaign", "organization_pk": "home"}, "home", P.VIEW_PROGRESS),
    "dashboard-trends": ({"campaign_pk": "campaign", "organization_pk": "home"}, "home", P.VIEW_PROGRESS),
    "dashboard-breakdown": ({"campaign_pk": "campaign", "organization_pk": "home"}, "home", P.VIEW_PROGRESS),
    # One branch has no links for outsiders: nobody makes one there.
    "shared-view-list": ({"campaign_pk": "campaign", "organization_pk": "home"}, "home", (P.EXPORT, set())),
    "shared-view-revoke": ({"pk": "shared"}, "shared", P.EXPORT),
    "study-session-list": ({"enrolment_pk": "enrolment"}, "enrolment", P.VIEW_STUDY),
    "study-session-create": ({"enrolment_pk": "enrolment"}, "enrolment", P.RECORD_STUDY),
    "study-session-detail": ({"pk": "session"}, "session", EVERYONE),
    "study-session-edit": ({"pk": "session"}, "session", P.RECORD_STUDY),
    "study-session-withdraw": ({"pk": "session"}, "session", P.RECORD_STUDY),
    "study-calendar": ({"enrolment_pk": "enrolment"}, "enrolment", holders(P.VIEW_STUDY) | BRANCH),
    "study-days": ({"campaign_pk": "campaign", "organization_pk": "home"}, "home", P.VIEW_STUDY),
    "my-calendar": ({}, None, EVERYONE),
    "calendar-feed-create": ({}, None, EVERYONE),
    "calendar-feed-withdraw": ({}, None, EVERYONE),
    "study-plan-create": ({"enrolment_pk": "enrolment"}, "enrolment", P.RECORD_STUDY),
    "study-plan-detail": ({"pk": "plan"}, "plan", EVERYONE),
    "study-plan-edit": ({"pk": "plan"}, "plan", P.RECORD_STUDY),
    "study-plan-repeat": ({"pk": "plan"}, "plan", P.RECORD_STUDY),
    "study-plan-cancel": ({"pk": "plan"}, "plan", P.RECORD_STUDY),
    "study-plan-tell": ({"pk": "plan"}, "plan", P.RECORD_STUDY),
    "study-plan-attach": ({"pk": "plan"}, "plan", P.RECORD_STUDY),
    "study-plan-record": ({"pk": "plan"}, "plan", P.RECORD_STUDY),
    "study-plan-paper": ({"pk": "plan"}, "plan", P.RECORD_STUDY),
    "study-plan-screen": ({"pk": "plan"}, "plan", P.RECORD_STUDY),
    "study-plan-sign-in": ({"pk": "plan"}, "plan", EVERYONE),
    # Whoever is expected: the branch's people, its secretary and committee among them.
    "study-leave-create": ({"plan_pk": "plan"}, "plan", BRANCH | {"secretary", "committee"}),
    "study-leave-withdraw": ({"pk": "leave"}, "leave", {"author"}),
    "study-leave-decide": ({"pk": "leave"}, "leave", P.DECIDE_LEAVE),
    "make-up-list": ({"enrolment_pk": "enrolment"}, "enrolment", P.VIEW_STUDY),
    "make-up-create-many": ({"enrolment_pk": "enrolment"}, "enrolment", P.RECORD_STUDY),
    "attachment-add": ({"kind": "=study-session", "owner": "session"}, "session", P.RECORD_STUDY),
    "attachment-download": ({"pk": "attachment"}, "session", EVERYONE),
    # Not a picture.
    "attachment-picture": ({"pk": "attachment"}, "nothing", EVERYONE),
    "attachment-remove": ({"pk": "attachment"}, "session", P.RECORD_STUDY),
    "self-study-create": ({"participation_pk": "own"}, "own", {"author"}),
    "self-study-remove": ({"pk": "alone"}, "note", {"author"}),
    "study-note-detail": ({"pk": "note"}, "note", {"author"}),
    "study-note-edit": ({"pk": "note"}, "note", {"author"}),
    "study-note-remove": ({"pk": "note"}, "note", {"author"}),
    "study-note-list": ({"enrolment_pk": "enrolment"}, "enrolment", P.VIEW_STUDY),
    "my-readings": ({"participation_pk": "own"}, "own", holders(P.VIEW_STUDY) | {"author"}),
    "reading-mark": ({"participation_pk": "own", "material_pk": "material"}, "own", {"author"}),
    "material-list": ({"campaign_pk": "campaign"}, "campaign", EVERYONE),
    "material-create": ({"campaign_pk": "campaign"}, "campaign", {"office"}),
    "branch-material-list": ({"enrolment_pk": "enrolment"}, "enrolment", EVERYONE),
    "branch-material-create": ({"enrolment_pk": "enrolment"}, "enrolment", P.RECORD_STUDY),
    "material-detail": ({"pk": "material"}, "campaign", EVERYONE),
    # The campaign's own, kept by its office.
    "material-edit": ({"pk": "material"}, "campaign", {"office"}),
    "material-withdraw": ({"pk": "material"}, "campaign", {"office"}),
    "material-unread": ({"pk": "material", "organization_pk": "home"}, "home", P.VIEW_STUDY),
    "training-list": ({"org_pk": "home"}, "home", P.VIEW_STUDY),
    "training-import": ({"org_pk": "home"}, "home", P.EDIT_ROLL),
    "training-create": ({"member_pk": "member"}, "member", P.EDIT_ROLL),
    "training-edit": ({"pk": "training"}, "member", P.EDIT_ROLL),
    "training-remove": ({"pk": "training"}, "member", P.EDIT_ROLL),
    "core-group": ({"org_pk": "home"}, "home", (P.VIEW_STUDY, {"secretary", "office"})),
    "core-seat-end": ({"pk": "seat"}, "home", P.LEAD_COMMITTEE),
    "study-account": ({"member_pk": "member"}, "member", EVERYONE),
    "study-account-list": ({"org_pk": "home"}, "home", P.VIEW_STUDY),
    "make-up-create": ({"attendance_pk": "attendance"}, "own", P.RECORD_STUDY),
    "my-study": ({"participation_pk": "own"}, "own", holders(P.VIEW_STUDY) | {"author"}),
    "study-note-create": ({"participation_pk": "own"}, "own", {"author"}),
    "self-analysis-edit": ({"participation_pk": "own"}, "own", {"author"}),
    "self-analysis-save": ({"participation_pk": "own"}, "own", {"author"}),
    "self-analysis-submit": ({"participation_pk": "own"}, "own", {"author"}),
    "self-analysis-history": ({"participation_pk": "own", "key": "=review"}, "own", {"author"}),
    "self-analysis-restore": ({"pk": "revision"}, "revision", {"author"}),
    "self-analysis-list": ({"enrolment_pk": "enrolment"}, "enrolment", P.REVIEW_ANALYSIS),
    "self-analysis-review": ({"pk": "analysis"}, "analysis", {"secretary"}),
    "evaluation-records": ({"enrolment_pk": "enrolment"}, "enrolment", P.RECORD_EVALUATION),
    "opinion-round-create": ({"enrolment_pk": "enrolment"}, "enrolment", P.RECORD_EVALUATION),
    "opinion-sheet": ({"enrolment_pk": "enrolment"}, "enrolment", P.RECORD_EVALUATION),
    "opinion-sheet-template": ({"enrolment_pk": "enrolment"}, "enrolment", P.RECORD_EVALUATION),
    "opinion-round-pass-on": ({"pk": "opinions"}, "opinions", P.RECORD_EVALUATION),
    "talk-create": ({"enrolment_pk": "enrolment"}, "enrolment", P.RECORD_EVALUATION),
    "meeting-create": ({"enrolment_pk": "enrolment"}, "enrolment", P.RECORD_EVALUATION),
    "evaluation-record-withdraw": ({"kind": "=opinions", "pk": "opinions"}, "opinions", P.RECORD_EVALUATION),
    "supervision": ({}, None, EVERYONE),
    "leading-group-detail": ({"campaign_pk": "campaign", "organization_pk": "home"}, "home", EVERYONE),
    "leading-group-edit": ({"campaign_pk": "campaign", "organization_pk": "home"}, "home", P.NAME_LEADING_GROUP),
    "leading-group-list": ({"campaign_pk": "campaign", "organization_pk": "home"}, "home", P.VIEW_SUPERVISION),
    "contact-point-list": ({"campaign_pk": "campaign", "organization_pk": "home"}, "home", P.VIEW_SUPERVISION),
    "contact-point-create": ({"participation_pk": "own"}, "own", P.MANAGE_SUPERVISION),
    "contact-point-detail": ({"pk": "point"}, "point", EVERYONE),
    "contact-point-end": ({"pk": "point"}, "point", P.MANAGE_SUPERVISION),
    "contact-visit-create": ({"pk": "point"}, "point", {"author"}),
    "team-list": ({"campaign_pk": "campaign", "organization_pk": "home"}, "home", P.VIEW_SUPERVISION),
    "team-create": ({"campaign_pk": "campaign", "organization_pk": "home"}, "home", P.MANAGE_SUPERVISION),
    "team-detail": ({"pk": "team"}, "team", EVERYONE),
    "team-edit": ({"pk": "team"}, "team", P.MANAGE_SUPERVISION),
    "team-dissolve": ({"pk": "team"}, "team", P.MANAGE_SUPERVISION),
    # All of a team's work is for the team and for those above; the branch sees what concerns itself.
    "team-unseen": ({"pk": "team"}, "team", {"inspector", "office", "leading"}),
    "team-tour": ({"pk": "team"}, "team", EVERYONE),
    "team-member-create": ({"team_pk": "team"}, "team", P.MANAGE_SUPERVISION),
    "team-member-end": ({"pk": "team-member"}, "team", P.MANAGE_SUPERVISION),
    "team-assignment-create": ({"team_pk": "team"}, "team", P.MANAGE_SUPERVISION),
    "team-assignment-end": ({"pk": "team-assignment"}, "team", P.MANAGE_SUPERVISION),
    "visit-plan": ({"team_pk": "team"}, "team", P.LOG_VISIT),
    "visit-create": ({"team_pk": "team"}, "team", P.LOG_VISIT),
    "visit-list": ({"campaign_pk": "campaign", "organization_pk": "home"}, "home", P.VIEW_SUPERVISION),
    "visit-detail": ({"pk": "visit"}, "team", EVERYONE),
    "visit-replan": ({"pk": "visit"}, "team", P.LOG_VISIT),
    "visit-cancel": ({"pk": "visit"}, "team", holders(P.LOG_VISIT) | {"office"}),
    "visit-record": ({"pk": "visit"}, "team", P.LOG_VISIT),
    "finding-create": ({"visit_pk": "visit"}, "team", P.LOG_VISIT),
    "finding-take-up": ({"pk": "finding"}, "team", {"secretary", "committee", "inspector"}),
    "task-list": ({"organization_pk": "home"}, "home", P.VIEW_LEDGER),
    "task-create": ({"enrolment_pk": "enrolment"}, "enrolment", P.EDIT_LEDGER),
    "task-detail": ({"pk": "task"}, "task", EVERYONE),
    "task-edit": ({"pk": "task"}, "task", P.EDIT_LEDGER),
    "task-move": ({"pk": "task"}, "task", EVERYONE),
    "my-tasks": ({"participation_pk": "own"}, "own", {"author"}),
    "my-task-create": ({"participation_pk": "own"}, "own", {"author"}),
}
# Tested on their own: public pages, and addresses whose answer depends on more than who asks.
ELSEWHERE = {
    "shared-view-open",
    "calendar-feed",
    "study-scan",
    "mail-unsubscribe",
    "sign-in",
    "sign-in-code",
    "first-run",
    "document-print",
    "job-download",
}


def views(patterns: Any) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns)
        else:
            yield pattern


@pytest.fixture
def world(db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    """One of everything. Each kind of refusal is drawn once, with menu and all; after that its status is the answer."""
    draw, drawn = errors.page, set[str]()

    def page(request: HttpRequest, status: int, title: str, advice: str) -> HttpResponse:
        if title in drawn:
            return HttpResponse(status=status)
        drawn.add(title)
        return draw(request, status, title, advice)

    monkeypatch.setattr(errors, "page", page)
    return build()


def address(world: World, name: str) -> str:
    """The address of the home branch's objects; a literal argument starts with ``=``."""
    kwargs = ADDRESSES[name][0]
    return reverse(name, kwargs={k: v[1:] if v.startswith("=") else world.objects[v].pk for k, v in kwargs.items()})


def answer(client: Client, method: str, url: str) -> int:
    """The status of one request whose writes are undone."""
    sid = transaction.savepoint()
    try:
        response = client.get(url) if method == "get" else client.post(url)
        if response.status_code == 302 and "/sign-in/" in response.headers["Location"]:
            return 401
        return response.status_code
    finally:
        transaction.savepoint_rollback(sid)


def test_every_address_is_described_and_declares_its_access() -> None:
    found = {view.name: view for view in views(get_resolver().url_patterns)}
    assert set(found) == set(ADDRESSES) | ELSEWHERE
    assert {name for name, view in found.items() if view.callback.access.kind == "public"} == {
        "shared-view-open",
        "calendar-feed",
        "mail-unsubscribe",
        "study-scan",
        "sign-in",
        "sign-in-code",
        "first-run",
    }


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_is_not_signed_in_is_sent_to_the_sign_in_page(world: World, client: Client, method: str) -> None:
    answers = {name: answer(client, method, address(world, name)) for name in ADDRESSES}
    assert set(answers.values()) == {401}, answers


# Who may do what asks nothing of the database: four hats are walked on both, the others on one.
WALKED_TWICE = {"office", "secretary", "inspector", "author"}
EACH = [pytest.param(who, marks=() if who in WALKED_TWICE else pytest.mark.once) for who in sorted(EVERYONE)]


@pytest.mark.parametrize("who", EACH)
def test_each_role_gets_what_is_its_right_and_nothing_else(world: World, who: str) -> None:
    wrong = []
    client = Client()
    client.force_login(world.users[who])
    signed_in = client.cookies["sessionid"].value
    for name, (_, seen, may) in ADDRESSES.items():
        rules = may if isinstance(may, tuple) else (may, may)
        for method, rule in zip(("get", "post"), rules, strict=True):
            allowed = holders(rule) if isinstance(rule, str) else rule
            hidden = seen is not None and who not in SEEN[seen]
            expected = 404 if hidden else 0 if who in allowed else 403
            client.cookies["sessionid"] = signed_in
            status = answer(client, method, address(world, name))
            if name == "sign-out":
                expected = 401
            fine = status == 405 or (status == expected if expected else status not in {401, 403, 404} and status < 500)
            if not fine:
                wrong.append(f"{method} {name}: {status} instead of {expected or 'success'}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("who", sorted(OUTSIDE))
def test_no_document_of_a_foreign_branch_is_found(world: World, who: str) -> None:
    client = Client()
    client.force_login(world.users[who])
    params = {key: thing.pk for key, thing in world.objects.items()}
    params |= {"organization": world.objects["home"].pk, "participation": world.objects["own"].pk}
    found = {d.code: client.post(reverse("document-print", args=[d.code]), params).status_code for d in documents}
    assert set(found.values()) == {404}, found
