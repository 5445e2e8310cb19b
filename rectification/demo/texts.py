"""What is said and written in the demonstration."""

from campaign.models import StudySession
from rectification.models import Task

SESSIONS = [
    (StudySession.Form.MOBILIZATION, "先进性教育活动动员大会", 3),
    (StudySession.Form.COLLECTIVE, "学习《保持共产党员先进性教育读本》", 8),
    (StudySession.Form.LECTURE, "专题党课：新时期怎样保持先进性", 13),
    (StudySession.Form.DISCUSSION, "讨论本单位党员先进性具体要求", 18),
    (StudySession.Form.ACTIVITY, "走进社区为群众办实事主题实践", 23),
]
CORE_GROUP = (StudySession.Form.CORE_GROUP, "中心组专题学习党章", 10)

PARAGRAPHS = {
    0: [
        "一年来，我坚持参加支部组织的集中学习，认真做了读书笔记，对党的先进性建设有了更深的认识。",
        "工作中能够完成承担的任务，但主动下基层了解情况不够，有时满足于完成规定动作。",
        "作风上总体比较扎实，能够团结同志，但对群众反映的具体问题跟踪不够及时。",
    ],
    1: [
        "理论学习不够系统，学用结合不紧。",
        "联系服务群众不够主动，走访的次数偏少。",
        "工作中有急躁情绪，听取不同意见不够耐心。",
    ],
    2: [
        "放松了世界观的改造，把学习当作软任务，缺乏紧迫感。",
        "宗旨意识有所淡化，把为群众办事停留在一般号召上。",
        "进取心不足，满足于过得去，没有用更高的标准要求自己。",
    ],
    3: [
        "坚持每周自学不少于两小时，每季度写一篇心得。",
        "每月走访两户困难群众，把反映的问题记下来、办到底。",
        "遇事多商量，虚心听取同志们的意见，改进工作方法。",
    ],
}
PROBLEMS = [
    (
        Task.Category.STYLE,
        "办事窗口中午无人值守，群众来办事要跑第二趟",
        "实行午间轮流值班，公布值班电话",
        Task.Kind.IMMEDIATE,
    ),
    (
        Task.Category.SERVICE,
        "楼道照明损坏报修后长时间没有修复",
        "会同物业一周内全部修复，建立报修回访制度",
        Task.Kind.DATED,
    ),
    (
        Task.Category.ORGANIZATION,
        "组织生活记录不完整，党小组活动不经常",
        "指定专人记录，每月检查一次",
        Task.Kind.LASTING,
    ),
    (Task.Category.PURPOSE, "走访困难党员和群众次数偏少", "支部委员分片包户，每月至少走访一次", Task.Kind.LASTING),
    (Task.Category.BELIEF, "集中学习内容与实际工作结合不紧", "每次学习确定一个工作中的问题开展讨论", Task.Kind.DATED),
]

PLAN = """一、目标要求：提高党员素质，加强基层组织，服务人民群众，促进各项工作。
二、时间安排：按照上级统一部署，分学习动员、分析评议、整改提高三个阶段进行，集中学习教育不少于三个月。
三、方法步骤：集中学习与个人自学相结合，广泛征求群众意见，开好专题组织生活会，逐项落实整改。
四、组织领导：支部书记为直接责任人，支部委员分工联系党员，年老体弱党员送学上门。"""
