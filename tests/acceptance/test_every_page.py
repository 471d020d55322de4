"""Every page of the admin in a real browser, in both languages.

It fails on any console error, any request to an outside host, any violation of the content security policy (the
browser reports each as a console error), and on what axe finds serious.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http.response import HttpResponseBase
from django.test import Client

from analysis import acoustics
from tests import world
from tests.acceptance import browser
from tests.addresses import every_address
from tests.analysis.conftest import turtle
from tests.conftest import ROOT

pytestmark = browser.marks
AXE = (ROOT / "tests/vendor/axe-core-4.14.1/axe.min.js").read_text()
SERIOUS = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
    .filter((found) => ["serious", "critical"].includes(found.impact))
    .map((found) => `${found.id}: ${found.nodes.slice(0, 3).map((node) => node.html).join(" | ")}`)"""
# Swagger's page is another project's as it stands; the other two answer with a piece of a page.
NOT_WHOLE = ("/api/v1/docs", "/admin/search/", "/admin/system/")
__all__ = ["turtle"]


@pytest.fixture
def full(transactional_db: None, turtle: acoustics.Analysis) -> world.Practice:
    """A site with something on every page."""
    made = world.practice("alice", "A-1", "哥哥騎車去看烏龜", turtle, recordings=2)
    world.system_rows()
    world.others()
    return made


def pages(person: str) -> list[str]:
    """One address of each kind that shows this person a page: no file, no redirect, no door for POST."""
    client = Client()
    client.force_login(User.objects.get(username=person))
    found = every_address({model: keys[:1] for model, keys in world.rows().items()})
    return [each for each in found if "/log" not in each and _is_page(client.get(each))]


def _is_page(answer: HttpResponseBase) -> bool:
    return answer.status_code == 200 and "text/html" in answer.get("Content-Type", "")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("language", ["zh-hant", "en"])
@pytest.mark.parametrize("person", ["alice", "root"])
def test_every_page_is_sound(page: Any, site: str, full: world.Practice, person: str, language: str) -> None:
    page.context.add_cookies([{"name": "django_language", "value": language, "url": site}])
    browser.log_in(page, person)
    addresses = pages(person)
    assert len(addresses) > 15
    found = {address: flaws for address in addresses if (flaws := look_at(page, address))}
    assert not found, "\n".join(f"{address}: {flaw}" for address, flaws in found.items() for flaw in flaws)


def look_at(page: Any, address: str) -> list[str]:
    """What axe finds serious. What the console says, the page's fixture tells at the end."""
    answer = page.goto(address, wait_until="load")
    assert answer.status == 200, address
    if address in NOT_WHOLE:
        return []
    page.evaluate(AXE)
    said: list[str] = page.evaluate(SERIOUS)
    return said
