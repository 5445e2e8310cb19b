"""What the migration does to organisations that were there before, and back."""

import pytest
from django.apps import apps
from django.db import connection

from members.models import Organization, OrganizationCondition
from members.search_index import create, drop, fill_initials, is_ready, letter_tokens, name_tokens, note_conditions
from tests import factories as make

pytestmark = pytest.mark.django_db


def test_initials_are_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("members.search_index.CHUNK", 2)
    for name in ("海淀区委", "丰台区委", "重庆路党委"):
        make.organization(name)
    Organization.objects.update(initials="")
    fill_initials(apps, None)
    assert [*Organization.objects.values_list("initials", flat=True)] == ["hdqw hdw", "ftqw ftw", "cqldw"]


def test_a_condition_without_a_record_gets_one_once() -> None:
    weak = make.organization(condition="weak")
    make.organization()
    note_conditions(apps, None)
    note_conditions(apps, None)
    record = OrganizationCondition.objects.get()
    assert (record.organization, record.condition, record.lifted_on) == (weak, "weak", None)


def test_tokens() -> None:
    assert name_tokens("IBM公司") == ["m公", "公司"]
    assert letter_tokens("hdgc") == ["hdg", "dgc"]
    assert name_tokens("县") == letter_tokens("zb") == []


def test_index_comes_and_goes() -> None:
    create(connection)
    assert is_ready("default") == (connection.vendor == "postgresql")
    drop(connection)
    assert not is_ready("default")
