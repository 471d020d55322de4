"""A real browser, and a site for it. Any console error, any request to an outside host, fails the test."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.acceptance.browser import BROWSER, FLAGS
from tests.conftest import ROOT, free_port, wait_for


@pytest.fixture(scope="module")
def site_address(environment: dict[str, str]) -> Iterator[str]:
    """The site under uvicorn, on the tests' database."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "vocalborn.asgi:application", "--port", str(port)]
    server = subprocess.Popen([*command, "--log-level", "warning"], cwd=ROOT, env=environment)
    address = f"http://127.0.0.1:{port}"
    wait_for(lambda: answers(f"{address}/admin/login/"), 60)
    yield address
    server.terminate()
    server.wait(20)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own loopback
            return True
    except OSError:
        return False


@pytest.fixture
def site(transactional_db: None, site_address: str) -> str:
    """The site's address, with tables that it can see."""
    return site_address


@pytest.fixture(scope="module")
def launch() -> Iterator[Callable[[Sequence[str]], Any]]:
    """Gives the browser that was started with these flags."""
    from playwright.sync_api import sync_playwright

    running: dict[tuple[str, ...], Any] = {}
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as driver:
        # The driver runs an event loop in this thread, and Django refuses its database beside one.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

        def launched(flags: Sequence[str]) -> Any:
            if tuple(flags) not in running:
                browser = driver.chromium.launch(executable_path=BROWSER, args=[*FLAGS, *flags])
                running[tuple(flags)] = browser
            return running[tuple(flags)]

        yield launched
        for browser in running.values():
            browser.close()


@pytest.fixture
def flags() -> list[str]:
    """More of the browser's options, for a module that needs them."""
    return []


@pytest.fixture
def page(site: str, launch: Callable[[Sequence[str]], Any], flags: list[str]) -> Iterator[Any]:
    """A page of a visitor whom the site has never seen, in Taiwan."""
    troubles: list[str] = []
    context = launch(flags).new_context(locale="zh-TW", timezone_id="Asia/Taipei", base_url=site)
    page = context.new_page()
    page.on(
        "console",
        lambda said: troubles.append(f"{page.url}: {said.text}") if said.type == "error" else None,
    )
    page.on("pageerror", lambda error: troubles.append(f"{page.url}: {error}"))
    page.on("request", lambda asked: troubles.append(asked.url) if _outside(asked.url, site) else None)
    yield page
    context.close()
    assert troubles == []


def _outside(url: str, site: str) -> bool:
    return not url.startswith((site, "data:", "blob:"))
