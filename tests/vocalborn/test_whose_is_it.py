"""Every address, as each kind of person: no page shows a row that is not theirs, and none asks the database much.

The addresses come from the site's own resolver (tests/addresses.py), and from the links of every list: filters,
orders and months are among them. A new page is covered unasked.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from zeal import zeal_context

from analysis import acoustics
from tests import world
from tests.addresses import every_address
from tests.analysis.conftest import turtle

MOST_QUERIES = 25
MOST_ROWS = 12  # of each therapist: enough that a query for each row is more than MOST_QUERIES
PERSONS = ("alice", "bob", "adam", "nobody", "anonymous", "root")
LINK = re.compile(r'href="(\?[^"]+)"')
__all__ = ["turtle"]
pytestmark = pytest.mark.usefixtures("redis")


@dataclass(frozen=True)
class World:
    alice: world.Practice
    bob: world.Practice
    addresses: list[str]

    def secrets(self, person: str) -> set[str]:
        """What must be on no page that this person opens."""
        a, b = self.alice, self.bob
        return {
            "alice": b.words | b.marks,
            "bob": a.words | a.marks,
            "adam": a.words | b.words,
            "nobody": a.words | b.words | a.marks | b.marks,
            "anonymous": a.words | b.words | a.marks | b.marks,
            "root": set[str](),
        }[person]


@pytest.fixture
def everything(db: None, turtle: acoustics.Analysis) -> World:
    alice = world.practice("alice", "A-1", "哥哥騎車去看烏龜", turtle, MOST_ROWS)
    bob = world.practice("bob", "B-1", "爸爸八點半騎馬", turtle, MOST_ROWS)
    world.system_rows()
    world.others()
    return World(alice, bob, every_address(world.rows()))


def visitor(person: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    if person != "anonymous":
        client.force_login(User.objects.get(username=person))
    return client


@pytest.mark.timeout(600)
@pytest.mark.parametrize("person", PERSONS)
def test_no_page_shows_a_row_that_is_not_theirs(everything: World, settings: Any, person: str) -> None:
    # "… with ID x does not exist" repeats what was asked for, on the next page: it is taken out between the two.
    settings.MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
    client, secrets = visitor(person), everything.secrets(person)
    leaks: dict[str, set[str]] = {}
    opened = 0
    waiting = list(everything.addresses)
    known = set(waiting)
    while waiting:
        address = waiting.pop()
        if "/log" in address and "logentry" not in address:  # the way in and the way out
            continue
        status, said = opened_by(client, address)
        assert status < 500, address
        opened += status == 200
        # What somebody asks for by its id may be repeated to them.
        found = {secret for secret in secrets if secret in said and secret not in address}
        if found:
            leaks[address] = found
        links = {address.partition("?")[0] + html.unescape(link) for link in LINK.findall(said)} - known
        if "?" not in address:
            known |= links
            waiting += links
    assert not leaks, leaks
    assert opened >= {"anonymous": 0, "nobody": 3}.get(person, 40)


def opened_by(client: Client, address: str) -> tuple[int, str]:
    """The answer's status, and all that it says: body, redirect and file name."""
    client.cookies.pop("messages", None)
    answer = client.get(address)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    said = f"{answer.get('Location', '')} {answer.get('Content-Disposition', '')} "
    return answer.status_code, said + body.decode(errors="replace")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("person", ["alice", "adam", "root"])
def test_no_page_asks_the_database_much(everything: World, person: str) -> None:
    client = visitor(person)
    counts = {address: queries(client, address) for address in everything.addresses if "/log" not in address}
    assert {address: count for address, count in counts.items() if count > MOST_QUERIES} == {}


def queries(client: Client, address: str) -> int:
    """How many queries a page takes. zeal raises where the same one is asked for each row."""
    with CaptureQueriesContext(connection) as captured, zeal_context():
        opened_by(client, address)
    return len(captured)
