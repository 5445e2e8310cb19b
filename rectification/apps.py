"""Loading of the room."""

from importlib import import_module

from django.apps import AppConfig

PARTS = ("indicators", "documents", "entries", "reminders", "tree", "inspection")


class RectificationConfig(AppConfig):
    name = "rectification"
    verbose_name = "整改"

    def ready(self) -> None:
        """Fill the registries of the rooms below."""
        for part in PARTS:
            import_module(f"rectification.{part}")
