"""What an amendment would do to the figures: counted from the records before it is applied, and told again when it has been."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from campaign.models import Amendment, AmendmentChange, Campaign, Enrolment, PhaseRun, Progress
from campaign.progress.counting import NOTHING, Figures, count
from campaign.progress.ready import figures_of

CHUNK = 200
NAMED = 10
Kind = AmendmentChange.Kind
Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Line:
    """One requirement: what is kept of it now, what will be kept of what takes its place (``None``: nothing is asked any more)."""

    kind: str
    label: str
    now: Figures | None
    then: Figures | None

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "label": self.label, "now": numbers(self.now), "then": numbers(self.then)}


def numbers(figures: Figures | None) -> list[int] | None:
    return [figures.done, figures.waived, figures.total] if figures else None


def figures_in(row: list[int] | None) -> Figures | None:
    """Back from what was kept."""
    return Figures(row[0], row[1], row[2]) if row else None


def chunks(campaign: Campaign, after: int = 0) -> Iterator[list[int]]:
    """Ids of all the campaign's enrolments behind ``after``, a few hundred at a time, in the order of their ids."""
    while True:
        keys = list(campaign.enrolments.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:CHUNK])
        if not keys:
            return
        yield keys
        after = keys[-1]


def changes_of(amendment: Amendment) -> list[AmendmentChange]:
    rows = amendment.changes.select_related("step__phase", "requirement__step", "made")
    found = list(rows)
    for change in found:
        change.amendment = amendment
    return found


def effect_of(amendment: Amendment, report: Report | None = None) -> dict[str, Any]:
    """Figures now and then for each requirement concerned, and which units that lack nothing today would owe something again.

    Units are looked at with the phases that they have reached, those they have left included: what was approved stays approved, but a
    requirement added to an earlier phase is owed all the same.
    """
    changes = changes_of(amendment)
    planned = {change.pk: change.planned() for change in changes if change.kind != Kind.WITHDRAW}
    gone = {change.requirement_id for change in changes if change.requirement_id}
    then: dict[int, Figures] = dict.fromkeys(planned, NOTHING)
    affected: list[int] = []
    relieved = seen = 0
    total = amendment.campaign.enrolments.count()
    for keys in chunks(amendment.campaign):
        new: set[tuple[int, int]] = set()
        for pk, requirement in planned.items():
            for enrolment, figures in count(requirement, keys).items():
                then[pk] += figures
                if figures.missing > 0:
                    new.add((enrolment, requirement.step.phase_id))
        lacking, lacking_then = owing(keys, gone, new)
        affected += sorted(lacking_then - lacking)
        relieved += len(lacking - lacking_then)
        seen += len(keys)
        if report:
            report(seen, total)
    return {
        "lines": [line.as_json() for line in lines(amendment, changes, then)],
        "units": total,
        "affected": len(affected),
        "finished": Enrolment.objects.filter(pk__in=affected, state=Enrolment.State.FINISHED).count(),
        "relieved": relieved,
        "names": names_of(affected[:NAMED]),
    }


def lines(amendment: Amendment, changes: list[AmendmentChange], then: dict[int, Figures]) -> list[Line]:
    """``then`` by change."""
    now = figures_of(amendment.campaign, amendment.campaign.organization)
    return [
        Line(
            change.kind,
            change.label,
            now.get(change.requirement_id, NOTHING) if change.requirement_id else None,
            then.get(change.pk, NOTHING) if change.kind != Kind.WITHDRAW else None,
        )
        for change in changes
    ]


def owing(keys: list[int], gone: set[int], new: set[tuple[int, int]]) -> tuple[set[int], set[int]]:
    """Of these enrolments: those that lack something today in a phase they have reached, and those that will.

    ``gone`` are requirements that are no longer asked, ``new`` what would be missing, as (enrolment, phase).
    """
    reached = set(
        PhaseRun.objects.filter(enrolment__in=keys, state__in=[PhaseRun.State.ACTIVE, PhaseRun.State.DONE])
        .exclude(enrolment__state=Enrolment.State.CLOSED)
        .values_list("enrolment_id", "phase_id")
    )
    places = dict(Enrolment.objects.filter(pk__in=keys).values_list("organization_id", "pk"))
    campaign = Enrolment.objects.filter(pk=keys[0]).values("campaign")
    rows = Progress.objects.filter(
        kind=Progress.Kind.BRANCH,
        organization__in=places,
        requirement__campaign__in=campaign,
        requirement__in_force=True,
        total__gt=F("done") + F("waived"),
    ).values_list("organization_id", "requirement_id", "requirement__step__phase_id")
    missing = [(places[o], r, phase) for o, r, phase in rows if (places[o], phase) in reached]
    staying = {unit for unit, requirement, _ in missing if requirement not in gone}
    return {unit for unit, _, _ in missing}, staying | {unit for unit, phase in new if (unit, phase) in reached}


def names_of(enrolments: list[int]) -> list[str]:
    rows = Enrolment.objects.filter(pk__in=enrolments).in_tree_order()
    return list(rows.values_list("organization__name", flat=True))


def outcome_of(amendment: Amendment) -> dict[str, Any]:
    """The figures of the moment in which it takes effect, from ready rows: of what goes and of what takes its place."""
    changes = changes_of(amendment)
    kept = figures_of(amendment.campaign, amendment.campaign.organization)
    then = {change.pk: kept.get(change.made_id or 0, NOTHING) for change in changes}
    return {"lines": [line.as_json() for line in lines(amendment, changes, then)]}


def told(effect: dict[str, Any] | None) -> list[Line]:
    """The lines of an effect that was kept."""
    rows = effect["lines"] if effect else []
    return [Line(r["kind"], r["label"], figures_in(r["now"]), figures_in(r["then"])) for r in rows]
