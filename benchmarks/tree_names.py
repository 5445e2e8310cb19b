"""Names of a country's worth of organisations, the same each time: provinces, cities, counties, units, branches."""

import random
from collections.abc import Iterator
from functools import cache

from members.pinyin import DIVISIONS, letters_of

WORDS = """
北京市 天津市 河北省 山西省 内蒙古自治区 辽宁省 吉林省 黑龙江省 上海市 江苏省 浙江省 安徽省 福建省 江西省 山东省 河南省 湖北省 湖南省 广东省
广西壮族自治区 海南省 重庆市 四川省 贵州省 云南省 西藏自治区 陕西省 甘肃省 青海省 宁夏回族自治区 新疆维吾尔自治区
|
财政局 教育局 卫生局 民政局 公安局 司法局 水利局 农业局 林业局 税务局 工商局 环保局 统计局 审计局 文化局 体育局 交通局 建设局 国土局 规划局
人事局 科技局 信访局 档案局 气象局 粮食局 物价局 质监局 药监局 安监局 人民法院 人民检察院 总工会 团委 妇联 残联 供销社 广播电视台 人民医院
中医院 疾控中心 第一中学 第二中学 实验小学 职业技术学校 自来水公司 供电公司 公交公司 建筑工程公司 工程咨询公司 农村信用社 邮政局
|
纺织 机械 化工 食品 电子 建材 物流 商贸 制药 服装 印刷 酿酒 汽车配件 软件 旅游 园林 装饰 五金 家具 船舶
|
有限公司 有限责任公司 集团公司 厂 研究所
|
安 宝 昌 长 成 大 德 东 丰 富 广 桂 海 汉 和 河 衡 怀 淮 黄 惠 吉 济 江 金 晋 荆 景 九 开 昆 兰 乐 连 临 柳 龙 洛 马 眉 绵 南 宁 平 萍 青 庆
泉 三 商 上 韶 石 双 松 苏 遂 泰 唐 通 铜 温 乌 武 西 咸 湘 新 邢 徐 烟 延 盐 阳 宜 营 永 榆 岳 云 枣 漳 镇 郑 中 舟 珠 株 遵
|
安 昌 城 池 川 德 定 都 丰 关 光 桂 海 和 河 衡 湖 淮 化 江 津 京 康 口 乐 凉 林 岭 龙 门 明 南 宁 平 萍 浦 泉 沙 山 水 顺 台 塘 田 头 湾 西
溪 乡 兴 阳 源 原 远 云 州 洲
"""
PROVINCES, OFFICES, TRADES, ENDINGS, FIRST, LAST = (part.split() for part in WORDS.split("|"))
NUMERALS = "一二三四五六七八九"


def numeral(n: int) -> str:
    """Chinese words for 1 to 99."""
    tens, ones = divmod(n, 10)
    return f"{'' if not tens else '十' if tens == 1 else NUMERALS[tens - 1] + '十'}{NUMERALS[ones - 1] if ones else ''}"


def places(dice: random.Random, ending: str) -> Iterator[str]:
    while True:
        yield f"{dice.choice(FIRST)}{dice.choice(LAST)}{dice.choice(ending)}"


def unit(dice: random.Random, county: str) -> str:
    """What a county has: offices, townships, communities and firms."""
    kind = dice.random()
    if kind < 0.4:
        return f"{county}{dice.choice(OFFICES)}"
    place = f"{dice.choice(FIRST)}{dice.choice(LAST)}"
    if kind < 0.75:
        return f"{place}{dice.choice(['镇', '乡', '街道', '社区', '开发区'])}"
    return f"{county}{place}{dice.choice(TRADES)}{dice.choice(ENDINGS)}"


def branch(dice: random.Random, of: str, n: int) -> str:
    """One of a unit's branches: numbered, of a village, or of a department."""
    kind = dice.random()
    if kind < 0.45:
        return f"{of}第{numeral(n % 99 + 1)}党支部"
    if kind < 0.8:
        return f"{of}{dice.choice(FIRST)}{dice.choice(LAST)}村党支部"
    return f"{of}{dice.choice(['机关', '离退休', '后勤', '财务科', '生产车间', '联合', '办公室', '销售部'])}党支部"


@cache
def letters(part: str) -> tuple[str, str]:
    return letters_of(part), letters_of(DIVISIONS.sub("", part))


def initials(of: str, name: str) -> str:
    """``initials_of`` put together from parts, since so many names begin alike; letters at the seam may differ."""
    whole, short = (a + b for a, b in zip(letters(of), letters(name.removeprefix(of)), strict=True))
    return whole if whole == short else f"{whole} {short}"


ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CITIES, COUNTIES, UNITS, BRANCHES, WIDEST = 12, 8, 17, 34, 30_000


def step(n: int) -> str:
    """The n-th child's part of a path."""
    found = ""
    for _ in range(4):
        n, digit = divmod(n, len(ALPHABET))
        found = ALPHABET[digit] + found
    return found


Line = tuple[str, str, str, int, str, str]  # path, name, initials, children, code, kind


def tree(provinces: int = len(PROVINCES)) -> Iterator[Line]:
    """The whole country in tree order: 1,804,101 organisations; fewer provinces make it smaller by the share."""
    dice, root = random.Random(2005), step(1)  # noqa: S311

    def node(path: str, of: str, rest: str, children: int, code: str, kind: str = "committee") -> Line:
        return path, of + rest, initials(of, of + rest), children, code, kind

    yield node(root, "", "全国先进性教育活动领导小组", provinces + 1, "0")
    cities, counties = places(dice, "市"), places(dice, "县区县区市旗")
    for p, province in enumerate(PROVINCES[:provinces], 1):
        in_province = root + step(p)
        yield node(in_province, province, "委员会", CITIES, f"{p:02}")
        for c in range(1, CITIES + 1):
            city, in_city = next(cities), in_province + step(c)
            yield node(in_city, city, "委员会", COUNTIES, f"{p:02}{c:02}")
            for k in range(1, COUNTIES + 1):
                county, in_county = next(counties), in_city + step(k)
                yield node(in_county, county, "委员会", UNITS, f"{p:02}{c:02}{k:02}")
                for u in range(1, UNITS + 1):
                    of, in_unit, code = unit(dice, county), in_county + step(u), f"{p:02}{c:02}{k:02}{u:03}"
                    yield node(in_unit, of, "党委", BRANCHES, code)
                    for b in range(1, BRANCHES + 1):
                        name = branch(dice, of, b)
                        yield node(in_unit + step(b), of, name.removeprefix(of), 0, f"{code}{b:03}", "branch")
    wide = root + step(provinces + 1)
    yield node(wide, "", "中央企业联合党委", WIDEST, "99")
    for b in range(1, WIDEST + 1):
        yield node(wide + step(b), unit(dice, "中央企业"), "党支部", 0, f"99{b:06}", "branch")
