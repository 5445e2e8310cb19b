"""To whom a requirement can apply."""

from django.db.models import Exists, OuterRef, Q

from members.models import Appointment, MemberTag, Mobility, Organization
from members.permissions import Role
from portal.indicators import Audience, Subject, audiences


def tagged(kind: str) -> Exists:
    return Exists(MemberTag.objects.filter(member=OuterRef("member"), kind=kind))


PERSON, ORGANIZATION = Subject.PERSON, Subject.ORGANIZATION

audiences.register(Audience("all-members", "全体党员", PERSON, lambda: Q(pk__isnull=False)))
audiences.register(Audience("leaders", "党员领导干部", PERSON, lambda: tagged(MemberTag.Kind.LEADER)))
audiences.register(Audience("probationary", "预备党员", PERSON, lambda: Q(member__status="probationary")))
audiences.register(
    Audience(
        "floating",
        "流动党员",
        PERSON,
        # Wherever they take part: at home, or as guests where they live now (S0 四).
        lambda: Exists(Mobility.objects.current().filter(member=OuterRef("member")).exclude(kind=Mobility.Kind.LOST)),
    )
)
audiences.register(
    Audience(
        "secretaries",
        "支部书记",
        PERSON,
        # Whoever stands in for a secretary for a time is not asked for what secretaries owe.
        lambda: Exists(
            Appointment.objects.current().filter(
                user__member=OuterRef("member"), role=Role.SECRETARY, delegated_from=None
            )
        ),
    )
)
audiences.register(
    Audience("all-branches", "全体支部", ORGANIZATION, lambda: Q(organization__kind__in=["branch", "joint-branch"]))
)
audiences.register(
    Audience(
        "branches-with-leaders",
        "有领导干部的支部",
        ORGANIZATION,
        lambda: Exists(
            MemberTag.objects.filter(
                member__participations__enrolment=OuterRef("pk"),
                member__participations__left_on=None,
                kind=MemberTag.Kind.LEADER,
            )
        ),
    )
)
audiences.register(
    Audience(
        "committees",
        "党委、党总支和党组",
        ORGANIZATION,
        lambda: Q(organization__kind__in=Organization.COMMITTEE_KINDS),
    )
)
audiences.register(
    Audience(
        "leading-bodies",
        "党委、党工委和党组",
        ORGANIZATION,
        lambda: Q(
            organization__kind__in=[k for k in Organization.COMMITTEE_KINDS if k != Organization.Kind.GENERAL_BRANCH]
        ),
    )
)
audiences.register(Audience("all-units", "全体参加单位", ORGANIZATION, lambda: Q(pk__isnull=False)))
