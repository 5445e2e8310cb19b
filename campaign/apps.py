"""Loading of the room."""

from importlib import import_module

from django.apps import AppConfig

PARTS = ("audiences", "indicators", "blueprint", "documents", "entries", "member_panel", "reminders", "roll", "tree")


class CampaignConfig(AppConfig):
    name = "campaign"
    verbose_name = "教育活动"

    def ready(self) -> None:
        """Fill the registries of the rooms below."""
        for part in PARTS:
            import_module(f"campaign.{part}")
