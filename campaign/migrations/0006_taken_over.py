"""What was said in one line before goes to where it is kept now: leading groups, filed plans, sealed notes."""

import re
from datetime import datetime, time
from typing import Any

from django.db import migrations
from django.utils import timezone

PORTION = 500


def take_over(apps: Any, schema_editor: Any) -> None:
    for enrolment in apps.get_model("campaign", "Enrolment").objects.iterator(chunk_size=PORTION):
        name_group(apps, enrolment)
        note_filing(enrolment)
    for note in apps.get_model("campaign", "StudyNote").objects.iterator(chunk_size=PORTION):
        note.body = note.text
        note.save(update_fields=["body"])


def name_group(apps: Any, enrolment: Any) -> None:
    office = dict.fromkeys(name[:60] for name in re.split(r"[、，,；;\s]+", enrolment.office_members) if name)
    posts = [("head", enrolment.head)] if enrolment.head else []
    posts += [("office-staff", name) for name in office]
    if not posts:
        return
    group, _ = apps.get_model("campaign", "LeadingGroup").objects.get_or_create(
        campaign_id=enrolment.campaign_id, organization_id=enrolment.organization_id
    )
    for duty, name in posts:
        group.posts.get_or_create(duty=duty, name=name, title="", left_on=None)


def note_filing(enrolment: Any) -> None:
    if enrolment.plan_filed_on is None:
        return
    at = timezone.make_aware(datetime.combine(enrolment.plan_filed_on, time(12)))
    title = enrolment.plan_title or "实施方案"
    enrolment.filings.create(state="acknowledged", title=title[:120], filed_at=at, decided_at=at)


class Migration(migrations.Migration):
    dependencies = [("campaign", "0005_engine")]

    operations = [migrations.RunPython(take_over, migrations.RunPython.noop)]
