"""The first run: a portal without accounts gets its topmost organisation and the account that sets it up."""

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone

from members.models import Appointment, Organization, User
from members.permissions import Role
from portal.accounts import nobody_yet
from portal.actions.log import audit


class AlreadySetUp(Exception):
    """Somebody has made the first account in the meantime."""


@transaction.atomic
def set_up(
    *,
    organization_name: str,
    organization_code: str,
    organization_kind: str,
    username: str,
    name: str,
    email: str,
    password: str,
) -> User:
    """Create both, with the hats of office and administrator; raises ``AlreadySetUp`` if an account exists."""
    # Two first runs at once: a row that is always there lets only one of them past at a time.
    ContentType.objects.select_for_update().get(pk=ContentType.objects.get_for_model(User).pk)
    if not nobody_yet():
        raise AlreadySetUp
    root = Organization.objects.add_root(
        {"name": organization_name, "code": organization_code, "kind": organization_kind}
    )
    user = User(username=User.normalize_username(username), name=name, email=email, activated_at=timezone.now())
    user.set_password(password)
    user.save()
    for role in (Role.OFFICE, Role.ADMINISTRATOR):
        Appointment.objects.create(user=user, organization=root, role=role)
    audit(by=user, verb="初始化平台", target=root)
    return user
