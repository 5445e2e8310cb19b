"""Figures follow the records at once, at the branch and at every node above."""

import pytest

from campaign.models import Waiver
from campaign.progress.rollups import set_up
from campaign.progress.writing import Figures, count, count_all, figures_by_child, figures_of, recording, unmet
from members.models import Organization
from tests import factories as make

ALL = tuple(
    (code, audience)
    for code, audience in [
        ("member-in-contact", "all-members"),
        ("secretary-appointed", "all-branches"),
        ("plan-filed", "all-branches"),
        ("leading-group-named", "all-branches"),
        ("surveyed", "all-branches"),
        ("sessions-held", "all-branches"),
        ("study-attended", "all-members"),
        ("study-hours", "all-members"),
        ("study-note", "leaders"),
        ("lecture-given", "leaders"),
        ("analysis-submitted", "all-members"),
        ("analysis-accepted", "secretaries"),
        ("talk-held", "probationary"),
        ("opinions-passed-on", "branches-with-leaders"),
        ("life-meeting-held", "all-branches"),
        ("democratic-meeting-held", "all-branches"),
        ("measures-planned", "all-members"),
        ("measures-done", "all-members"),
        ("ledger-opened", "all-branches"),
        ("ledger-closed", "all-branches"),
    ]
)


@pytest.mark.django_db
def test_every_indicator_and_audience_counts_in_sql() -> None:
    root = make.organization()
    home = make.branch(root)
    make.member(home)
    make.member(home, tags=("leader",), status="probationary")
    campaign = make.campaign(root, ALL)
    enrolment = make.enrolment(campaign, home)
    empty = make.enrolment(campaign, make.branch(Organization.objects.get(pk=root.pk)))
    requirements = list(campaign.requirements.all())
    together, nobody = count_all(requirements, enrolment.pk), count_all(requirements, empty.pk)
    for requirement in requirements:
        figures = count(requirement, [enrolment.pk]).get(enrolment.pk, Figures())
        assert together.get((requirement.pk, enrolment.pk), Figures()) == figures
        assert nobody.get((requirement.pk, empty.pk), Figures()) == count(requirement, [empty.pk]).get(
            empty.pk, Figures()
        )
        assert (
            figures.missing
            == unmet(requirement)
            .filter(**({"enrolment": enrolment} if requirement.subject == "person" else {"pk": enrolment.pk}))
            .count()
        )
        assert figures.total == {"all-members": 2, "leaders": 1, "probationary": 1, "secretaries": 0}.get(
            requirement.audience_code, 1
        )


@pytest.mark.django_db
def test_a_change_shows_at_the_root_at_once() -> None:
    root = make.organization()
    homes = [make.branch(root) for _ in range(2)]
    campaign = make.campaign(root, (("plan-filed", "all-branches"),))
    enrolments = [make.enrolment(campaign, home) for home in homes]
    requirement = campaign.requirements.get()
    root.refresh_from_db()
    assert figures_of(campaign, root)[requirement.pk] == Figures(0, 0, 2)
    with recording([enrolments[0].pk]) as locked:
        locked[0].plan_filed_on = campaign.starts_on
        locked[0].save()
    assert figures_of(campaign, root)[requirement.pk] == Figures(1, 0, 2)
    by_child = figures_by_child(campaign, root)
    assert by_child[homes[0].path][requirement.pk] == Figures(1, 0, 1)
    assert by_child[homes[1].path][requirement.pk] == Figures(0, 0, 1)


@pytest.mark.django_db
def test_a_waiver_counts_apart_from_what_was_done() -> None:
    root = make.organization()
    campaign = make.campaign(root, (("plan-filed", "all-branches"),))
    enrolment = make.enrolment(campaign, make.branch(root))
    requirement = campaign.requirements.get()
    with recording([enrolment.pk]):
        Waiver.objects.create(requirement=requirement, enrolment=enrolment, reason="停产", by=make.user())
    assert figures_of(campaign, Organization.objects.get(pk=root.pk))[requirement.pk] == Figures(0, 1, 1)


@pytest.mark.django_db
def test_rollup_points_add_up_to_the_same_sums() -> None:
    root = make.organization()
    district = make.organization("区委", Organization.objects.get(pk=root.pk))
    campaign = make.campaign(root, (("plan-filed", "all-branches"),))
    requirement = campaign.requirements.get()
    enrolment = make.enrolment(campaign, make.branch(district))
    loose = make.enrolment(campaign, make.branch(root))
    set_up(campaign, district.pk)
    with recording([enrolment.pk]) as locked:
        locked[0].plan_filed_on = campaign.starts_on
        locked[0].save()
    root.refresh_from_db()
    district.refresh_from_db()
    assert figures_of(campaign, root)[requirement.pk] == Figures(1, 0, 2)
    assert figures_of(campaign, district)[requirement.pk] == Figures(1, 0, 1)
    assert figures_of(campaign, loose.organization)[requirement.pk] == Figures(0, 0, 1)
    assert figures_by_child(campaign, district)[enrolment.organization.path][requirement.pk] == Figures(1, 0, 1)
