"""Loading of the room."""

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from members.permissions import Role

PARTS = (
    "indicators",
    "documents",
    "appointment_sheet",
    "entries",
    "messenger_road",
    "reminders",
    "condition_documents",
    "committee_list",
    "organization_entries",
    "people_documents",
    "reshaping",
    "roster_jobs",
    "transfer_documents",
)


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = "组织与党员"

    def ready(self) -> None:
        """Fill the registries of the rooms below; a role that does not exist would demand a second factor of nobody."""
        if unknown := set(settings.SECOND_FACTOR_ROLES) - set(Role.values):
            raise ImproperlyConfigured(f"SECOND_FACTOR_ROLES: unknown {sorted(unknown)}; known are {Role.values}.")
        for part in PARTS:
            import_module(f"members.{part}")
