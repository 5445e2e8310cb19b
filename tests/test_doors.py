"""``visible_to(user)`` is the only door to data in views: what they read starts there, or from an object found there."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOMS = ("portal", "members", "campaign", "evaluation", "rectification")
# Each takes the user. The last two are narrower than ``visible_to``: what one looks after as a keeper of accounts.
DOORS = {"visible_to", "with_accounts_kept_by", "kept_by"}
MANAGERS = {"objects", "_default_manager", "_base_manager"}
SHORTCUTS = {"get_object_or_404", "get_list_or_404", "get_in_scope"}


def modules() -> list[Path]:
    return sorted(path for room in ROOMS for path in (Path(settings.BASE_DIR) / room / "views").glob("*.py"))


def is_class(node: ast.expr) -> bool:
    """Whether it reads like a model: a bare capitalised name."""
    return isinstance(node, ast.Name) and node.id[:1].isupper()


def side_doors(source: str) -> Iterator[str]:
    """Where a view reaches a model's rows without saying for whom."""
    tree = ast.parse(source)
    opened = {
        id(call.func.value)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in DOORS and call.args
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in MANAGERS and id(node) not in opened:
            yield f"{node.lineno}: {ast.unparse(node)}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SHORTCUTS:
            yield from (f"{node.lineno}: {ast.unparse(node)}" for given in node.args if is_class(given))


def test_views_reach_data_through_visible_to_only() -> None:
    found = {str(path): list(side_doors(path.read_text(encoding="utf-8"))) for path in modules()}
    assert len(found) > 20
    assert not {path: lines for path, lines in found.items() if lines}


@pytest.mark.parametrize(
    "source",
    [
        "Task.objects.filter(pk=1)",
        "Task.objects.all().visible_to(user)",
        "Task.objects.visible_to()",
        "rows = Task.objects",
        "Task.objects.visible_to",
        "model._default_manager.visible_to_all(user)",
        "get_object_or_404(Task, pk=1)",
        "get_in_scope(request, Task, pk=1)",
        "def view(request):\n    return [t for t in Task.objects.select_related('by').visible_to(request.user)]",
    ],
)
def test_a_side_door_is_noticed(source: str) -> None:
    assert list(side_doors(source))


@pytest.mark.parametrize(
    "source",
    [
        "Task.objects.visible_to(request.user).filter(pk=1)",
        "get_in_scope(request, Task.objects.visible_to(user), pk=1)",
        "enrolment.sessions.filter(form='x')",
        "User.objects.kept_by(request.user)",
    ],
)
def test_the_front_door_is_open(source: str) -> None:
    assert not list(side_doors(source))
