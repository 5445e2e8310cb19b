"""What an organisation department keeps: committees and their terms, who is looked for, who is on the way to another branch."""

from datetime import timedelta
from uuid import uuid4

from members.actions import committee, covered, oversight, search, transfer
from members.committee import COMMITTEE_FROM, term_years
from members.models import CommitteePost, Member, Mobility, Organization, SearchAttempt
from rectification.demo.district import District

Title = CommitteePost.Title
How = SearchAttempt.How
# Beside the secretary; the last of them is left out where the committee is not complete.
COMMITTEE = (Title.ORGANIZATION, Title.PUBLICITY, Title.DISCIPLINE)
ATTEMPTS = (
    (40, How.PHONE, "登记的电话已停机，短信没有回复。", "走访原住址"),
    (26, How.VISIT, "原住址已出租，邻居说两年前外出务工，具体地点不详。", "向亲友打听"),
    (9, How.FAMILY, "向其表弟打听，答应帮助转告联系方式，尚无回音。", "请公安机关协查"),
)


def keep_people(district: District) -> None:
    """Everything about organisations and members that is no part of a campaign."""
    branches = list(Organization.objects.under(district.root).branches())
    for position, branch in enumerate(branches):
        elect(district, branch, position)
    look_for_the_lost(district)
    link_up(district)
    send_letters(district, branches)


def elect(district: District, branch: Organization, position: int) -> None:
    """A committee from the roll: here and there the term is over, or a seat is empty."""
    secretary = district.secretaries[branch.pk].member
    people = branch.members.on_roll().filter(status=Member.Status.FULL)
    others = [person for person in people if person != secretary] if people.count() >= COMMITTEE_FROM else []
    titles = COMMITTEE[: 1 if position % 9 == 4 else 3]
    seats = [committee.Seat(Title.SECRETARY, secretary.name, secretary)] if secretary else []
    seats += [committee.Seat(title, person.name, person) for title, person in zip(titles, others, strict=False)]
    years = term_years(branch.kind)
    days = years * 365 + 30 if position % 11 == 6 else 200 + 40 * (position % 15)
    committee.elect(
        organization=branch, seats=seats, on=district.today - timedelta(days), years=years, by=district.office
    )


def look_for_the_lost(district: District) -> None:
    """Members who cannot be found, with what was tried (S2 三2)."""
    missing = Mobility.objects.filter(
        kind=Mobility.Kind.LOST, until=None, member__branch__path__startswith=district.root.path
    )
    for position, mobility in enumerate(missing.select_related("member__branch").order_by("pk")):
        for days, how, outcome, following in ATTEMPTS[: 1 + position % len(ATTEMPTS)]:
            search.record(
                mobility=mobility,
                made_on=district.today - timedelta(days),
                how=how,
                reached=False,
                outcome=outcome,
                next_step=following,
                submission=uuid4(),
                by=district.secretaries[mobility.member.branch_id],
            )


def link_up(district: District) -> None:
    """Units that a joint branch covers with somebody sent to them (S3 三4), and one branch that the second line looks on at (S2 四)."""
    joint = Organization.objects.under(district.root).filter(kind=Organization.Kind.JOINT_BRANCH).first()
    if joint is not None:
        units = [("兴业五金加工厂", 46, 2), ("顺达汽车修理部", 18, 1), ("青禾电子商务公司", 63, 0)]
        made = [
            covered.add_unit(organization=joint, name=name, employees=employees, members=members, by=district.office)
            for name, employees, members in units
        ]
        covered.send(
            organization=joint,
            kind="instructor",
            name="周晓岚",
            sent_by=f"{district.root.name}组织部",
            unit=made[-1],
            since=district.today - timedelta(80),
            by=district.office,
        )
    general = Organization.objects.under(district.root).filter(kind=Organization.Kind.GENERAL_BRANCH).first()
    elsewhere = Organization.objects.under(district.root).filter(sector=Organization.Sector.FINANCE).first()
    if general is not None and elsewhere is not None:
        oversight.set_overseer(organization=elsewhere, overseer=general, by=district.office)


def send_letters(district: District, branches: list[Organization]) -> None:
    """Transfers on their way: one waits for the first branch, one waits for another, one leads out of the district."""
    first, second, third = branches[0], branches[1], branches[2]
    for number, (origin, target, place) in enumerate(
        [(second, first, ""), (first, third, ""), (third, None, "邻市高新区人才服务中心党支部")], start=1
    ):
        person = origin.members.on_roll().filter(user=None, mobilities=None, committee_posts=None).last()
        if person is not None:
            letter = transfer.Letter(
                f"青组介〔{district.today.year}〕{number:03}号", district.today - timedelta(number), 90
            )
            transfer.request(
                member=person, target=target, place=place, letter=letter, by=district.secretaries[origin.pk]
            )
