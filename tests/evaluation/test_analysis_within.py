"""An analysis counts in other campaigns that ask for one within some years, from the moment it is accepted."""

from datetime import datetime

import pytest
from django.utils import timezone

from campaign.models import Participation
from campaign.progress.recounting import recount
from campaign.progress.writing import figures_of
from evaluation.actions import review
from evaluation.models import SelfAnalysis
from members.models import Organization
from members.permissions import Role
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("year", "done"), [(2005, 1), (2001, 1), (2000, 0), (2007, 1)])
def test_it_counts_for_five_calendar_years_in_every_campaign(
    year: int, done: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The asking campaign ends in 2005: 2001 is the earliest year that counts."""
    root = make.organization()
    branch = make.branch(root)
    member = make.member(branch)
    root = Organization.objects.get(pk=root.pk)
    writing, asking = make.campaign(root, name="写"), make.campaign(root, (("analysis-within", "all-members"),))
    asking.requirements.update(params={"years": 5})
    for campaign in (writing, asking):
        make.enrolment(campaign, branch)
    here = Participation.objects.get(campaign=writing, member=member)
    analysis = SelfAnalysis.objects.create(participation=here, state=SelfAnalysis.State.SUBMITTED)
    requirement = asking.requirements.get()
    assert figures_of(asking, root)[requirement.pk].done == 0
    then = datetime(year, 6, 1, 12, tzinfo=timezone.get_current_timezone())
    monkeypatch.setattr("evaluation.models.self_analysis.timezone.now", lambda: then)
    review.accept(analysis=analysis, remarks={}, by=make.hat(Role.OFFICE, root))
    monkeypatch.undo()
    assert figures_of(asking, root)[requirement.pk].done == done
    assert list(recount(asking)) == []
