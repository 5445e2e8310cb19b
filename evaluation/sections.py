"""The sections of a self-analysis and the standards it is held against (S0 四 第二阶段)."""

from collections.abc import Sequence
from dataclasses import dataclass

from campaign.models import Participation
from members.models import MemberTag


@dataclass(frozen=True)
class Standard:
    """One set of standards: its name and what it asks, in short words of our own."""

    title: str
    points: Sequence[str]


@dataclass(frozen=True)
class SectionSpec:
    """One section: what is written there and the standards shown beside it."""

    key: str
    title: str
    advice: str
    standards: Sequence[Standard]


DUTIES = Standard(
    "党章规定的党员义务",
    (
        "学习理论、路线方针政策、党的基本知识和业务知识",
        "贯彻党的基本路线和各项方针政策，在生产、工作、学习和社会生活中起先锋模范作用",
        "党和人民的利益高于一切，吃苦在前、享受在后",
        "遵守党的纪律和国家法律，保守秘密，执行决定，服从分配",
        "维护党的团结统一，对党忠诚老实，言行一致",
        "开展批评与自我批评，揭露和纠正缺点错误",
        "密切联系群众，向群众宣传党的主张，反映群众意见，维护群众正当利益",
        "发扬社会主义新风尚，困难和危险时挺身而出",
    ),
)
SIX_REQUIREMENTS = Standard(
    "保持先进性的六条基本要求",
    ("坚持理想信念", "坚持勤奋学习", "坚持党的根本宗旨", "坚持勤奋工作", "坚持遵守党的纪律", "坚持“两个务必”"),
)
TWO_MUSTS = Standard("两个务必", ("保持谦虚、谨慎、不骄、不躁的作风", "保持艰苦奋斗的作风"))
EIGHT_AND_EIGHT = Standard(
    "八个坚持、八个反对",
    (
        "解放思想、实事求是——反对因循守旧、不思进取",
        "理论联系实际——反对照抄照搬、本本主义",
        "密切联系群众——反对形式主义、官僚主义",
        "民主集中制——反对独断专行、软弱涣散",
        "党的纪律——反对自由主义",
        "清正廉洁——反对以权谋私",
        "艰苦奋斗——反对享乐主义",
        "任人唯贤——反对用人上的不正之风",
    ),
)
LEADER_CONDITIONS = Standard(
    "党员领导干部的基本条件",
    (
        "有较高的理论水平，能用来分析和解决实际问题",
        "有共产主义理想和社会主义信念，带头执行党的路线方针政策",
        "解放思想、实事求是，讲实话、办实事、求实效",
        "有事业心和责任感，有组织能力、文化水平和专业知识",
        "正确行使权力，依法办事、清正廉洁，接受监督",
        "坚持民主集中制，有民主作风和全局观念，团结同志",
    ),
)
THREE_VIEWS = Standard(
    "从“三观”上找根源",
    (
        "世界观：理想信念是否坚定，看问题、办事情是否实事求是",
        "人生观：为什么活着、为谁工作，遇到个人得失时怎样取舍",
        "价值观：把什么看得最重，奉献与索取怎样摆",
    ),
)
LEADER_VIEWS = Standard(
    "领导干部还要剖析",
    (
        "权力观：权力从哪里来、为谁用，是否自觉接受监督",
        "地位观：怎样看待职务和进退，是否把岗位当作责任",
        "利益观：公与私、群众利益与个人利益怎样摆",
    ),
)
DIRECTION = Standard(
    "写得实，才改得了",
    (
        "每个突出问题都有对应的改进办法",
        "办法具体：改什么、怎么改、什么时候见效",
        "能马上改的先改，一时改不了的说明打算",
        "愿意接受谁的监督",
    ),
)


def sections_for(participation: Participation) -> tuple[SectionSpec, ...]:
    """The four sections, in order; leading cadres also look at 权力观, 地位观, 利益观 (S0 四)."""
    leads = participation.member.has_tag(MemberTag.Kind.LEADER)
    measures = (DUTIES, LEADER_CONDITIONS, SIX_REQUIREMENTS) if leads else (DUTIES, SIX_REQUIREMENTS)
    views = "世界观、人生观、价值观" + ("和权力观、地位观、利益观" if leads else "")
    return (
        SectionSpec(
            "review",
            "近年来思想、工作、作风等方面的情况",
            "分思想、工作、作风几个方面，实事求是地总结。",
            measures,
        ),
        SectionSpec(
            "problems",
            "存在的突出问题",
            "对照标准和征求到的意见，重点检查自己身上的问题，写具体的人和事，不求面面俱到。",
            (TWO_MUSTS, EIGHT_AND_EIGHT),
        ),
        SectionSpec(
            "roots",
            "思想根源剖析",
            f"从{views}上分析这些问题为什么会出在自己身上。",
            (THREE_VIEWS, LEADER_VIEWS) if leads else (THREE_VIEWS,),
        ),
        SectionSpec("direction", "今后努力方向和整改措施", "针对上面的问题写打算，能做到的才写。", (DIRECTION,)),
    )
