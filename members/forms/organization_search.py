"""Choosing an organisation by name or code: what is typed is looked up when the form is sent, and chosen from what was found."""

from typing import Any

from django import forms
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from members.models import Organization
from members.models.organization import OrganizationQuerySet
from members.search import among
from portal.paging import key_of

SHOWN = 20


def with_places(organizations: list[Organization]) -> list[tuple[Organization, str]]:
    """Each with the names of what lies above it, from the top down; one query for all."""
    step = Organization.steplen
    above = {o.path[:n] for o in organizations for n in range(step, len(o.path), step)}
    names = dict(Organization.objects.filter(path__in=above).values_list("path", "name"))
    return [(o, " › ".join(names[o.path[:n]] for n in range(step, len(o.path), step))) for o in organizations]


class OrganizationSearch(forms.TextInput):
    """A line of text and, once several were found, a choice among them. ``value`` is (words, choice, words of the choice)."""

    found: list[Organization]
    # Whether they are offered for a choice, which is a question and no mistake.
    offers = False

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            {"autocomplete": "off", "maxlength": 60, "placeholder": "名称、拼音首字母或组织编码"} | (attrs or {})
        )
        self.found = []

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get(name, ""), data.get(f"{name}-choice", ""), data.get(f"{name}-words", "")

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        words, choice, _ = value if isinstance(value, tuple) else (value or "", "", "")
        line = super().render(name, words, attrs, renderer)
        context = {
            "name": name,
            "words": words,
            "choice": key_of(choice),
            "found": with_places(self.found),
            "offers": self.offers,
        }
        return mark_safe(line + render_to_string("members/_organization_choices.html", context))  # noqa: S308 both escape


class OrganizationField(forms.Field):
    """One organisation of ``choices_from``: by its whole name or code at once, by a part of the name after choosing."""

    widget = OrganizationSearch

    def __init__(self, *, choices_from: OrganizationQuerySet | None = None, **options: Any) -> None:
        options.setdefault("help_text", "写名称、拼音首字母或编码查找；有几个相近的，保存时会列出来供选择。")
        super().__init__(**{"error_messages": {"required": "请填写名称或组织编码。"}} | options)
        self.choices_from = choices_from

    @property
    def candidates(self) -> OrganizationQuerySet:
        return Organization.objects.branches().open() if self.choices_from is None else self.choices_from

    def clean(self, value: Any) -> Organization | None:
        typed, choice, asked = value
        words = "".join(typed.replace("\x00", "").split())[:60]
        if not words:
            if self.required:
                raise forms.ValidationError(self.error_messages["required"], code="required")
            return None
        chosen = self.candidates.filter(pk=key_of(choice)).first() if asked == typed else None
        if chosen is not None:
            self.widget.found = [chosen]
            return chosen
        exact = list(self.candidates.filter(Q(code__iexact=words) | Q(name=words))[:2])
        return exact[0] if len(exact) == 1 else self.offer(words)

    def offer(self, words: str) -> Organization:
        """Raises ``ValidationError`` with what was found, for the user to choose from."""
        found = among(self.candidates, words, SHOWN + 1)
        self.widget.found, self.widget.offers = found[:SHOWN], bool(found)
        if not found:
            raise forms.ValidationError(f"没有找到“{words}”，请换一个更短的名称，或用组织编码查找。")
        if len(found) > SHOWN:
            raise forms.ValidationError(f"名称中有“{words}”的超过{SHOWN}个，请写得更全，或从列出的里面选择。")
        if len(found) == 1:
            raise forms.ValidationError(f"找到{found[0]}，已为您选好，请核对后再提交一次。")
        raise forms.ValidationError(f"找到{len(found)}个，请选择其中一个，再提交一次。")
