"""Loading of the room."""

from importlib import import_module

from django.apps import AppConfig

PARTS = ("indicators", "documents", "entries", "roster_jobs")


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = "组织与党员"

    def ready(self) -> None:
        """Fill the registries of the rooms below."""
        for part in PARTS:
            import_module(f"members.{part}")
