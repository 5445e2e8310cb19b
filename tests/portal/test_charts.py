"""Pictures say what the numbers say, to eyes, to screen readers, and without colour."""

import re
from datetime import date
from xml.etree import ElementTree

from portal.charts import (
    Bar,
    Part,
    Span,
    TimeRow,
    category_bars,
    coverage_bar,
    stacked_bars,
    timeline,
    trend,
)
from portal.charts.drawing import DARK, WIDTH

SVG = "{http://www.w3.org/2000/svg}"


def drawn(svg: str) -> ElementTree.Element:
    """Parses, and holds nothing that the page's security policy forbids."""
    assert "style=" not in svg
    assert "<script" not in svg
    assert not re.search(r"\son\w+=", svg)
    return ElementTree.fromstring(svg)  # noqa: S314


def test_bars_are_as_long_as_their_share() -> None:
    svg = stacked_bars("完成情况", [Bar("学习", 30, 10, 80, "人")])
    widths = [float(r.get("width", 0)) for r in drawn(svg).iter(f"{SVG}rect") if r.get("height") == "13"]
    assert widths == [WIDTH, WIDTH * 30 / 80, WIDTH * 10 / 80]
    assert "应完成80人，完成30，免除10，未完成40" in svg


def test_nobody_asked_is_no_full_bar() -> None:
    svg = stacked_bars("完成情况", [Bar("讲党课", 0, 0, 0, "人")])
    assert "无适用对象" in svg
    assert not [r for r in drawn(svg).iter(f"{SVG}rect") if r.get("height") == "13"]


def test_parts_differ_without_colour() -> None:
    root = drawn(stacked_bars("完成情况", [Bar("学习", 1, 1, 3)]))
    fills = [r.get("fill", "") for r in root.iter(f"{SVG}rect") if r.get("height") == "13"]
    assert len(set(fills)) == 3
    assert any(f.startswith("url(#hatch") for f in fills)


def test_words_of_people_stay_words() -> None:
    hostile = '<script>alert(1)</script>"><image href="file:///etc/passwd"/>'
    row = TimeRow(hostile, [Span(hostile, date(2005, 7, 1), date(2005, 8, 1), "active")], hostile)
    pictures = [
        stacked_bars(hostile, [Bar(hostile, 1, 0, 2)]),
        coverage_bar(hostile, Part(hostile, 3), [Part(hostile, 3)]),
        category_bars(hostile, [(hostile, 3)]),
        timeline(hostile, [row], date(2005, 7, 9)),
    ]
    for svg in pictures:
        names = {element.tag for element in drawn(svg).iter()}
        assert not names & {f"{SVG}script", f"{SVG}image"}


def test_category_scale_begins_at_zero() -> None:
    root = drawn(category_bars("类别", [("工作作风", 10), ("组织纪律", 5), ("其他", 0)], "条"))
    ten, five, none = [float(r.get("width", 0)) for r in root.iter(f"{SVG}rect") if r.get("height") == "14"]
    assert ten == 2 * five
    assert none == 0


def test_today_stands_on_the_time_line_only_inside_it() -> None:
    rows = [TimeRow("一支部", [Span("学习动员", date(2005, 7, 1), date(2005, 9, 30), "active")], "学习动员")]
    inside = timeline("进展", rows, date(2005, 8, 1))
    assert "今天 8月1日" in inside
    assert "学习动员 2005-07-01至2005-09-30 进行中" in inside
    assert "今天" not in timeline("进展", rows, date(2006, 1, 1))
    assert "尚无时间安排" in timeline("进展", [], date(2006, 1, 1))


def test_trend_tells_each_day() -> None:
    svg = trend("完成率", [(date(2005, 8, 1), 20), (date(2005, 8, 9), 60)])
    assert "2005-08-01 20%；2005-08-09 60%" in svg
    line = drawn(svg).find(f"{SVG}polyline")
    assert line is not None
    assert line.get("stroke") == DARK
