"""How this project takes up the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks


class AdminConfig(SimpleAdminConfig):
    """Loads the admin's pages with the site's addresses, not in every worker, beat and command.

    They bring forms, signal processing and a compiler along: more than half of what a command's start cost.
    """

    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(check_pages, checks.Tags.admin)


def check_pages(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Django's own check, of all pages: it may be the first to ask for them."""
    admin.autodiscover()
    return check_admin_app(app_configs, **kwargs)
