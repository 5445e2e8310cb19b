"""Loading of the room."""

from importlib import import_module

from django.apps import AppConfig

PARTS = (
    "audiences",
    "indicators",
    "supervision.contact_points",
    "blueprints.shipped",
    "documents",
    "amendments.documents",
    "entries",
    "dashboards.entries",
    "study.entries",
    "study.files",
    "study.account_entries",
    "study.documents",
    "study.plan_documents",
    "study.reminders",
    "supervision.documents",
    "supervision.entries",
    "supervision.reminders",
    "supervision.tree",
    "supervision.visit_files",
    "member_panel",
    "units.entries",
    "units.files",
    "listings.units",
    "listings.people",
    "listings.places",
    "listings.documents",
    "dashboards.documents",
    "actions.waiver",
    "actions.amendment",
    "actions.yearly",
    "reminders.rules",
    "reminders.units",
    "reminders.superiors",
    "reminders.group_lines",
    "units.roll",
    "units.tree",
)


class CampaignConfig(AppConfig):
    name = "campaign"
    verbose_name = "教育活动"

    def ready(self) -> None:
        """Fill the registries of the rooms below."""
        for part in PARTS:
            import_module(f"campaign.{part}")
