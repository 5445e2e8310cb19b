"""A branch that takes part in a campaign with an analysis to write, and the people around it."""

from dataclasses import dataclass

from campaign.models import Campaign, Enrolment, Participation
from campaign.progress.writing import Figures, figures_of
from evaluation.actions import self_analysis as actions
from evaluation.models import SelfAnalysis
from members.models import Organization, User
from members.permissions import Role
from tests import factories as make

KEYS = ("review", "problems", "roots", "direction")
REQUIREMENTS = (
    ("analysis-submitted", "all-members"),
    ("analysis-accepted", "all-members"),
    ("talk-held", "all-members"),
    ("opinions-passed-on", "all-branches"),
    ("life-meeting-held", "all-branches"),
    ("democratic-meeting-held", "all-branches"),
)


@dataclass
class Place:
    """City → general branch → branch «home» with author, colleague, committee and secretary; «away» is elsewhere."""

    city: Organization
    general: Organization
    home: Organization
    campaign: Campaign
    enrolment: Enrolment
    author: User
    colleague: User
    committee: User
    secretary: User
    outsider: User
    superior: User

    def own(self, user: User) -> Participation:
        return Participation.objects.select_related("member", "campaign", "enrolment__organization").get(
            member=user.member, campaign=self.campaign
        )

    def figures(self, code: str) -> Figures:
        """What the city's dashboard shows for an indicator."""
        requirement = self.campaign.requirements.get(indicator_code=code)
        return figures_of(self.campaign, Organization.objects.get(pk=self.city.pk))[requirement.pk]

    def write(self, user: User, text: str = "我的思想情况") -> Participation:
        own = self.own(user)
        for key in KEYS:
            actions.save_section(participation=own, key=key, base=0, text=f"{text}·{key}", by=user)
        return own

    def hand_in(self, user: User, text: str = "我的思想情况") -> SelfAnalysis:
        own = self.write(user, text)
        actions.submit(participation=own, by=user)
        return SelfAnalysis.objects.with_author().get(participation=own)


def build() -> Place:
    city = make.organization("市委")
    general = make.organization("机关党总支", city, kind=Organization.Kind.GENERAL_BRANCH)
    home = make.branch(general, "第一党支部")
    away = make.branch(city, "第二党支部")
    author, colleague = make.user(make.member(home, "王芳")), make.user(make.member(home, "李强"))
    committee = make.hat(Role.COMMITTEE, home, of=make.member(home, "委员甲"))
    secretary, outsider = make.secretary(home), make.secretary(away)
    superior = make.hat(Role.SECRETARY, general, of=make.member(away, "总支书记"))
    campaign = make.campaign(Organization.objects.get(pk=city.pk), REQUIREMENTS)
    enrolment = make.enrolment(campaign, home)
    make.enrolment(campaign, away)
    return Place(city, general, home, campaign, enrolment, author, colleague, committee, secretary, outsider, superior)
