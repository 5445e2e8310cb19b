"""Loading of the room."""

from importlib import import_module

from django.apps import AppConfig

PARTS = ("audiences", "indicators", "contact_points", "blueprint", "documents", "entries", "supervision_documents", "supervision_entries", "member_panel", "unit_listings", "people_listings", "listing_documents", "actions.waiver", "reminders", "roll", "tree")


class CampaignConfig(AppConfig):
    name = "campaign"
    verbose_name = "教育活动"

    def ready(self) -> None:
        """Fill the registries of the rooms below."""
        for part in PARTS:
            import_module(f"campaign.{part}")
