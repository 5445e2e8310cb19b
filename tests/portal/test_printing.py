"""Paper: the 公文 grid, tables over pages, every name, and nothing loaded from anywhere."""

import re
import socket
from io import BytesIO
from typing import Any

import pytest
from django.template import Context, Engine
from django.utils import timezone
from pypdf import PdfReader

from portal.actions import job as jobs
from portal.documents import Document, documents
from portal.models import Job
from portal.print_job import file_name
from portal.printing import Nothing, render_pdf, style_text
from tests import factories as make

MM = 72 / 25.4


def page(body: str, base: str = "official", title: str = "阶段总结报告", **context: Any) -> str:
    engine = Engine.get_default()
    text = f'{{% extends "portal/print/{base}.html" %}}{{% block body %}}{body}{{% endblock %}}'
    values = {"title": title, "printed_by": "王芳", "printed_at": timezone.now(), "portal_name": "门户"}
    return engine.from_string(text).render(Context(values | context))


def read(pdf: bytes) -> PdfReader:
    return PdfReader(BytesIO(pdf))


def plain(reader: PdfReader) -> str:
    return re.sub(r"\s+", "", "".join(p.extract_text() for p in reader.pages))


def lines_of(reader: PdfReader, number: int) -> list[tuple[float, float, float, str]]:
    """Left, distance from the top (both in mm), size in points and text of each line of a page."""
    found: list[tuple[float, float, float, str]] = []

    def visit(text: str, cm: list[float], tm: list[float], font: object, size: float) -> None:
        if text.strip():
            scale = abs(cm[0])
            found.append((tm[4] * scale / MM, tm[5] * scale / MM, size * scale, text.strip()))

    reader.pages[number].extract_text(visitor_text=visit)
    return found


@pytest.mark.parametrize("name", ["阿卜杜拉·买买提", "䶮晓明", "欧阳娜娜", "𠮷田一郎"])
@pytest.mark.parametrize("look", ["official", "form"])
def test_every_name_comes_back_out_of_the_pdf(name: str, look: str) -> None:
    reader = read(render_pdf(page("<p>{{ name }}</p>", look, name=name), look=look))
    assert name in plain(reader)
    fonts = reader.pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    for font in fonts.values():
        descendant = font.get_object()["/DescendantFonts"][0].get_object()
        assert "/FontFile3" in descendant["/FontDescriptor"] or "/FontFile2" in descendant["/FontDescriptor"]


def test_official_page_has_22_lines_of_28_characters() -> None:
    body = "<p>" + "一二三四五六七八九十" * 200 + "</p>"
    reader = read(render_pdf(page(body), look="official"))
    lines = [line for line in lines_of(reader, 1) if not line[3].startswith("—")]
    assert len(lines) == 22
    assert {len(text) for *_, text in lines} == {28}
    assert all(abs(left - 28) < 0.2 for left, *_ in lines)
    tops = [top for _, top, *_ in lines]
    assert all(abs((b - a) - 225 / 22) < 0.05 for a, b in zip(tops, tops[1:], strict=False))
    assert all(abs(size - 15.79) < 0.1 for _, _, size, _ in lines)


def test_page_numbers_stand_outside_on_odd_and_even_pages() -> None:
    reader = read(render_pdf(page("<p>" + "一二三四五六七八九十" * 200 + "</p>"), look="official"))
    marks = [next(line for line in lines_of(reader, n) if line[3].startswith("—")) for n in (0, 1)]
    assert [text for *_, text in marks] == ["— 1 —", "— 2 —"]
    assert marks[0][0] > 150
    assert 30 < marks[1][0] < 36


def test_a_long_table_repeats_its_head_and_ends_with_its_total() -> None:
    rows = "".join(f"<tr><td>党员{n:03}</td></tr>" for n in range(120))
    head, foot = "<thead><tr><th>姓名栏</th></tr></thead>", "<tfoot><tr><td>合计行</td></tr></tfoot>"
    table = f"<table>{head}<tbody>{rows}</tbody>{foot}</table>"
    reader = read(render_pdf(page(table, "form"), look="form"))
    texts = [p.extract_text() for p in reader.pages]
    assert len(texts) > 2
    assert all("姓名栏" in text for text in texts)
    assert ["合计行" in text for text in texts] == [False] * (len(texts) - 1) + [True]
    assert "打印人：王芳" in texts[0].replace("\n", "")
    assert f"第1页/共{len(texts)}页" in plain(reader)


def test_landscape_turns_the_sheet() -> None:
    box = read(render_pdf(page("<p>表</p>", "form"), look="form", landscape=True)).pages[0].mediabox
    assert box.width > box.height


def test_title_and_language_but_no_person_in_the_metadata() -> None:
    reader = read(render_pdf(page("<p>一</p>", "form", title="情况统计表"), look="form"))
    assert reader.metadata is not None
    assert reader.metadata.title == "情况统计表"
    assert reader.metadata.author is None
    assert "王芳" not in str(dict(reader.metadata))
    assert reader.trailer["/Root"]["/Lang"] == "zh-Hans"  # type: ignore[index]


HOSTILE = [
    '<img src="file:///etc/passwd">',
    '<link rel="stylesheet" href="http://127.0.0.1:9/x.css">',
    '<style>@import url("file:///etc/passwd");</style>',
    '<link rel="attachment" href="file:///etc/passwd">',
    "{{ settings.SECRET_KEY }}{% now 'Y' %}",
]


def test_what_people_typed_stays_text() -> None:
    text = plain(read(render_pdf(page("{% for each in typed %}<p>{{ each }}</p>{% endfor %}", "form", typed=HOSTILE))))
    for each in HOSTILE:
        assert re.sub(r"\s+", "", each) in text


def test_even_markup_that_slipped_through_loads_nothing(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="99" height="9"><text y="9">机密</text></svg>')

    def no_network(*args: object, **kwargs: object) -> None:
        raise AssertionError("a printed page asked the network")

    monkeypatch.setattr(socket, "create_connection", no_network)
    at = secret.as_uri()
    markup = (
        f'<img src="{at}"><img src="http://127.0.0.1:9/x.png"><object data="{at}"></object>'
        f'<link rel="attachment" href="{at}">'
        f'<svg width="9" height="9"><image href="{at}"/></svg>'
        f"<style>@font-face{{font-family:x;src:url({at})}} p{{background:url({at})}}</style><p>正文</p>"
    )
    reader = read(render_pdf(page("{{ markup|safe }}", "form", markup=markup)))
    assert "机密" not in plain(reader)
    assert "正文" in plain(reader)
    assert not reader.attachments
    with pytest.raises(ValueError, match="load nothing"):
        Nothing().fetch(secret.as_uri())


@pytest.mark.parametrize("look", ["official", "form"])
def test_every_font_rule_ends_with_fonts_that_hold_every_character(look: str) -> None:
    text = style_text(look)
    assert "var(" not in text
    for families in re.findall(r"(?:font-family:|font:\s*[\d.]+pt/[\d.]+mm)([^;]+);", text):
        assert '"Noto Serif CJK SC"' in families


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("总结/报告:一", "总结 报告 一.pdf"),
        ("..", "文件.pdf"),
        ("长" * 300, "长" * 100 + ".pdf"),
        ("a\x00\nb", "a b.pdf"),
    ],
)
def test_file_names_are_safe_everywhere(title: str, expected: str) -> None:
    assert file_name(title, "pdf") == expected


@pytest.fixture
def sheet() -> Any:
    """A document of one organisation that needs the right to print reports."""
    from members.models import Organization

    def find(params: Any, user: Any) -> Organization:
        return Organization.objects.visible_to(user).get(pk=int(params["organization"]))

    made = Document(
        code="test-sheet",
        label="测试",
        find=find,
        title=lambda o: f"{o}测试表",
        permission="report.print",
        template="portal/print/form.html",
        data=lambda o, params, user: {"o": o},
    )
    documents.register(made)
    yield made
    documents._items.pop("test-sheet")


def printed(user: Any, **params: Any) -> Job:
    job = jobs.submit(kind="print", title="x", params={"document": "test-sheet", "format": "pdf"} | params, by=user)
    jobs.run(job_id=job.pk)
    job.refresh_from_db()
    return job


@pytest.mark.django_db
def test_a_job_prints_with_the_rights_of_its_owner_at_that_time(sheet: Any) -> None:
    home = make.branch(name="第一党支部")
    secretary = make.secretary(home)
    job = printed(secretary, params={"organization": home.pk})
    assert (job.state, job.file_name) == ("done", "第一党支部测试表.pdf")
    assert "第一党支部测试表" in plain(read(job.read_file()))
    secretary.appointments.update(revoked_at=timezone.now())
    again = printed(type(secretary).objects.get(pk=secretary.pk), params={"organization": home.pk})
    assert again.state == "failed"
    assert "权限" in again.message
    assert again.file_name == ""


@pytest.mark.django_db
def test_a_subject_out_of_scope_or_a_format_that_is_none_is_told(sheet: Any) -> None:
    secretary = make.secretary(make.branch())
    other = printed(secretary, params={"organization": make.branch().pk})
    assert other.state == "failed"
    assert "没有找到要打印的内容" in other.message
    odd = printed(secretary, format="exe", params={})
    assert "没有这种文件或格式" in odd.message
    nonsense = printed(secretary, params={"organization": "x"})
    assert "没有找到要打印的内容" in nonsense.message
