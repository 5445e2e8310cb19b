"""The demonstration as each role sees it, on a desk and on a phone; ``PICTURES=docs/pictures`` keeps the pictures of the README."""

import io
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from rectification.demo import PASSWORD
from tests.road.conftest import printed

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]
ROOT, BRANCH = "中共青岚区委员会", "区委办公室党支部"

# Role → how to reach each page from the home page: names of links to follow, one after the other.
PAGES: dict[str, list[list[str]]] = {
    "office": [
        [],
        ["教育活动"],
        ["教育活动", "保持共产党员先进性教育活动"],
        ["进展总览"],
        ["进展总览", "未完成名单"],
        ["进展总览", "按领域、党员类别看"],
        ["进展总览", "各规定动作的变化"],
        ["转段审核"],
        ["督导"],
        ["督导", "第一督导组"],
        ["督导", "领导小组"],
        ["督导", "联系点"],
        ["督导", "走访"],
        ["整改台账"],
        ["组织与党员"],
        ["组织与党员", "导入名册"],
        ["组织与党员", "党员名册"],
        ["组织与党员", "账号"],
        ["组织与党员", "党员统计"],
        ["组织与党员", "失联党员"],
        ["组织与党员", "流动党员"],
        ["组织与党员", "组织关系转接"],
        ["组织与党员", "整顿台账"],
        ["组织与党员", "困难单位"],
        ["组织与党员", "登记组织状态"],
        ["组织与党员", "含下级、历任与导出"],
        ["找组织"],
        ["我的职责"],
        ["登录设备"],
        ["动态验证码"],
    ],
    "leader": [[], ["进展总览"]],
    "inspector": [[], ["整改台账"], ["督导"], ["督导", "走访安排"], ["督导", "记一次走访"], ["督导", "安排走访"]],
    "overseer": [[], ["进展总览"], ["教育活动"]],
    "admin": [[], ["组织与党员"], ["组织与党员", "账号"]],
    "secretary": [
        [],
        ["本支部"],
        ["本支部", "记一次学习"],
        ["本支部", "学习记录"],
        ["本支部", "补课"],
        ["本支部", "申请转段"],
        ["整改台账"],
        ["我的学习"],
        ["本支部", "谁在领导和联系"],
        ["本支部", "谁在领导和联系", "走访记录"],
        ["组织与党员"],
        ["组织与党员", "组织关系转接"],
        ["组织与党员", "党员统计"],
        ["组织与党员", "失联党员"],
    ],
    "committee": [[], ["整改台账"]],
    "member": [[], ["提交党性分析材料"], ["我的学习"], ["我的整改"], ["我的登记信息"]],
}
# Pictures of the README: (role, page) → file name.
PICTURES = {
    ("office", "进展总览"): "dashboard",
    ("office", "导入名册"): "roster-import",
    ("secretary", "记一次学习"): "study-session",
    ("office", "党员统计"): "statistics",
    ("secretary", "组织与党员"): "organization",
    ("member", ""): "home",
    ("member", "提交党性分析材料"): "self-analysis",
}


def keep(page: Page, name: str) -> None:
    folder = os.environ.get("PICTURES")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("role", list(PAGES))
def test_every_page_of_a_role_opens_and_fits(demonstration: str, visit: Visit, role: str, width: int) -> None:
    page = visit(demonstration, role, PASSWORD, width=width)
    for way in PAGES[role]:
        page.goto("/")
        for step in way:
            # On a phone the menu is folded away: its links are there all the same.
            page.goto(
                page.locator("a", has_text=re.compile(rf"^\s*{step}\s*\d*\s*$")).first.get_attribute("href") or ""
            )
        assert page.locator("main h1, main h2").first.is_visible(), way
        assert "错误代码" not in page.locator("main").inner_text(), way
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{role} {way} is {overflow} px too wide at {width} px"
        if width == 1440 and (role, way[-1] if way else "") in PICTURES:
            keep(page, PICTURES[(role, way[-1] if way else "")])


def test_the_report_of_a_whole_district_is_printed(demonstration: str, visit: Visit, tmp_path: Path) -> None:
    page = visit(demonstration, "office", PASSWORD)
    for step in ("教育活动", "保持共产党员先进性教育活动", "进展总览"):
        with page.expect_navigation():
            page.get_by_role("link", name=step, exact=True).first.click()
    content = printed(page, "阶段总结报告")
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(content))
    text = "".join("".join(sheet.extract_text().split()) for sheet in reader.pages)
    assert len(reader.pages) >= 3
    assert ROOT in text
    assert "提交党性分析材料" in text
    if folder := os.environ.get("PICTURES"):
        (tmp_path / "report.pdf").write_bytes(content)
        command = [
            "pdftoppm",
            "-r",
            "60",
            "-png",
            "-singlefile",
            str(tmp_path / "report.pdf"),
            str(tmp_path / "report"),
        ]
        subprocess.run(command, check=True)
        shutil.copy(tmp_path / "report.png", Path(folder) / "phase-report.png")
