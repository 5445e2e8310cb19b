"""Many rows in few statements, on whatever database: exactly what was given, defaults for the rest, errors as Django's."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from members.models import Member, MemberTag, Organization
from portal import bulk
from portal.bulk import Stream
from portal.ciphers import seal
from tests import factories as make

pytestmark = pytest.mark.django_db
STRANGE = "王\\N\t芳\n\\.“\"'𠮷"


@pytest.fixture
def home() -> Organization:
    return make.branch(code="B1")


def test_values_arrive_as_they_were_given_and_the_rest_gets_defaults(home: Organization) -> None:
    [key] = bulk.reserve(Member, 1)
    row: tuple[Any, ...] = (key, home.pk, STRANGE, None, date(2005, 7, 1), seal("13900001111", "member.phone"))
    bulk.insert(Member, ("id", "branch", "name", "number", "since", "phone"), [row])
    person = Member.objects.get()
    assert (person.pk, person.name, person.number, person.since) == (key, STRANGE, None, date(2005, 7, 1))
    assert (person.phone, person.identity, person.status, person.ended_on) == ("13900001111", "", "full", None)


def test_reserved_keys_are_free_before_and_after(home: Organization) -> None:
    first = make.member(home, "王芳")
    keys = list(bulk.reserve(Member, 3))
    assert first.pk not in keys
    bulk.insert(Member, ("id", "branch", "name"), [(key, home.pk, f"党员{key}") for key in keys])
    assert make.member(home, "李强").pk not in [first.pk, *keys]


def test_rows_are_changed_each_to_its_own(home: Organization) -> None:
    people = [make.member(home, f"党员{n}", post="科员") for n in "甲乙丙"]
    bulk.update(Member, ("post", "born"), ((p.pk, f"职务{n}", "1966") for n, p in enumerate(people[:2])))
    bulk.update(Member, ("post",), [])
    assert list(Member.objects.order_by("pk").values_list("post", "born")) == [
        ("职务0", "1966"),
        ("职务1", "1966"),
        ("科员", ""),
    ]


def test_a_broken_rule_is_an_error_of_django_and_leaves_nothing(home: Organization) -> None:
    person = make.member(home, "王芳")
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert(MemberTag, ("member", "kind"), [(person.pk, "frail"), (person.pk, "frail")])
    assert not MemberTag.objects.exists()


def test_statements_do_not_grow_with_the_rows_of_a_portion(home: Organization) -> None:
    counts = []
    for number in (1, 400):
        with CaptureQueriesContext(connection) as queries:
            bulk.insert(Member, ("branch", "name"), ((home.pk, "王芳") for _ in range(number)))
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("size", [1, 7, 1 << 16, -1])
def test_the_stream_can_be_read_in_pieces_of_any_size(size: int) -> None:
    stream, read = Stream([("王芳", 1, None, True), (b"\x01\xff", "", "\\", 2.5)]), b""
    while piece := stream.read(size):
        read += piece
    assert read.decode() == "王芳\t1\t\\N\tTrue\n\\\\x01ff\t\t\\\\\t2.5\n"
