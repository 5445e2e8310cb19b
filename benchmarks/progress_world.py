"""A whole batch of the campaign in the real tables, as fast as PostgreSQL takes it: organisations by COPY, people and records by statements
that read each other, ready rows from the very functions that recount them."""

import multiprocessing
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from campaign.models import (
    Attendance,
    Batch,
    Campaign,
    Enrolment,
    Participation,
    Phase,
    PhaseRun,
    PhaseWindow,
    ProgressDay,
    Requirement,
    Step,
    StudyNote,
    StudySession,
)
from campaign.progress.coverage import reach_of
from campaign.progress.ledgers import PROGRESS, REACH, STANDING, Ledger
from campaign.progress.rollups import rebalance
from campaign.progress.writing import counted, kept_requirements, units
from members.models import Member, MemberTag, Mobility, Organization, User
from portal import bulk

PORTION = 2000
STARTS = timezone.localdate() - timedelta(60)


@dataclass(frozen=True)
class Size:
    """Children per level above the branches, branches in all, members per branch (5 to ``5 + spread``)."""

    fanouts: tuple[int, ...]
    branches: int
    spread: int


SIZES = {
    "small": Size((5, 8, 4), 2_000, 29),
    "beijing": Size((18, 25, 8), 70_000, 29),
    "nation": Size((31, 11, 9, 14), 1_800_000, 23),
}
# Phase, indicator, audience, parameters: twelve requirements.
REQUIREMENTS: tuple[tuple[int, str, str, dict[str, Any]], ...] = (
    (0, "plan-filed", "all-branches", {}),
    (0, "surveyed", "all-branches", {}),
    (0, "sessions-held", "all-branches", {}),
    (0, "study-attended", "all-members", {}),
    (0, "study-note", "all-members", {}),
    (1, "study-hours", "all-members", {"hours": 2}),
    (1, "lecture-given", "leaders", {}),
    (1, "sessions-held", "branches-with-leaders", {"forms": ["lecture"]}),
    (2, "analysis-submitted", "all-members", {}),
    (2, "talk-held", "leaders", {}),
    (3, "sessions-held", "all-branches", {"minimum": 3}),
    (3, "measures-planned", "all-members", {}),
)


def steps(n: int) -> str:
    """The n-th step of a path."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    text = ""
    for _ in range(Organization.steplen):
        n, rest = divmod(n, 36)
        text = digits[rest] + text
    return text


def tree(size: Size) -> Iterator[tuple[Any, ...]]:
    """An uneven tree: every level varies, and one branch in twenty hangs higher up than the others."""
    dice = random.Random(2005)
    committees: list[str] = []
    levels: list[list[str]] = [["0001"]]
    children: dict[str, int] = {}
    for fanout in size.fanouts:
        below = []
        for path in levels[-1]:
            children[path] = max(1, round(fanout * dice.uniform(0.4, 1.6)))
            below += [path + steps(n) for n in range(1, children[path] + 1)]
        levels.append(below)
        committees += below
    homes = []
    for _ in range(size.branches):
        level = levels[-1] if dice.random() > 0.05 else levels[dice.randrange(1, len(levels))]
        path = level[min(int(dice.random() ** 1.3 * len(level)), len(level) - 1)]
        children[path] = children.get(path, 0) + 1
        homes.append(path + steps(children[path]))
    sectors = Organization.Sector.values
    for n, path in enumerate(["0001", *committees]):
        yield path, len(path) // 4, children.get(path, 0), f"党委{n}", f"C{n:07}", "committee", ""
    for n, path in enumerate(homes):
        yield path, len(path) // 4, 0, f"第{n}党支部", f"B{n:07}", "branch", dice.choice(sectors)


@contextmanager
def without_indexes(*tables: type[models.Model]) -> Iterator[None]:
    """Secondary indexes, unique constraints and triggers come back when the rows are there."""
    again: list[str] = []
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for model in tables:
            table = model._meta.db_table
            cursor.execute(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'u'",
                [table],
            )
            for name, definition in cursor.fetchall():
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
                again.append(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
            cursor.execute(
                "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i "
                "WHERE i.indrelid = %s::regclass AND NOT i.indisprimary",
                [table],
            )
            for name, definition in cursor.fetchall():
                cursor.execute(f"DROP INDEX {name}")
                again.append(definition)
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for statement in again:
            cursor.execute(statement)
        for model in tables:
            cursor.execute(f"ANALYZE {model._meta.db_table}")
        cursor.execute("SET session_replication_role = DEFAULT")


def fill(model: type[models.Model], values: dict[str, str], source: str, params: Sequence[Any] = ()) -> None:
    """INSERT … SELECT with the model's defaults for what ``values`` (field → SQL) leaves out."""
    columns, constants = bulk.with_defaults(model, list(values))
    table = model._meta.db_table
    chosen = ", ".join([*values.values(), *["%s"] * len(constants)])
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} {source}", [*constants, *params])  # noqa: S608
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))")  # noqa: S608


def say(text: str, start: float) -> None:
    print(f"  {text}：{time.perf_counter() - start:.0f} 秒", flush=True)


def make_campaign(root: Organization) -> Campaign:
    campaign = Campaign.objects.create(
        organization=root,
        name="先进性教育活动",
        blueprint="benchmark",
        state="running",
        starts_on=STARTS,
        ends_on=STARTS + timedelta(180),
    )
    batch = Batch.objects.create(campaign=campaign, number=1, name="第二批", starts_on=STARTS, ends_on=campaign.ends_on)
    for number, name in enumerate(["学习动员", "分析评议", "整改提高", "巩固成果"]):
        phase = Phase.objects.create(campaign=campaign, number=number, name=name)
        PhaseWindow.objects.create(batch=batch, phase=phase, starts_on=STARTS, ends_on=campaign.ends_on)
        step = Step.objects.create(phase=phase, number=1, name="规定动作")
        for position, (at, indicator, audience, params) in enumerate(REQUIREMENTS):
            if at == number:
                Requirement.objects.create(
                    step=step,
                    campaign=campaign,
                    number=position,
                    label=f"{indicator}{position}",
                    indicator_code=indicator,
                    audience_code=audience,
                    params=params,
                )
    return campaign


def build(size: Size) -> Campaign:
    """The whole world; its ready rows are the last thing made."""
    start = time.perf_counter()
    names = ("path", "depth", "numchild", "name", "code", "kind", "sector")
    with without_indexes(Organization), transaction.atomic():
        bulk.insert(Organization, names, tree(size))
    say("组织", start)
    campaign = make_campaign(Organization.objects.get(path="0001"))
    author = User.objects.create(username="clerk", name="录入员")
    tables = (Member, MemberTag, Mobility, Enrolment, PhaseRun, Participation, StudySession, Attendance, StudyNote)
    with without_indexes(*tables):
        people(size)
        say("党员", start)
        campaign_rows(campaign)
        say("参加记录", start)
        records(author)
        say("学习记录", start)
    say("索引", start)
    history()
    ready(campaign)
    say("已备数字", start)
    print(f"  汇总点 {rebalance(campaign)[1]} 个", flush=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    say("汇总", start)
    return campaign


def people(size: Size) -> None:
    branches = "FROM members_organization o, generate_series(1, 5 + (o.id * 7919 %% {})) AS g WHERE o.kind = 'branch'"
    fill(Member, {"branch": "o.id", "name": "'党员' || g"}, branches.format(size.spread))
    fill(MemberTag, {"member": "MIN(id)", "kind": "'leader'"}, "FROM members_member GROUP BY branch_id")
    fill(MemberTag, {"member": "id", "kind": "'frail'"}, "FROM members_member WHERE id %% 25 = 0")
    away = {
        "member": "id",
        "kind": "CASE WHEN id %% 400 = 0 THEN 'lost' ELSE 'out-of-province' END",
        "since": "DATE '2005-01-01'",
    }
    fill(Mobility, away, "FROM members_member WHERE id %% 200 = 0")


def campaign_rows(campaign: Campaign) -> None:
    """Two in a hundred branches have no place yet; one unit in three is in the second phase, one in ten has dates of its own."""
    first, second, third, fourth = campaign.phases.order_by("number").values_list("pk", flat=True)
    begin, end = f"DATE '{STARTS}'", f"DATE '{campaign.ends_on}'"
    enrolled = {
        "campaign": str(campaign.pk),
        "batch": str(campaign.batches.get().pk),
        "organization": "id",
        "state": "CASE WHEN id %% 97 = 0 THEN 'postponed' ELSE 'running' END",
        "phase": f"CASE WHEN id %% 3 = 0 THEN {second} ELSE {first} END",
        "starts_on": begin,
        "ends_on": end,
        "started_on": begin,
        "plan_filed_on": f"CASE WHEN id %% 10 <> 0 THEN {begin} END",
        "survey_note": "CASE WHEN id %% 7 <> 0 THEN '已摸底' ELSE '' END",
    }
    fill(Enrolment, enrolled, "FROM members_organization WHERE kind = 'branch' AND id %% 50 <> 0 ORDER BY path")
    for number, phase in enumerate((first, second, third, fourth)):
        done = f"CASE WHEN {number} = CASE WHEN organization_id %% 3 = 0 THEN 1 ELSE 0 END THEN 'active' "
        done += f"WHEN {number} = 0 THEN 'done' ELSE 'waiting' END"
        own = "CASE WHEN organization_id %% 10 = 0 THEN (organization_id %% 5)::int ELSE 0 END"
        days = {"starts_on": f"{begin} + {number * 40}", "ends_on": f"{begin} + {number * 40 + 45} + {own}"}
        fill(
            PhaseRun,
            {"enrolment": "id", "phase": str(phase), "state": done, **days},
            "FROM campaign_enrolment ORDER BY id",
        )
    joined = {"campaign": str(campaign.pk), "enrolment": "e.id", "member": "m.id", "joined_on": begin}
    joined["route"] = "CASE WHEN m.id %% 25 = 0 THEN 'alternative' ELSE 'normal' END"
    away = "(m.id %% 200 = 0 AND m.id %% 400 <> 0)"
    fill(
        Participation,
        joined,
        f"FROM campaign_enrolment e JOIN members_member m ON m.branch_id = e.organization_id WHERE NOT {away}",
    )


def records(author: User) -> None:
    held = {
        "enrolment": "id",
        "topic": "'学习'",
        "held_at": f"TIMESTAMPTZ '{STARTS + timedelta(5)} 09:00+08'",
        "by": str(author.pk),
    }
    fill(StudySession, {**held, "form": "'collective'"}, "FROM campaign_enrolment ORDER BY id")
    fill(StudySession, {**held, "form": "'lecture'"}, "FROM campaign_enrolment WHERE id %% 2 = 0 ORDER BY id")
    seen = {
        "session": "s.id",
        "participation": "p.id",
        "state": "CASE WHEN p.id %% 20 = 0 THEN 'absent' ELSE 'present' END",
    }
    join = "FROM campaign_studysession s JOIN campaign_participation p ON p.enrolment_id = s.enrolment_id"
    fill(Attendance, seen, f"{join} WHERE s.form = 'collective'")
    note = {"participation": "id", "title": "'心得'", "written_on": f"DATE '{STARTS + timedelta(9)}'"}
    fill(StudyNote, note, "FROM campaign_participation WHERE id %% 3 <> 0")


def history() -> None:
    """Figures of sixty days for the upper committees, as many rows as a real trend has (not what the records say)."""
    days = {"organization": "o.id", "requirement": "r.id", "day": f"DATE '{STARTS}' + d", "done": "d * 10"}
    days |= {"total": "1000", "waived": "0", "otherwise": "0"}
    source = "FROM members_organization o, campaign_requirement r, generate_series(0, 59) AS d"
    with without_indexes(ProgressDay):
        fill(ProgressDay, days, f"{source} WHERE o.kind = 'committee' AND o.depth <= 4")


def ready(campaign: Campaign, workers: int = 2) -> None:
    """Units' and branches' rows, counted by the functions that recount; sums follow in ``rebalance``."""
    keys = list(campaign.enrolments.in_tree_order().values_list("pk", flat=True))
    branches = list(Organization.objects.branches().values_list("pk", flat=True))
    models_ = (PROGRESS.model, STANDING.model, REACH.model)
    with without_indexes(*models_):
        connection.close()
        jobs = [("units", campaign.pk, keys[n : n + PORTION]) for n in range(0, len(keys), PORTION)]
        jobs += [("branches", campaign.pk, branches[n : n + PORTION]) for n in range(0, len(branches), PORTION)]
        with multiprocessing.get_context("fork").Pool(workers) as pool:
            list(pool.imap_unordered(portion, jobs, chunksize=4))
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")


def portion(job: tuple[str, int, list[int]]) -> None:
    what, campaign_pk, keys = job
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        if what == "units":
            group = units(keys)
            places = {u.organization_id: u.path for u in group}
            progress, standing = counted(group, kept_requirements(campaign_pk))
            write(PROGRESS, places, progress)
            write(STANDING, places, standing)
            return
        rows = list(Organization.objects.filter(pk__in=keys).values_list("pk", "path", "sector"))
        reach = reach_of(Campaign.objects.get(pk=campaign_pk), keys)
        entries = {(pk, campaign_pk): ((sector,), reach[pk]) for pk, _, sector in rows}
        write(REACH, {pk: path for pk, path, _ in rows}, entries)


def write(ledger: Ledger, places: dict[int, str], entries: dict[tuple[int, int], Any]) -> None:
    own = ledger.own.removesuffix("_id")
    names = ["organization", "path", "kind", "within", own, *ledger.bucket, *ledger.numbers]
    rows = (
        (organization, places[organization], "branch", None, key, *bucket, *numbers)
        for (organization, key), (bucket, numbers) in entries.items()
    )
    bulk.insert(ledger.model, names, rows)
