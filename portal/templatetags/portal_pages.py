"""Small helps for templates of every room."""

from datetime import timedelta
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.template.loader import get_template

register = template.Library()


@register.simple_tag(takes_context=True)
def panel(context: Context, name: str, values: dict[str, Any]) -> str:
    """A registered panel of the home page, drawn with its own values inside the page's context."""
    with context.push(**values):
        return get_template(name).template.render(context)  # type: ignore[attr-defined]


@register.simple_tag
def upload_limit() -> int:
    """The largest upload in whole MB."""
    return settings.MAX_UPLOAD_BYTES // (1024 * 1024)


@register.filter
def minutes(span: timedelta) -> int:
    """Whole minutes of a time span, rounded up."""
    return -int(-span.total_seconds() // 60)


@register.filter
def may_open(user: Any, node: Any) -> bool:
    """Whether the page of an organisation on the way down to the present one exists for the user."""
    return bool(user.sees(node))
