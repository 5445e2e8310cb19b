"""Statements that are put together once: the same answers as the query set each time, on every connection."""

import pytest
from django.db import connection
from django.db.models import Value
from django.test.utils import CaptureQueriesContext

from members.models import Organization
from portal import statements
from tests import factories as make

BUILT: list[int] = []


def named(pk: int) -> list[tuple[str, str]]:
    """The organisation's name, then those of its neighbours: two query sets in one statement."""

    def build() -> list[object]:
        BUILT.append(1)
        rows = Organization.objects.order_by()
        own = rows.filter(pk=statements.stand_in()).values_list("name", Value("100% own"))
        return [own, rows.exclude(pk=statements.stand_in(0)).values_list("name", Value("other"))]

    return statements.run("named", build, pk)  # type: ignore[arg-type]


def asked(pk: int) -> set[tuple[str, str]]:
    rows = Organization.objects.values_list("pk", "name")
    return {(name, "100% own" if each == pk else "other") for each, name in rows}


@pytest.mark.django_db
def test_put_together_once_and_right_for_every_id() -> None:
    BUILT.clear()
    statements.statements.clear()
    places = [make.organization(name) for name in ("甲市", "乙市", "丙市")]
    for place in [*places, *places]:
        assert set(named(place.pk)) == asked(place.pk)
    assert set(named(0)) == set(named(-1))
    assert len(BUILT) == 1


@pytest.mark.django_db
def test_one_query_each_time_also_the_first() -> None:
    place = make.organization("甲市")
    statements.statements.clear()
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            named(place.pk)
        assert len(captured) == 1


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_and_forgotten_statements_do_no_harm() -> None:
    place = make.organization("甲市")
    assert named(place.pk) == [("甲市", "100% own")]
    connection.close()  # of the embedded database in memory this does nothing
    assert named(place.pk) == [("甲市", "100% own")]
    statements.statements.clear()
    assert named(place.pk) == [("甲市", "100% own")]
