"""The app of recordings and what was found in them."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AnalysisConfig(AppConfig):
    name = "analysis"
    verbose_name = _("Speech practice")

    def ready(self) -> None:
        from analysis import audit, files, tasks  # noqa: F401 - signals, and tasks for whoever announces a job

        audit.register()
