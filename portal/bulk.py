"""Many rows in few statements: COPY where the database is PostgreSQL, prepared statements elsewhere, behind one interface.

Values are what the database holds: text, numbers, dates, ``bytes`` (already sealed), JSON as text, or ``None``. Signals, ``save`` and
checks of the model are passed by; its constraints hold. Call inside a transaction. While rows are drawn from an iterator, the database is
busy taking them: it must not be asked for them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from typing import Any

from django.db import connection, models
from django.utils import timezone

SPECIAL = re.compile(r"[\\\t\n\r]")
ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
LINES = 500
Values = Sequence[Any]


def insert(model: type[models.Model], names: Sequence[str], rows: Iterable[Values]) -> None:
    """Insert ``rows`` of values for the fields ``names``; fields that are not named get their defaults."""
    columns, constants = with_defaults(model, names)
    complete = ((*row, *constants) for row in rows) if constants else rows
    if connection.vendor == "postgresql":
        copy(quoted(model._meta.db_table), columns, complete)
    else:
        execute_many(insertion(model, columns), complete)


def update(model: type[models.Model], names: Sequence[str], rows: Iterable[Values]) -> None:
    """Set the fields ``names`` of existing rows; each of ``rows`` begins with the primary key."""
    table, key = quoted(model._meta.db_table), quoted(model._meta.pk.column)
    columns = [column_of(model, name) for name in names]
    if connection.vendor != "postgresql":
        settings = ", ".join(f"{column} = %s" for column in columns)
        execute_many(f"UPDATE {table} SET {settings} WHERE {key} = %s", ((*row[1:], row[0]) for row in rows))  # noqa: S608
        return
    fields, changed = ", ".join([key, *columns]), ", ".join(f"{column} = fresh.{column}" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE fresh ON COMMIT DROP AS SELECT {fields} FROM {table} WITH NO DATA")  # noqa: S608
        copy("fresh", [key, *columns], rows)
        cursor.execute(f"UPDATE {table} SET {changed} FROM fresh WHERE {table}.{key} = fresh.{key}")  # noqa: S608
        cursor.execute("DROP TABLE fresh")


def reserve(model: type[models.Model], number: int) -> Sequence[int]:
    """Primary keys for rows that will be inserted with them; nobody else gets the same."""
    table, key = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            taken = "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)"
            cursor.execute(taken, [quoted(table), key, number])
            return [found for (found,) in cursor.fetchall()]
        # One writer at a time: what is free now is free until the end of the transaction.
        cursor.execute("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = %s", [table])
        first = cursor.fetchone()[0] + 1
    return range(first, first + number)


def analyze(*models_: type[models.Model]) -> None:
    """Have PostgreSQL look at tables that have just grown: until it has, it may plan for a few rows where there are many."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(quoted(model._meta.db_table) for model in models_)}")


def quoted(name: str | None) -> str:
    return connection.ops.quote_name(str(name))


def column_of(model: type[models.Model], name: str) -> str:
    return quoted(getattr(model._meta.get_field(name), "column", None))


def insertion(model: type[models.Model], columns: Sequence[str]) -> str:
    places = ", ".join(["%s"] * len(columns))
    return f"INSERT INTO {quoted(model._meta.db_table)} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608


def with_defaults(model: type[models.Model], names: Sequence[str]) -> tuple[list[str], list[Any]]:
    """All columns to fill, and the values of those that ``names`` leaves out."""
    given = {model._meta.get_field(name) for name in names}
    blank, columns, constants = model(), [column_of(model, name) for name in names], []
    for field in model._meta.concrete_fields:
        if field not in given and not field.primary_key:
            value = field.get_db_prep_save(field.pre_save(blank, True), connection)
            columns.append(quoted(field.column))
            constants.append(bytes(value.adapted) if hasattr(value, "adapted") else value)
    return columns, constants


def execute_many(statement: str, rows: Iterable[Values]) -> None:
    """In portions, so that rows can be made while they are written."""
    remaining = iter(rows)
    with connection.cursor() as cursor:
        while portion := [tuple(map(plain, row)) for row in islice(remaining, LINES)]:
            cursor.executemany(statement, portion)


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value.isoformat() if isinstance(value, date) else value


def copy(table: str, columns: Sequence[str], rows: Iterable[Values]) -> None:
    """COPY ``rows`` into an already quoted ``table``; errors of the database arrive as those of Django."""
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", Stream(rows), 1 << 16)


class Stream:
    """Rows as the text that COPY reads, made while it is read."""

    def __init__(self, rows: Iterable[Values]) -> None:
        self.portions = portions(rows)
        self.rest = b""

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most ``size`` of them (negative: all); nothing at the end."""
        while size < 0 or len(self.rest) < size:
            portion = next(self.portions, b"")
            if not portion:
                break
            self.rest += portion
        end = len(self.rest) if size < 0 else size
        found, self.rest = self.rest[:end], self.rest[end:]
        return found


def portions(rows: Iterable[Values]) -> Iterator[bytes]:
    remaining = iter(rows)
    while portion := "".join(["\t".join(map(cell, row)) + "\n" for row in islice(remaining, LINES)]):
        yield portion.encode()


def cell(value: Any) -> str:
    """One value in the text format of COPY."""
    if value is None:
        return "\\N"
    if type(value) is str:
        return SPECIAL.sub(lambda found: ESCAPES[found[0]], value) if SPECIAL.search(value) else value
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    return moment(value) if isinstance(value, datetime) else str(value)


@lru_cache(maxsize=64)
def moment(value: datetime) -> str:
    """A time as PostgreSQL reads it; the rows of one portion mostly have the same."""
    return (value if timezone.is_aware(value) else timezone.make_aware(value)).isoformat()
