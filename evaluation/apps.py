"""Loading of the room."""

from importlib import import_module

from django.apps import AppConfig

PARTS = ("indicators", "documents", "entries", "reminders")


class EvaluationConfig(AppConfig):
    name = "evaluation"
    verbose_name = "分析评议"

    def ready(self) -> None:
        """Fill the registries of the rooms below."""
        for part in PARTS:
            import_module(f"evaluation.{part}")
