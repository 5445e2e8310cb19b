"""The parts of a blueprint that an office edits."""

import re
from typing import Any

from django import forms

MOST = 60


class GeneralForm(forms.Form):
    """Name, how the phases run, batches and materials; batches and materials are one to a line."""

    name = forms.CharField(label="蓝本名称", max_length=120, error_messages={"required": "请填写蓝本名称。"})
    sequential = forms.ChoiceField(
        label="阶段怎样进行", choices=[("yes", "各阶段依次进行，转段须审核"), ("no", "不分先后，各项同时推进")]
    )
    committees = forms.BooleanField(
        label="党委、党总支和党组也作为参加单位", required=False, help_text="对党委的规定动作只有在它们参加时才起作用。"
    )
    yearly = forms.BooleanField(
        label="每年循环", required=False, help_text="一年结束后可以一次建立下一年度的活动。批次只能有一个，为12个月。"
    )
    concentrated_months = forms.IntegerField(
        label="集中学习教育一般不少于几个月",
        min_value=0,
        max_value=60,
        help_text="填 0 表示没有规定。少于这个月数时只提醒，不阻止。",
        error_messages={"required": "请填写月数，没有规定的填 0。"},
    )
    batches = forms.CharField(
        label="批次",
        widget=forms.Textarea({"rows": 3}),
        help_text="每行一批：名称、空格、月数。如：第一批 6",
        error_messages={"required": "请至少填写一个批次。"},
    )
    materials = forms.CharField(
        label="学习材料",
        required=False,
        widget=forms.Textarea({"rows": 5}),
        help_text="每行一份。选读的在末尾写“（选读）”。",
    )

    @staticmethod
    def unfolded(name: str, data: dict[str, Any]) -> dict[str, Any]:
        """A draft's data as the form shows them."""
        materials = [
            f"{m.get('title', '')}{'' if m.get('required', True) else '（选读）'}" for m in data.get("materials", [])
        ]
        return {
            "name": name,
            "sequential": "yes" if data.get("sequential", True) else "no",
            "committees": data.get("committees", False),
            "yearly": data.get("yearly", False),
            "concentrated_months": data.get("concentrated_months", 0),
            "batches": "\n".join(f"{b.get('name', '')} {b.get('months', '')}" for b in data.get("batches", [])),
            "materials": "\n".join(materials),
        }

    def clean_batches(self) -> list[dict[str, Any]]:
        found = []
        for number, line in enumerate(self.lines("batches"), 1):
            match = re.fullmatch(r"(\S.*?)\s+([0-9]{1,2})\s*(个?月)?", line)
            if match is None or not 1 <= int(match[2]) <= 60 or len(match[1]) > 60:
                raise forms.ValidationError(f"第{number}行“{line[:30]}”应写成“名称 月数”，月数为1到60，如：第一批 6")
            found.append({"name": match[1], "months": int(match[2])})
        if len(found) > MOST:
            raise forms.ValidationError(f"批次最多{MOST}个。")
        return found

    def clean_materials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for number, line in enumerate(self.lines("materials"), 1):
            title = re.sub(r"\s*[（(]选读[）)]$", "", line)
            if not title or len(title) > 160:
                raise forms.ValidationError(f"第{number}行的材料名称应为1到160个字。")
            if title in {m["title"] for m in found}:
                raise forms.ValidationError(f"第{number}行“{title[:30]}”写了两次。")
            found.append({"title": title} | ({} if title == line else {"required": False}))
        if len(found) > MOST:
            raise forms.ValidationError(f"学习材料最多{MOST}份。")
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("yearly") and "batches" in data and [b["months"] for b in data["batches"]] != [12]:
            self.add_error("batches", "每年循环的蓝本只设一个批次，为12个月，如：全年 12")
        return data

    def lines(self, name: str) -> list[str]:
        return [line.strip() for line in self.cleaned_data[name].splitlines() if line.strip()]

    def values(self) -> dict[str, Any]:
        """Without the name, which is the version's."""
        names = ("committees", "yearly", "concentrated_months", "batches", "materials")
        return {"sequential": self.cleaned_data["sequential"] == "yes"} | {n: self.cleaned_data[n] for n in names}


class PhaseForm(forms.Form):
    """One phase."""

    name = forms.CharField(label="阶段名称", max_length=40, error_messages={"required": "请填写阶段名称。"})
    aim = forms.CharField(label="阶段要求", max_length=300, required=False, widget=forms.Textarea({"rows": 3}))
    preparation = forms.BooleanField(
        label="这是准备阶段",
        required=False,
        help_text="准备阶段的规定动作完成以后，单位才能启动。只有第一个阶段可以是准备阶段。",
    )
    concentrated = forms.BooleanField(label="计入集中学习教育时间", required=False)

    def __init__(self, *args: Any, first: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.first = first

    def clean_preparation(self) -> bool:
        if self.cleaned_data["preparation"] and not self.first:
            raise forms.ValidationError("只有第一个阶段可以是准备阶段，请取消勾选，或先把本阶段移到最前面。")
        return bool(self.cleaned_data["preparation"])


class StepForm(forms.Form):
    """One step."""

    name = forms.CharField(label="环节名称", max_length=60, error_messages={"required": "请填写环节名称。"})


class CopyForm(forms.Form):
    """What the copy is called."""

    name = forms.CharField(label="新蓝本名称", max_length=120, error_messages={"required": "请填写新蓝本的名称。"})


class ImportForm(forms.Form):
    """An exported file."""

    file = forms.FileField(
        label="蓝本文件（.json）",
        widget=forms.ClearableFileInput({"accept": ".json,application/json"}),
        error_messages={"required": "请选择要导入的蓝本文件。", "empty": "文件是空的，请重新选择。"},
    )
