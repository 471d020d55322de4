"""What the tests with a real browser share; the browser itself is a fixture."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from tests.conftest import wait_for

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
marks = [
    pytest.mark.acceptance,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: apt-get install chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # the browser driver's own pipes
]


def log_in(page: Any, name: str) -> None:
    """Come as somebody who has logged in, and see the first page."""
    client = Client()
    client.force_login(User.objects.get(username=name), settings.AUTHENTICATION_BACKENDS[-1])
    page.goto("/admin/login/")
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": page.url}])
    page.goto("/admin/")


def watch(page: Any) -> list[int]:
    """The values of the bar until the result can be read."""
    from playwright.sync_api import Error

    seen: list[int] = []

    def result_is_there() -> bool:
        if page.locator(".vb-result").count():
            return True
        try:  # in one step: between two the result may take the bar's place
            bars = page.locator("[data-job] .vb-bar").evaluate_all(
                "bars => bars.map((bar) => bar.value ?? 0)"
            )
        except Error:  # the page is just being loaded again, with the result
            return False
        seen.extend(int(value) for value in bars if int(value) not in seen[-1:])
        page.wait_for_timeout(60)
        return False

    wait_for(result_is_there, 60, lambda: seen)
    return seen
