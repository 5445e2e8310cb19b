"""The way of the whole district, step by step."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction

from campaign.actions import enrolment as enrolments
from campaign.models import Campaign, Enrolment
from campaign.progress.writing import recording
from members.models import Organization, User
from rectification.demo.accounts import staff
from rectification.demo.changing import amendment, own_blueprint
from rectification.demo.district import District
from rectification.demo.evaluating import evaluate, rectify
from rectification.demo.learning import learn, move_on
from rectification.demo.people import keep_people
from rectification.demo.planning import plan_ahead
from rectification.demo.preparation import backdate, begin_campaign, prepare
from rectification.demo.reminding import remind
from rectification.demo.special import special_cases
from rectification.demo.studying import study_around, train
from rectification.demo.supervising import supervise


def walk(district: District, campaign: Campaign) -> None:
    """Every unit of the first batch goes its way: most to the second phase, some behind, one put in order first."""
    first = campaign.batches.order_by("number").first()
    branches = Enrolment.objects.filter(batch=first, organization__kind__in=Organization.BRANCH_KINDS)
    for position, enrolment in enumerate(branches.in_tree_order()):
        with recording([enrolment.pk]):
            walk_one(district, enrolment, position)


def walk_one(district: District, enrolment: Enrolment, position: int) -> None:
    """One unit, as far as it has come by today."""
    prepare(district, enrolment)
    if any(enrolments.start(enrolment=enrolment, by=district.secretary(enrolment))):
        return
    backdate(enrolment)
    behind = position % 7 == 5
    learn(district, enrolment, behind=behind)
    if behind:
        return
    move_on(district, enrolment)
    evaluate(district, enrolment, thorough=position < 12)
    rectify(district, enrolment)


def build(root: Organization, office: User) -> Iterator[Any]:
    """Run the demonstration step by step; yields the words to show, last the list of accounts."""
    district = District(root, office)
    accounts = staff(district)
    yield "正在建立教育活动并编入批次……"
    campaign = begin_campaign(district)
    with recording([]):
        train(district)
    yield "正在按实际进程记录学习、评议和整改……"
    walk(district, campaign)
    yield "正在登记班子、流动党员查找和组织关系转接……"
    with recording([]):
        keep_people(district)
    yield "正在登记学习材料、自学、心得和培训……"
    with recording([]):
        study_around(district, campaign)
    yield "正在安排今后的学习……"
    with recording([]):
        plan_ahead(district)
    yield "正在登记领导小组、联系点和督导走访……"
    with transaction.atomic():
        supervise(district, campaign)
    yield "正在准备活动蓝本和调整……"
    with transaction.atomic():
        own_blueprint(district)
        amendment(district, campaign)
    yield "正在登记特殊情况……"
    with recording([]):
        special_cases(district, campaign)
    yield "正在生成提醒……"
    remind(district, campaign)
    yield accounts
