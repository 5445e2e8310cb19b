"""Statements that are put together once and run often.

Putting a query together costs many times what running it costs, and planning a long one too: on PostgreSQL it is prepared on each
connection (``PREPARE_STATEMENTS``; off behind a pool that hands out connections by transaction).
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from itertools import count
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models.query import QuerySet
from psycopg2.extensions import AsIs

# Down from here: stand for ids in the querysets.
STAND_IN = -2005_01_20
MOST = 500
statements: dict[Hashable, tuple[int, str, list[Any]]] = {}
numbers = count(1)


def stand_in(n: int = 0) -> int:
    """What a queryset says instead of the n-th id."""
    return STAND_IN - n


def run(key: Hashable, build: Callable[[], Iterable[QuerySet[Any, Any]]], *ids: int) -> list[tuple[Any, ...]]:
    """All rows of the querysets (of values, as many columns each), with ``ids`` in the places of the stand-ins.

    ``key`` says everything that the querysets depend on besides; as the database gives them, columns are not converted.
    """
    key = (connection.vendor, key)
    known = statements.get(key)  # other threads may clear it any time
    if known is None:
        if len(statements) > MOST:
            statements.clear()
        parts = [rows.query.sql_with_params() for rows in build()]
        sql = " UNION ALL ".join(sql for sql, _ in parts)
        known = statements[key] = next(numbers), sql, [value for _, params in parts for value in params]
    number, sql, params = known
    places = {stand_in(n): n for n in range(len(ids))}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and settings.PREPARE_STATEMENTS:
            prepare(cursor, number, sql, [mark(value, places) for value in params], len(ids))
            cursor.execute(f"EXECUTE kept_{number} ({', '.join(['%s'] * len(ids))})", ids)
        else:
            cursor.execute(sql, [ids[places[value]] if is_stand_in(value, places) else value for value in params])
        return cursor.fetchall()


def is_stand_in(value: Any, places: Mapping[int, int]) -> bool:
    return type(value) is int and value in places


def mark(value: Any, places: Mapping[int, int]) -> Any:
    """``$1`` for the first id, and so on."""
    return AsIs(f"${places[value] + 1}") if is_stand_in(value, places) else value


def prepare(cursor: Any, number: int, sql: str, params: list[Any], ids: int) -> None:
    """Once on each connection of the database driver, and none of the queries that are counted."""
    driver, known = vars(connections[DEFAULT_DB_ALIAS]).setdefault("kept_statements", (None, set()))
    if driver is not connection.connection:
        known = set()
        vars(connections[DEFAULT_DB_ALIAS])["kept_statements"] = (connection.connection, known)
    if number not in known:
        types = ", ".join(["bigint"] * ids)
        cursor.cursor.execute(f"PREPARE kept_{number} ({types}) AS {cursor.mogrify(sql, params).decode()}")
        known.add(number)
