"""The index behind ``members.search`` on PostgreSQL: letter groups of a name, of its initials, and the ways up the tree.

Every two neighbouring characters of the name, every three letters of the initials, and ``/path`` of each organisation
above are tokens of one GIN index, so that «name holds 财政 and lies below this node» is one intersection. No extension is
needed. The tokens are an expression, not a column: nothing has to keep them, also when subtrees move.
"""

from functools import cache
from typing import Any

from django.db import connections, migrations
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from members.pinyin import initials_of

CHUNK = 2_000
NAME = "organization_search"
TOKENS = "organization_tokens(members_organization.name, members_organization.initials, members_organization.path)"
FUNCTION = """
create or replace function organization_tokens(name text, initials text, path text) returns text[]
immutable strict parallel safe language plpgsql as $$
declare
  tokens text[] := '{}';
  small text := lower(name);
  token text;
begin
  for i in 1 .. length(small) - 1 loop
    token := substr(small, i, 2);
    if octet_length(token) > 2 then tokens := tokens || token; end if;
  end loop;
  for i in 1 .. length(initials) - 2 loop
    tokens := tokens || substr(initials, i, 3);
  end loop;
  for i in 1 .. length(path) / 4 loop
    tokens := tokens || ('/' || left(path, i * 4));
  end loop;
  return tokens;
end $$
"""
INDEX = "on members_organization using gin (organization_tokens(name, initials, path))"


def name_tokens(word: str) -> list[str]:
    """What the index holds of a part of a name; Latin letters and digits among themselves are found by the initials."""
    small = word.lower()
    return [pair for pair in (small[i : i + 2] for i in range(len(small) - 1)) if not pair.isascii()]


def letter_tokens(word: str) -> list[str]:
    return [word[i : i + 3] for i in range(len(word) - 2)]


def create(connection: BaseDatabaseWrapper) -> None:
    """Function, index and its statistics; outside a transaction the table stays writable meanwhile. Nothing elsewhere."""
    if connection.vendor != "postgresql":
        return
    how = "" if connection.in_atomic_block else "concurrently"
    with connection.cursor() as cursor:
        cursor.execute(FUNCTION)
        cursor.execute(f"create index {how} if not exists {NAME} {INDEX}")
        cursor.execute("analyze members_organization")
    is_ready.cache_clear()


def drop(connection: BaseDatabaseWrapper) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"drop index if exists {NAME}")
            cursor.execute("drop function if exists organization_tokens(text, text, text)")
    is_ready.cache_clear()


@cache
def is_ready(alias: str) -> bool:
    """Whether the database has the index, asked once per process."""
    connection = connections[alias]
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "select 1 from pg_class join pg_index on oid = indexrelid where relname = %s and indisvalid", [NAME]
        )
        return cursor.fetchone() is not None


def fill_initials(apps: Any, schema_editor: Any) -> None:
    """Initials for the organisations that are there already, in chunks."""
    model = apps.get_model("members", "Organization")
    after = 0
    while rows := list(model.objects.filter(pk__gt=after).order_by("pk")[:CHUNK]):
        for row in rows:
            row.initials = initials_of(row.name)
        model.objects.bulk_update(rows, ["initials"])
        after = rows[-1].pk


def note_conditions(apps: Any, schema_editor: Any) -> None:
    """A record for organisations that were in a condition before there were records; since when and why is not known."""
    records = apps.get_model("members", "OrganizationCondition")
    standing = apps.get_model("members", "Organization").objects.exclude(condition="normal")
    reason = "启用状态记录之前登记，起始日期以本日代。"
    records.objects.bulk_create(
        [records(organization=o, condition=o.condition, since=timezone.localdate(), reason=reason) for o in standing],
        batch_size=CHUNK,
        ignore_conflicts=True,
    )


# For a migration of its own, ``atomic = False``, after the one that adds ``Organization.initials`` and
# ``OrganizationCondition``.
operations = [
    migrations.RunPython(note_conditions, migrations.RunPython.noop, elidable=True),
    migrations.RunPython(fill_initials, migrations.RunPython.noop, elidable=True),
    migrations.RunPython(lambda apps, editor: create(editor.connection), lambda apps, editor: drop(editor.connection)),
]
