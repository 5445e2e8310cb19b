"""Saying which column of a roster means what."""

from typing import Any

from django import forms

from members.roster.headings import KINDS, LABELS, REQUIRED
from portal.sheets import column_letter

NONE = ("", "不导入")


def options(kind: str) -> list[Any]:
    """The fields of one kind of roster, or of both where it is not known yet; values are ``kind.field``."""
    groups = [
        (label, [(f"{each}.{key}", name) for key, name in LABELS[each].items()])
        for each, label in KINDS.items()
        if kind in ("", each)
    ]
    return [NONE, *(groups if len(groups) > 1 else groups[0][1])]


class ColumnsForm(forms.Form):
    """A choice for every column of every sheet of the file; ``layouts`` as in the report of the import."""

    def __init__(self, layouts: list[dict[str, Any]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.layouts = [layout for layout in layouts if layout["headings"] and not layout["hidden"]]
        for n, layout in enumerate(self.layouts):
            meanings = {index: f"{layout['kind']}.{key}" for key, index in layout["fields"].items() if layout["kind"]}
            for column, heading in enumerate(layout["headings"]):
                self.fields[f"s{n}c{column}"] = forms.ChoiceField(
                    label=f"{column_letter(column)}列“{heading or '无表头'}”",
                    choices=options(layout["kind"]),
                    required=False,
                    initial=meanings.get(column, ""),
                    widget=forms.Select(attrs={"class": "form-select", "aria-label": f"{heading}列的内容"}),
                )

    def tables(self) -> list[dict[str, Any]]:
        """Sheet by sheet, what the page shows: letter, heading, samples and the choice of each column."""
        return [
            {
                "layout": layout,
                "kind": KINDS.get(layout["kind"], ""),
                "columns": [
                    (column_letter(c), heading, samples, self[f"s{n}c{c}"])
                    for c, (heading, samples) in enumerate(zip(layout["headings"], layout["samples"], strict=True))
                    if heading or samples
                ],
            }
            for n, layout in enumerate(self.layouts)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        said = {layout["sheet"]: self.clean_sheet(n, layout) for n, layout in enumerate(self.layouts)}
        if not self.errors and not any(each["kind"] for each in said.values()):
            self.add_error(None, "没有一张工作表指定了要导入的列。请至少指定“姓名”一列。")
        return cleaned | {"columns": said}

    def clean_sheet(self, n: int, layout: dict[str, Any]) -> dict[str, Any]:
        """``{"kind", "row", "height", "headings", "fields"}``; a sheet without any column is not read."""
        fields: dict[str, int] = {}
        kinds: set[str] = set()
        for column in range(len(layout["headings"])):
            kind, _, key = self.cleaned_data.get(f"s{n}c{column}", "").partition(".")
            if key in fields:
                first, label = column_letter(fields[key]), LABELS[kind][key]
                self.add_error(f"s{n}c{column}", f"{first}列已经是“{label}”。一项内容只能对应一列，请改其中一列。")
            elif key:
                fields[key] = column
                kinds.add(kind)
        if len(kinds) > 1:
            self.add_error(None, f"工作表“{layout['sheet']}”不能既是党员名册又是组织名册。请只选其中一类的内容。")
        kind = min(kinds, default="")
        if kind and (lacking := [LABELS[kind][key] for key in REQUIRED[kind] if key not in fields]):
            self.add_error(None, f"工作表“{layout['sheet']}”还没有指定“{'”“'.join(lacking)}”列。")
        return {
            "kind": kind,
            "row": layout["row"],
            "height": layout["height"],
            "headings": layout["headings"],
            "fields": fields,
        }
