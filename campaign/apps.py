"""Loading of the room."""

from importlib import import_module

from django.apps import AppConfig

PARTS = (
    "audiences",
    "indicators",
    "contact_points",
    "blueprint",
    "documents",
    "amendment_documents",
    "entries",
    "progress_entries",
    "study_entries",
    "study_files",
    "study_account_entries",
    "study_documents",
    "study_plan_documents",
    "study_reminders",
    "supervision_documents",
    "supervision_entries",
    "supervision_reminders",
    "supervision_tree",
    "visit_files",
    "member_panel",
    "unit_entries",
    "unit_files",
    "unit_listings",
    "people_listings",
    "place_listings",
    "listing_documents",
    "dashboard_documents",
    "actions.waiver",
    "actions.amendment",
    "actions.yearly",
    "reminder_rules",
    "reminders",
    "superior_reminders",
    "group_lines",
    "roll",
    "tree",
)


class CampaignConfig(AppConfig):
    name = "campaign"
    verbose_name = "教育活动"

    def ready(self) -> None:
        """Fill the registries of the rooms below."""
        for part in PARTS:
            import_module(f"campaign.{part}")
