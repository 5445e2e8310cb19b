"""Loading of the room."""

from importlib import import_module

from django.apps import AppConfig

PARTS = ("print_job", "accounts", "mail_road")


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "门户"

    def ready(self) -> None:
        """Fill the registries of the rooms below."""
        for part in PARTS:
            import_module(f"portal.{part}")
