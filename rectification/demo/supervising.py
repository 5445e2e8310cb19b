"""Who leads, who looks after whom, and what the inspection team has seen (S0 五; S2 四)."""

from datetime import timedelta
from typing import Any

from campaign.actions import contact_point, inspection, leading_group
from campaign.actions import visit as visits
from campaign.models import (
    Campaign,
    ContactPoint,
    Enrolment,
    InspectionTeam,
    LeadingGroup,
    LeadingGroupPost,
    TeamMember,
    Visit,
)
from campaign.supervision.contact_points import cadres
from members.models import Organization, User
from members.scope import within
from rectification.actions import task as tasks
from rectification.demo.district import District, moment
from rectification.models import Task

Duty = LeadingGroupPost.Duty
# Days ago, which branch of the team's, what was seen, problems: (category, text, measure, days until it is due).
SEEN = [
    (
        24, 0, "查阅学习记录和心得，旁听党课一次，与八名党员个别谈话。", "组织有力，学习记录齐全，党员精神状态好。",
        [("belief", "个别党员学习心得照抄文件，联系思想实际不够", "支部逐人谈心，重写心得，书记把关", 10)],
    ),
    (
        17, 1, "列席支部委员会，查阅征求意见原始记录，走访服务窗口。", "征求意见面宽，原汁原味反馈还要加强。",
        [
            ("service", "办事窗口午间无人值守，群众意见较集中", "安排轮流值班并公示值班表", 12),
            ("style", "会议偏多，下基层时间得不到保证", "合并会议，明确每周下基层的时间", 15),
        ],
    ),
    (9, 2, "座谈了解，随机抽查六份党性分析材料的进度。", "", [("organization", "党小组活动不经常", "按月安排党小组活动", 25)]),
    (4, 6, "实地走访，听取领导小组汇报，查看整改台账。", "边学边改做得扎实。", []),
]  # fmt: skip


def supervise(district: District, campaign: Campaign) -> None:
    """Leading groups of the upper levels, contact points of leading cadres, and one inspection team at work."""
    generals = list(district.root.children())
    name_groups(district, campaign, generals)
    look_after(district, campaign)
    send_team(district, campaign, generals[:3])


def name_groups(district: District, campaign: Campaign, generals: list[Organization]) -> None:
    """The district's group in full; one general branch in four has not named anybody yet."""
    people: dict[str, list[tuple[str, str]]] = {
        Duty.HEAD: [("陈立功", "区委书记")],
        Duty.DEPUTY: [("吴秀英", "区委副书记"), ("梁振华", "区委常委、组织部长")],
        Duty.MEMBER: [("郝明", "区委常委、宣传部长"), ("江静", "区委办公室主任"), ("苏勇", "区直机关工委书记")],
        Duty.OFFICE_HEAD: [("梁振华", "区委常委、组织部长兼")],
        Duty.OFFICE_STAFF: [("周晓岚", "组织部"), ("彭海燕", "宣传部"), ("邵军", "区委办公室")],
    }
    day = campaign.starts_on
    # Branches named theirs while they prepared.
    LeadingGroup.objects.filter(campaign=campaign).update(since=day)
    LeadingGroupPost.objects.filter(group__campaign=campaign).update(since=day)
    leading_group.name_group(
        campaign=campaign,
        organization=district.root,
        people=people,
        on=day,
        since=day,
        phone="010-6900-2005",
        document=f"青发〔{day.year}〕3号",
        by=district.office,
    )
    for position, general in enumerate(generals):
        if position % 4 == 3:
            continue
        branch = general.children().first()
        head = district.secretaries[branch.pk].name if branch else district.office.name
        leading_group.name_group(
            campaign=campaign,
            organization=general,
            people={Duty.HEAD: [(head, "党总支书记")]},
            on=day,
            since=day,
            phone=f"010-6900-21{position:02}",
            by=district.office,
        )


def look_after(district: District, campaign: Campaign) -> None:
    """Leading cadres look after branches elsewhere; some have been there, two have no contact point yet."""
    branches = branches_of(campaign, [district.root])
    found = list(cadres(campaign, district.root))
    for position, cadre in enumerate(found[:-2] if len(found) > 4 else found):
        others = [unit.organization for unit in branches if unit.pk != cadre.enrolment_id]
        point = contact_point.give(
            participation=cadre,
            organization=others[(7 * position + 11) % len(others)],
            since=campaign.starts_on + timedelta(6),
            purpose="" if position % 3 else "党员队伍状况和群众反映突出的问题",
            by=district.office,
        )
        if position % 3 != 2:
            go_there(district, point, 5 + position)


def go_there(district: District, point: ContactPoint, days: int) -> None:
    """A cadre's own account writes it down where there is one."""
    by = User.objects.filter(member=point.participation.member_id).first() or district.office
    visit, _ = visits.log(
        organization=point.organization,
        contact_point=point,
        submission=None,
        on=max(district.today - timedelta(days), point.since),
        part=Visit.Part.AFTERNOON,
        way=Visit.Way.FORUM,
        met="支部书记、党员代表",
        looked_at="参加支部学习，与党员、群众座谈，了解学习安排和群众最希望解决的问题，帮助协调办公场所修缮。",
        by=by,
    )
    backdate(visit)


def backdate(visit: Visit) -> None:
    """It was written down on the day itself."""
    Visit.objects.filter(pk=visit.pk).update(recorded_at=moment(visit.on), created_at=moment(visit.on))


def send_team(district: District, campaign: Campaign, places: list[Organization]) -> None:
    """The first inspection team: three people, three general branches, visits made, planned, and one not written down."""
    since = campaign.starts_on
    team = inspection.set_up(
        campaign=campaign,
        organization=district.root,
        name="第一督导组",
        phone="010-6900-2111",
        charge="督导学习动员、分析评议和整改提高各阶段的实际效果，重点看是否走过场、群众是否满意。",
        since=since,
        until=campaign.ends_on,
        by=district.office,
    )
    leader = User.objects.get(username="inspector")
    first = inspection.add_member(team=team, person=leader, leads=True, since=since, until=None, by=district.office)
    helpers = [m for m in last_members(district) if not hasattr(m, "user")][:2]
    people = [first] + [
        inspection.add_member(team=team, person=m, leads=False, since=since, until=None, by=district.office)
        for m in helpers
    ]
    for place in places:
        inspection.assign(team=team, organization=place, since=since, until=None, by=district.office)
    units = branches_of(campaign, places)
    leader = User.objects.get(pk=leader.pk)
    see(district, team, people, units, leader)
    plan(district, team, people, units, leader)


def last_members(district: District) -> list[Any]:
    """Retired comrades of another part of the district help the team."""
    from_elsewhere = Organization.objects.under(district.root).branches().last()
    return list(from_elsewhere.members.on_roll()) if from_elsewhere else []


def branches_of(campaign: Campaign, places: list[Organization]) -> list[Enrolment]:
    """Branches that take part at these places, in tree order."""
    units = Enrolment.objects.filter(campaign=campaign, organization__kind__in=Organization.BRANCH_KINDS)
    rows = units.filter(within([place.path for place in places], "organization__path"))
    return list(rows.in_tree_order().select_related("organization"))


def see(
    district: District, team: InspectionTeam, people: list[TeamMember], units: list[Enrolment], leader: User
) -> None:
    """Visits that were made, what was found, and how far it has been put right."""
    for days, place, looked_at, impression, problems in SEEN:
        unit = units[place % len(units)]
        visit, _ = visits.log(
            organization=unit.organization,
            team=team,
            people=people[:2],
            submission=None,
            on=district.today - timedelta(days),
            part=Visit.Part.MORNING,
            way=Visit.Way.VISIT,
            met=f"{district.secretary(unit).name}等",
            looked_at=looked_at,
            impression=impression,
            by=leader,
        )
        backdate(visit)
        for category, text, measure, until in problems:
            due_on = visit.on + timedelta(until)
            visits.find(
                visit=visit,
                enrolment=unit,
                submission=None,
                category=category,
                text=text,
                measure=measure,
                due_on=due_on,
                by=leader,
            )
    first, second = Task.objects.filter(finding__visit__team=team).order_by("pk")[:2]
    for entry, moves in ((first, ("start",)), (second, ("start", "report"))):
        for code in moves:
            text = "已经着手，逐项落实。" if code == "start" else "值班表已公示两周，群众反映良好，请核实。"
            entry = tasks.move(task=entry, code=code, text=text, by=district.secretary(entry.enrolment))


def plan(
    district: District, team: InspectionTeam, people: list[TeamMember], units: list[Enrolment], leader: User
) -> None:
    """The coming visits of the team, and one whose day is over."""
    for days, place, part, announced, purpose in [
        (-1, 3, Visit.Part.AFTERNOON, True, "专题组织生活会准备情况"),
        (2, 4, Visit.Part.MORNING, True, "党性分析材料撰写和征求意见"),
        (5, 7, Visit.Part.MORNING, False, "随机看支部活动和台账"),
        (9, 8, Visit.Part.DAY, True, "民主评议准备和整改落实"),
    ]:
        visits.plan(
            team=team,
            organizations=[units[place % len(units)].organization],
            people=people[:2],
            on=district.today + timedelta(days),
            part=part,
            way=Visit.Way.VISIT,
            purpose=purpose,
            announced=announced,
            by=leader,
        )
