"""A reviewer's remarks, per section and on the whole."""

from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from evaluation.sections import SectionSpec


class ReviewForm(forms.Form):
    """One optional box per section and one for the whole; whoever sends it back fills in at least one."""

    def __init__(self, *args: Any, specs: Iterable[SectionSpec], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.specs = list(specs)
        for spec in self.specs:
            self.fields[f"remark-{spec.key}"] = self.box(f"对“{spec.title}”的意见")
        self.fields["remark-"] = self.box("总体意见")

    def box(self, label: str) -> forms.CharField:
        return forms.CharField(
            label=label, required=False, widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"})
        )

    @property
    def remarks(self) -> dict[str, str]:
        """What was written, by section key; valid forms only."""
        return {name.removeprefix("remark-"): text for name, text in self.cleaned_data.items() if text}

    def box_of(self, key: str) -> BoundField:
        return self[f"remark-{key}"]

    def by_section(self) -> Iterator[tuple[SectionSpec, BoundField]]:
        for spec in self.specs:
            yield spec, self.box_of(spec.key)

    @property
    def overall(self) -> BoundField:
        return self.box_of("")
