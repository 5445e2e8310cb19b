"""An office's own blueprints: copied, changed, published in versions, taken in from a file."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from campaign.actions.refusal import Refused
from campaign.blueprints.editing import Gone, changed
from campaign.blueprints.plans import BlueprintError
from campaign.blueprints.reading import read
from campaign.models import BlueprintVersion
from members.models import Organization
from portal.actions.log import audit

State = BlueprintVersion.State
MOST_BYTES = 1_000_000


class BlueprintRefused(Refused):
    """It cannot be done; the message (Chinese) says why and what to do."""


def plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Everything but name and code, which belong to the version."""
    return {key: value for key, value in data.items() if key not in {"name", "code"}}


@transaction.atomic
def copy(*, data: Mapping[str, Any], name: str, origin: str, organization: Organization, by: Any) -> BlueprintVersion:
    """A draft of one's own from any blueprint. The same copy pressed twice is one draft."""
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    own = BlueprintVersion.objects.filter(organization=organization, state=State.DRAFT)
    known = own.filter(name=name[:120], origin=origin[:200], edition=0).first()
    if known is not None:
        return known
    made = BlueprintVersion.objects.create(
        organization=organization, name=name[:120], data=plain(data), origin=origin[:200], by=by
    )
    audit(by=by, verb="建立活动蓝本", target=made, origin=origin)
    return made


@transaction.atomic
def take_in(*, content: bytes, file_name: str, organization: Organization, by: Any) -> BlueprintVersion:
    """A draft from an exported file. Nothing is stored when anything is wrong: raises ``BlueprintError`` naming all of it."""
    if len(content) > MOST_BYTES:
        raise BlueprintError(["文件太大，蓝本文件不超过1 MB，请确认选对了文件"])
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BlueprintError(["文件不是 UTF-8 编码的文本，请使用本系统导出的 .json 文件"]) from None
    except json.JSONDecodeError as error:
        raise BlueprintError([f"第{error.lineno}行第{error.colno}个字符处不符合 JSON 格式，请检查标点和括号"]) from None
    except RecursionError:
        raise BlueprintError(["文件的层次太深，不是蓝本文件"]) from None
    blueprint = read(data)
    return copy(data=data, name=blueprint.name, origin=f"导入文件 {file_name}", organization=organization, by=by)


def change(
    *, version: BlueprintVersion, edition: int, how: Callable[[dict[str, Any]], dict[str, Any]], by: Any
) -> None:
    """Change the data of a draft as it was in ``edition``. Raises ``BlueprintRefused`` when somebody else has changed it since."""
    try:
        data = changed(version.data, how)
    except Gone:
        raise BlueprintRefused("要改的内容已经不在了，请核对现在的蓝本后再改。") from None
    save(version=version, edition=edition, by=by, data=data)


def save(*, version: BlueprintVersion, edition: int, by: Any, **values: Any) -> None:
    """Write a draft, if it still is one and nobody else has written it since ``edition``."""
    if version.edition != edition or not BlueprintVersion.objects.filter(
        pk=version.pk, state=State.DRAFT, edition=edition
    ).update(edition=edition + 1, by=by, changed_at=timezone.now(), **values):
        raise BlueprintRefused("这份蓝本刚刚有人改过或已经发布，您的改动没有保存。请核对现在的内容后再改。")


@transaction.atomic
def publish(*, version: BlueprintVersion, by: Any) -> None:
    """DRAFT → PUBLISHED under the next number; from now on it never changes. Raises ``BlueprintError``, ``BlueprintRefused``."""
    Organization.objects.select_for_update(no_key=True).get(pk=version.organization_id)
    held = BlueprintVersion.objects.select_for_update().get(pk=version.pk)
    held.blueprint()
    last = BlueprintVersion.objects.filter(series=held.series).aggregate(last=Max("number"))["last"] or 0
    if not BlueprintVersion.objects.filter(pk=held.pk, state=State.DRAFT).update(
        state=State.PUBLISHED, number=last + 1, published_by=by, published_at=timezone.now()
    ):
        raise BlueprintRefused("这份蓝本已经发布，不必重复操作。")
    version.refresh_from_db()
    audit(by=by, verb="发布活动蓝本", target=version, number=last + 1)


@transaction.atomic
def start_draft(*, version: BlueprintVersion, by: Any) -> BlueprintVersion:
    """A new draft from any version; the series' draft, if it has one already."""
    Organization.objects.select_for_update(no_key=True).get(pk=version.organization_id)
    known = BlueprintVersion.objects.filter(series=version.series, state=State.DRAFT).first()
    if known is not None:
        return known
    made = BlueprintVersion.objects.create(
        organization_id=version.organization_id,
        series=version.series,
        name=version.name,
        data=version.data,
        origin=f"{version.name}{version.version}",
        by=by,
    )
    audit(by=by, verb="起草蓝本新版本", target=made)
    return made


@transaction.atomic
def discard(*, version: BlueprintVersion, by: Any) -> bool:
    """Give a draft up; ``False`` when it has been published."""
    held = BlueprintVersion.objects.select_for_update().filter(pk=version.pk, state=State.DRAFT).first()
    if held is None:
        return False
    audit(by=by, verb="放弃蓝本草稿", target=held)
    held.delete()
    return True
