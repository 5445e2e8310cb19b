"""The main job, once through, in real browsers: from a spreadsheet of members to a printed phase report."""

import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from tests.road.conftest import pdf_text, printed, submit

pytestmark = pytest.mark.browser
OWN = "自己选的口令-2005-好记"
Visit = Callable[..., Page]


class Road:
    """What one step leaves for the next: pages of the people, their slips."""

    office: Page
    secretary: Page
    author: Page
    analysis: str
    slips: dict[str, tuple[str, str]]


@pytest.fixture(scope="module")
def road() -> Road:
    return Road()


def roster() -> dict[str, Any]:
    book = openpyxl.Workbook()
    units = book.active
    units.title = "组织"
    units.append(["组织名称", "组织编码", "上级组织编码", "组织类型"])
    units.append(["中共云溪区委员会", "YX", None, "党委"])
    units.append(["文化馆党支部", "YX01", "YX", "党支部"])
    people = book.create_sheet("党员")
    people.append(["姓名", "所在支部", "党员编号", "出生年月", "入党时间"])
    for number, name in enumerate(["王书记", "李写作", "阿卜杜拉·买买提", "赵四"], start=1):
        people.append([name, "文化馆党支部", f"YX{number:03}", "1970.5", "1995年7月"])
    buffer = io.BytesIO()
    book.save(buffer)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return {"name": "云溪区名册.xlsx", "mimeType": kind, "buffer": buffer.getvalue()}


def test_01_the_first_page_creates_the_first_office(empty_portal: str, visit: Visit, road: Road) -> None:
    page = visit(empty_portal)
    page.goto("/")
    expect(page).to_have_url(re.compile("/first-run/"))
    page.locator("main").get_by_label("组织名称").fill("中共云溪区委员会")
    page.locator("main").get_by_label("组织编码").fill("YX")
    page.locator("main").get_by_label("组织类型").select_option(label="党委")
    page.locator("main").get_by_label("您的姓名").fill("区委办公室")
    page.locator("main").get_by_label("登录账号").fill("office")
    page.locator("[name=password1]").fill(OWN)
    page.locator("[name=password2]").fill(OWN)
    submit(page, "建立平台")
    expect(page.locator("main")).to_contain_text("平台已经建好")
    expect(page.locator("header")).to_contain_text("区委办公室")
    page.goto("/first-run/")
    expect(page.locator("body")).to_contain_text("没有找到")
    road.office = page


def test_02_the_office_imports_the_roll(road: Road) -> None:
    page = road.office
    page.goto("/organizations/")
    page.get_by_role("link", name="中共云溪区委员会").first.click()
    page.get_by_role("link", name="导入名册").first.click()
    page.locator("input[type=file]").set_input_files(roster())
    submit(page, "上传并核对")
    confirm = page.get_by_role("button", name="确认导入")
    confirm.wait_for(timeout=30_000)
    expect(page.locator("main")).to_contain_text("新增 5 行")
    submit(page, "确认导入")
    expect(page.locator("main")).to_contain_text("导入完成", timeout=30_000)


def test_03_it_names_the_secretary_and_prints_first_login_slips(road: Road) -> None:
    page = road.office
    page.goto("/organizations/?q=文化馆")
    page.get_by_role("link", name="文化馆党支部").first.click()
    branch = page.url
    page.get_by_role("link", name="增加任职").click()
    page.locator("[name=role]").select_option(label="支部书记")
    page.locator("main").get_by_label("姓名、党员编号或账号").fill("王书记")
    submit(page, "保存")
    page.goto(branch)
    expect(page.locator("main")).to_contain_text("王书记")
    page.locator("main").get_by_role("link", name="账号").first.click()
    submit(page, "为这3名党员建立账号")
    text = pdf_text(printed(page, "打印首次登录单"))
    road.slips = {}
    for name in ("王书记", "李写作", "阿卜杜拉·买买提", "赵四"):
        found = re.search(rf"姓名{name}.*?账号([a-z0-9]+)一次性密码([A-Za-z0-9\-]+?)网址", text)
        assert found, text
        road.slips[name] = (found[1], found[2])


def test_04_it_sets_up_the_campaign_and_enrols_everybody(road: Road) -> None:
    page = road.office
    page.goto("/campaigns/")
    page.get_by_role("link", name="建立活动").first.click()
    page.locator("main").get_by_label("活动名称").fill("先进性教育活动")
    page.locator("input[type=date]").first.fill((date.today() - timedelta(40)).isoformat())
    submit(page, "建立活动")
    page.get_by_role("link", name="编入单位").first.click()
    page.locator("main").get_by_label("文化馆党支部").or_(
        page.locator("main").get_by_label("中共云溪区委员会")
    ).first.check()
    submit(page, "编入所选单位")
    page.goto("/campaigns/")
    page.get_by_role("link", name="先进性教育活动").first.click()
    expect(page.get_by_role("link", name="文化馆党支部").first).to_be_visible(timeout=20_000)
    submit(page, "启动活动")
    expect(page.locator("main")).to_contain_text("进行中")


def first_sign_in(visit: Visit, base: str, slip: tuple[str, str], width: int = 1440) -> Page:
    page = visit(base, *slip, width=width)
    expect(page).to_have_url(re.compile("/password/"))
    fields = page.locator("main input[type=password]")
    if fields.count() == 3:
        fields.nth(0).fill(slip[1])
    fields.nth(fields.count() - 2).fill(OWN)
    fields.nth(fields.count() - 1).fill(OWN)
    page.click("main button[type=submit]")
    expect(page.locator("h1")).to_contain_text("同志")
    return page


def test_05_the_secretary_prepares_and_starts(empty_portal: str, visit: Visit, road: Road) -> None:
    page = road.secretary = first_sign_in(visit, empty_portal, road.slips["王书记"])
    page.get_by_role("link", name="本支部").first.click()
    submit(page, "启动本单位活动")
    expect(page.locator("main")).to_contain_text("实施方案报上级备案")
    page.get_by_role("link", name="本支部").first.click()
    page.get_by_role("link", name="登记准备工作").click()
    page.locator("main").get_by_label("领导小组组长").fill("王书记")
    page.locator("main").get_by_label("摸底情况").fill("党员四名，群众希望延长开馆时间。")
    page.locator("main").get_by_label("实施方案名称").fill("文化馆党支部实施方案")
    page.locator("main").get_by_label("备案日期").fill((date.today() - timedelta(20)).isoformat())
    submit(page, "保存")
    submit(page, "启动本单位活动")
    expect(page.locator("main")).to_contain_text("记一次学习")


def test_06_a_study_session_is_logged_with_one_exception_and_made_up_for(road: Road) -> None:
    page = road.secretary
    page.get_by_role("link", name="记一次学习").first.click()
    page.locator("main").get_by_label("主题").fill("学习党章")
    page.locator("main").get_by_label("日期").fill((date.today() - timedelta(1)).isoformat())
    row = page.locator("main").get_by_label("赵四")
    row.select_option(label="病假")
    submit(page, "保存")
    expect(page.locator("main")).to_contain_text("学习党章")
    page.get_by_role("link", name="本支部").first.click()
    page.get_by_role("link", name="补课").first.click()
    expect(page.locator("main")).to_contain_text("赵四")
    page.get_by_role("link", name="登记补课").first.click()
    page.locator("main").get_by_label("补课方式").fill("自学后交流")
    page.locator("main").get_by_label("验收人").fill("王书记")
    submit(page, "登记")
    page.get_by_role("link", name="本支部").first.click()
    page.get_by_role("link", name="补课").first.click()
    expect(page.locator("main")).not_to_contain_text("登记补课")


def test_07_the_gate_names_what_is_missing_and_the_office_decides(road: Road) -> None:
    page = road.secretary
    page.get_by_role("link", name="本支部").first.click()
    page.get_by_role("link", name="申请转段").first.click()
    expect(page.locator("main")).to_contain_text("动员大会")
    page.locator("main").get_by_label("自我评价").fill("学习已经完成，动员大会下周补开。")
    submit(page, "提交申请")
    office = road.office
    office.get_by_role("link", name="转段审核").first.click()
    office.get_by_role("link", name="文化馆党支部").first.click()
    expect(office.locator("main")).to_contain_text("动员大会")
    office.locator("main").get_by_label("同意转段", exact=True).check()
    office.locator("main").get_by_label("审核意见").fill("同意。")
    submit(office, "提交审核")
    expect(office.locator("main")).to_contain_text("理由")
    office.locator("main").get_by_label("未完成而同意转段的理由").fill("动员大会因防汛推迟，限下周补开。")
    submit(office, "提交审核")
    page.get_by_role("link", name="本支部").first.click()
    expect(page.locator("main")).to_contain_text("分析评议")


def test_08_a_member_writes_in_two_windows_and_loses_nothing(empty_portal: str, visit: Visit, road: Road) -> None:
    page = road.author = first_sign_in(visit, empty_portal, road.slips["李写作"], width=390)
    expect(page.locator("main")).to_contain_text("提交党性分析材料")
    page.get_by_role("link", name="提交党性分析材料").first.click()
    road.analysis = page.url
    other = page.context.new_page()
    other.goto(page.url)
    areas = page.locator("textarea.sa-text")
    areas.first.fill("第一个窗口写下的话。")
    expect(page.locator("main")).to_contain_text("已保存", timeout=10_000)
    other.locator("textarea.sa-text").first.fill("第二个窗口写下的话。")
    expect(other.locator("main")).to_contain_text("第一个窗口写下的话。", timeout=10_000)
    assert other.locator("textarea.sa-text").first.input_value() == "第二个窗口写下的话。"
    other.get_by_role("button", name="合并两份").first.click()
    other.wait_for_timeout(3000)
    other.close()
    page.reload()
    text = page.locator("textarea.sa-text").first.input_value()
    assert "第一个窗口" in text
    assert "第二个窗口" in text


def hand_in(page: Page) -> None:
    """On a phone the script saves what was typed before it lets the form go."""
    page.locator("main").get_by_role("button", name="提交审阅").click()
    page.wait_for_load_state("networkidle")


def test_09_submitted_returned_resubmitted_accepted(road: Road) -> None:
    author, secretary = road.author, road.secretary
    hand_in(author)
    expect(author.locator("main")).to_contain_text("存在的突出问题")
    for area in author.locator("textarea.sa-text").all():
        if not area.input_value():
            area.fill("学习不够系统，联系群众不够。今后改正。")
    hand_in(author)
    for decision, remark in (("退回修改", "请结合岗位再具体一些。"), ("通过", "")):
        secretary.goto("/")
        secretary.get_by_role("link", name=re.compile("李写作")).first.click()
        expect(secretary.locator("main")).to_contain_text("第二个窗口写下的话")
        if remark:
            secretary.locator("main textarea").last.fill(remark)
        submit(secretary, decision)
        author.goto("/")
        if remark:
            author.get_by_role("link", name="提交党性分析材料").first.click()
            expect(author.locator("main")).to_contain_text(remark)
            author.locator("textarea.sa-text").last.fill("每周到服务窗口值班一天。")
            hand_in(author)
    expect(author.locator("main")).not_to_contain_text("提交党性分析材料")


def test_10_a_problem_becomes_a_task_that_another_confirms(road: Road) -> None:
    author, secretary = road.author, road.secretary
    author.goto("/")
    author.goto(road.analysis)
    author.get_by_role("link", name="据此制定整改措施").first.click()
    author.locator("[name=problem]").fill("联系群众不够")
    author.locator("[name=measure]").fill("每周到服务窗口值班一天")
    author.locator("[name=due_on]").fill((date.today() + timedelta(30)).isoformat())
    author.locator("main form button.btn-primary").first.click()
    expect(author.locator("main")).to_contain_text("联系群众不够")
    if not author.get_by_role("button", name="开始整改").count():
        author.get_by_role("link", name="联系群众不够").first.click()
    submit(author, "开始整改")
    author.locator("main textarea").last.fill("已值班三次。")
    submit(author, "报告完成，提请核实")
    expect(author.get_by_role("button", name="核实销号")).to_have_count(0)
    secretary.goto("/")
    secretary.get_by_role("link", name="联系群众不够").first.click()
    submit(secretary, "核实销号")
    expect(secretary.locator("main")).to_contain_text("已销号")


def test_11_the_office_sees_it_at_once_exports_it_and_prints_the_report(road: Road) -> None:
    page = road.office
    page.goto("/campaigns/")
    page.get_by_role("link", name="先进性教育活动").first.click()
    page.get_by_role("link", name="进展总览").first.click()
    expect(page.locator("main")).to_contain_text("1／4人")
    dashboard = page.url
    book = openpyxl.load_workbook(io.BytesIO(printed(page, "情况统计表（表格）")))
    assert "文化馆党支部" in str([cell.value for row in book.active.rows for cell in row])
    page.goto(dashboard)
    text = pdf_text(printed(page, "阶段总结报告"))
    assert "文化馆党支部" in text or "云溪区" in text
    assert "提交党性分析材料" in text


def test_12_the_secretary_was_told_of_the_decision(road: Road) -> None:
    road.secretary.goto("/notices/")
    expect(road.secretary.locator("main")).to_contain_text("转段")
