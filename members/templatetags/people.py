"""Small helps for the pages about people."""

from django import template

from members.dates import in_words

register = template.Library()


@register.filter
def dated(partial: str) -> str:
    """A partial date in Chinese: 1998年, 1998年7月, 1998年7月1日."""
    return in_words(partial or "")
