"""What a person reads where a page cannot be shown, in both languages, with a way on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from analysis.models import PracticeRecording
from tests.conftest import group

FIRST = reverse("admin:index")
LANGUAGES = pytest.mark.parametrize("language", ["en", "zh-hant"])
WORDS = {
    "en": {400: "makes no sense", 403: "You may not do this", 404: "nothing here", 500: "Something went wrong",
           "stale": "open for too long", "home": "To the first page"},
    "zh-hant": {400: "無法理解", 403: "沒有權限", 404: "找不到", 500: "發生錯誤", "stale": "開啟太久",
                "home": "回到首頁"},
}  # fmt: skip


@pytest.fixture
def root(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser("root", password="root"))
    client.raise_request_exception = False
    return client


@pytest.fixture
def broken(root: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Lets the list of accounts fail as it is told to."""

    def fail(error: Exception) -> None:
        def raising(*_args: Any, **_kwargs: Any) -> None:
            raise error

        monkeypatch.setattr("analysis.admin.people.UserAdmin.get_queryset", raising)

    yield fail


def opened(client: Client, address: str, language: str) -> tuple[int, str]:
    answer = client.get(address, headers={"accept-language": language})
    return answer.status_code, answer.content.decode()


@LANGUAGES
def test_nothing_is_there(root: Client, language: str) -> None:
    status, page = opened(root, "/admin/no/such/page/", language)
    assert status == 404
    assert WORDS[language][404] in page
    assert WORDS[language]["home"] in page
    assert f'href="{FIRST}"' in page
    assert f'href="{reverse("admin:auth_user_changelist")}"' in page  # the sidebar is there


@LANGUAGES
def test_what_may_not_be_done(client: Client, alice: User, language: str) -> None:
    client.force_login(alice)
    status, page = opened(client, reverse("admin:auth_user_changelist"), language)
    assert status == 403
    assert WORDS[language][403] in page
    assert WORDS[language]["home"] in page


def test_a_visitor_is_led_to_the_login(client: Client, db: None) -> None:
    status, page = opened(client, "/nothing", "en")
    assert status == 404
    assert "To the login" in page
    assert "sidebar" not in page


@LANGUAGES
def test_a_broken_page(broken: Any, root: Client, language: str) -> None:
    broken(ZeroDivisionError("secret"))
    status, page = opened(root, reverse("admin:auth_user_changelist"), language)
    assert status == 500
    assert WORDS[language][500] in page
    assert "secret" not in page
    assert f'href="{FIRST}"' in page


def test_without_a_database_there_are_still_words(
    broken: Any, root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: Any) -> None:
        raise OperationalError("away")

    broken(OperationalError("away"))
    monkeypatch.setattr("vocalborn.errors.admin.site.each_context", away)
    status, page = opened(root, reverse("admin:auth_user_changelist"), "en")
    assert status == 500
    assert "發生錯誤" in page
    assert "Something went wrong" in page


@LANGUAGES
def test_a_request_that_makes_no_sense(broken: Any, root: Client, language: str) -> None:
    broken(SuspiciousOperation("x"))
    status, page = opened(root, reverse("admin:auth_user_changelist"), language)
    assert status == 400
    assert WORDS[language][400] in page


@LANGUAGES
def test_an_old_form_says_what_to_do(alice: User, recording: PracticeRecording, language: str) -> None:
    client = Client(enforce_csrf_checks=True, headers={"accept-language": language})
    client.force_login(alice)
    page = reverse("admin:analysis_practicerecording_change", args=[recording.pk])
    answer = client.post(page, {"x": "y"}, headers={"referer": f"http://testserver{page}"})
    assert answer.status_code == 403
    said = answer.content.decode()
    assert WORDS[language]["stale"] in said
    assert f'href="http://testserver{page}"' in said


def test_an_old_form_leads_to_no_other_site(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    said = client.post(FIRST, headers={"referer": "https://elsewhere.example/x"}).content.decode()
    assert "elsewhere.example" not in said


@pytest.mark.parametrize(("address", "status", "code"), [("/api/v1/nothing", 404, "not_found")])
def test_a_program_gets_problem_details(
    client: Client, db: None, address: str, status: int, code: str
) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["code"] == code


def test_a_program_without_the_second_factor_is_told_so(client: Client, alice: User, settings: Any) -> None:
    settings.SECOND_FACTOR_GROUPS = ["*"]
    group("therapists")
    client = Client()  # its middleware reads the setting
    client.force_login(alice)
    answer = client.get("/api/v1/patients")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
