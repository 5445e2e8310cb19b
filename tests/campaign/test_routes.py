"""灵活方式: decided with a reason, listed, counted apart, ended, and kept."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from campaign.actions import route as routes
from campaign.actions.refusal import Refused
from campaign.models import AlternativeRoute, Participation, StudyNote
from campaign.progress.recounting import recount
from campaign.progress.writing import figures_of, recording
from members.permissions import Role
from tests import factories as make
from tests.campaign.unit import Unit, said, unit
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
DECISION = {"kind": "home-delivery", "reason": "长期卧床", "helper": "党员乙", "approver": "支部委员会"}


@pytest.fixture
def here() -> Unit:
    return unit()


def listing(here: Unit) -> str:
    return reverse("listing", args=[here.campaign.pk, here.branch.pk, "alternatives"])


def test_the_secretary_sets_it_and_the_list_says_how_why_and_who_approved(here: Unit) -> None:
    person = here.people()[0]
    client, url = signed_in(here.secretary), reverse("route-edit", args=[person.pk])
    assert "请写明采取灵活方式的理由" in said(client.post(url, DECISION | {"reason": ""}))
    assert "请选择灵活方式" in said(client.post(url, DECISION | {"kind": ""}))
    page = said(client.post(url, DECISION, follow=True))
    for words in ("党员甲", "送学上门", "长期卧床", "党员乙", "支部委员会"):
        assert words in page
    person.refresh_from_db()
    assert person.route == Participation.Route.ALTERNATIVE
    client.post(url, DECISION)
    assert AlternativeRoute.objects.count() == 1
    assert "党员甲" in said(client.get(listing(here), {"kind": "home-delivery"}))
    assert "没有符合条件的" in said(client.get(listing(here), {"kind": "dictated"}))


def test_only_office_and_secretary_set_it(here: Unit) -> None:
    person = here.people()[0]
    edit, end = (reverse(name, args=[person.pk]) for name in ("route-edit", "route-end"))
    inspector = make.hat(Role.INSPECTOR, here.root)
    own = make.user(person.member)
    for who, status in ((here.office, 200), (inspector, 403), (own, 403), (here.outsider, 404)):
        assert signed_in(who).get(edit).status_code == status
    for who, status in ((inspector, 403), (own, 403), (here.outsider, 404)):
        assert signed_in(who).post(edit, DECISION).status_code == status
        assert signed_in(who).post(end, {"reason": "x"}).status_code == status
    assert signed_in(here.secretary).get(end).status_code == 405
    assert signed_in(own).get(listing(here)).status_code == 403
    assert signed_in(here.outsider).get(listing(here)).status_code == 404


def test_what_is_done_that_way_is_counted_apart(here: Unit) -> None:
    person = here.people()[0]
    note = here.campaign.requirements.filter(indicator_code="study-note").first()
    if note is None:
        note = here.requirement("参加学习，缺课的补课")
        note.indicator_code = "study-note"
        note.save()
    with recording([here.enrolment.pk]):
        StudyNote.objects.create(participation=person, title="心得", body="x")
    assert figures_of(here.campaign, here.root)[note.pk].otherwise == 0
    routes.set_alternative(participation=person, **DECISION, by=here.secretary)
    figures = figures_of(here.campaign, here.root)[note.pk]
    assert (figures.done, figures.otherwise) == (1, 1)
    routes.set_normal(participation=person, reason="已康复", by=here.secretary)
    figures = figures_of(here.campaign, here.root)[note.pk]
    assert (figures.done, figures.otherwise) == (1, 0)
    assert not list(recount(here.campaign))


def test_a_new_decision_replaces_the_old_one_which_stays(here: Unit) -> None:
    person, client = here.people()[0], signed_in(here.secretary)
    edit, end = (reverse(name, args=[person.pk]) for name in ("route-edit", "route-end"))
    client.post(edit, DECISION)
    client.post(edit, DECISION | {"kind": "dictated"})
    assert [r.kind for r in person.alternative_routes.holding()] == ["dictated"]
    assert "请写明恢复正常参加的理由" in said(client.post(end, {"reason": ""}))
    client.post(end, {"reason": "已康复"})
    assert "已按正常方式参加" in said(client.post(end, {"reason": "已康复"}, follow=True))
    page = said(client.get(edit))
    for words in ("送学上门", "口述代笔", "已康复", "另行设定"):
        assert words in page
    assert "没有采取灵活方式参加的党员" in said(client.get(listing(here)))


def test_who_is_on_it_by_the_roll_is_listed_until_somebody_decides(here: Unit) -> None:
    person = make.participation(here.enrolment, "老党员", tags=("frail",))
    client = signed_in(here.secretary)
    page = said(client.get(listing(here), {"kind": "undecided"}))
    assert "老党员" in page
    assert "方式未登记" in page
    routes.set_normal(participation=person, reason="身体尚好", by=here.secretary)
    assert person.alternative_routes.get().ended_reason == "身体尚好"
    assert "老党员" not in said(client.get(listing(here)))


def test_one_decision_holds_at_a_time(here: Unit) -> None:
    person = here.people()[0]
    held = routes.set_alternative(participation=person, **DECISION, by=here.secretary)
    with pytest.raises(IntegrityError), transaction.atomic():
        AlternativeRoute.objects.create(participation=person, by=here.secretary, **DECISION)
    Participation.objects.filter(pk=person.pk).update(left_on=here.enrolment.starts_on)
    with pytest.raises(Refused, match="不在本单位"):
        routes.set_alternative(participation=person, **DECISION | {"kind": "other"}, by=here.secretary)
    held.refresh_from_db()
    assert held.ended_at is None
