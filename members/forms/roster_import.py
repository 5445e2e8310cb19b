"""Choosing a roster to import."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

ENDINGS = (".xlsx", ".xls", ".ods", ".csv", ".et")


class RosterForm(forms.Form):
    """One spreadsheet; what is in it is looked at by the worker."""

    file = forms.FileField(
        label="名册文件",
        help_text="可上传 .xlsx、.xls、.ods、.csv。上传后先核对并给出预览，您确认之前不会写入任何数据。",
        error_messages={
            "required": "请先选择名册文件。",
            "empty": "文件是空的。请检查是否选错了文件。",
            "invalid": "没有收到文件。请重新选择后上传。",
        },
    )

    def clean_file(self) -> UploadedFile:
        file: Any = self.cleaned_data["file"]
        if not file.name.lower().endswith(ENDINGS):
            raise forms.ValidationError(f"“{file.name}”不是表格文件。请选择 .xlsx、.xls、.ods 或 .csv 文件。")
        if file.size > settings.MAX_UPLOAD_BYTES:
            limit = settings.MAX_UPLOAD_BYTES // 1024 // 1024
            raise forms.ValidationError(f"文件超过 {limit} MB。请删除空白行列，或按组织拆分后分次上传。")
        return file
