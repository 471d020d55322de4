"""Errors as problem details, and the page that documents the API."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import translation

from analysis.acoustics import UNUSABLE_CODES
from analysis.api import api
from analysis.api.problems import CODES, PROBLEMS, Problem
from analysis.models import AnalysisJob
from tests.analysis.api.conftest import V1, logged_in
from tests.conftest import ROOT


def test_every_code_has_its_own_sentence_and_status() -> None:
    for code in CODES:
        body = Problem(code).body
        assert 400 <= body["status"] < 500
        assert body["title"] != code
    assert len({str(text) for _status, text in PROBLEMS.values()}) == len(PROBLEMS)
    assert {f"recording_{code}" for code in UNUSABLE_CODES} <= CODES


def test_a_code_that_is_not_listed_cannot_be_sent() -> None:
    with pytest.raises(ValueError, match="sorry"):
        Problem("sorry")


@pytest.mark.parametrize(("language", "words"), [("en", "Please log in"), ("zh-TW,zh;q=0.9", None)])
def test_a_problem_is_told_in_the_callers_language(client: Client, language: str, words: str | None) -> None:
    answer = client.get(f"{V1}/me", headers={"Accept-Language": language})
    told = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert set(told) == {"type", "title", "status", "detail", "code", "errors"}
    assert (told["type"], told["status"]) == ("urn:vocalborn:problem:unauthenticated", 401)
    assert answer["Content-Language"] == ("en" if words else "zh-hant")
    with translation.override("en" if words else "zh-hant"):
        assert told["detail"] == Problem("unauthenticated").body["detail"]
    if words:
        assert told["detail"].startswith(words)


@pytest.mark.parametrize("path", ["/", "/nothing", "/jobs/", "/docs/x", "/recordings/"])
def test_an_address_that_is_none_is_a_problem_too(client: Client, path: str) -> None:
    answer = client.get(V1 + path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_method_that_is_not_taken_is_a_problem_too(alice: User) -> None:
    answer = logged_in(alice).delete(f"{V1}/me")
    assert (answer.status_code, answer.json()["code"], answer["Allow"]) == (405, "method_not_allowed", "GET")


def test_what_nobody_expected_is_not_swallowed(done: AnalysisJob, alice: User) -> None:
    done.result.delete()
    with pytest.raises(Exception, match="AnalysisResult matching query does not exist"):
        logged_in(alice).get(f"{V1}/jobs/{done.pk}/result")


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
def test_the_documentation_is_for_staff(client: Client, carol: User, path: str) -> None:
    assert client.get(V1 + path).status_code == 302
    assert logged_in(carol).get(V1 + path).status_code == 302


def test_the_page_names_no_outside_host(alice: User) -> None:
    page = logged_in(alice).get(f"{V1}/docs").content.decode()
    assert not re.search(r"(?:https?:)?//[a-z]", page)
    wanted = re.findall(r'(?:src|href)="/static/([^"]+)"', page)
    assert "ninja/swagger-ui-bundle.js" in wanted
    assert all(finders.find(path) for path in wanted)
    settings = re.search(r'id="swagger-settings">(.*?)</script>', page, re.DOTALL)
    assert settings
    assert json.loads(settings[1])["validatorUrl"] is None  # or the bundle asks validator.swagger.io
    assert 'data-api-csrf="true"' in page


def test_the_schema_holds_every_operation_once(alice: User) -> None:
    schema: dict[str, Any] = logged_in(alice).get(f"{V1}/openapi.json").json()
    operations = [each for path in schema["paths"].values() for each in path.values()]
    names = [each["operationId"] for each in operations]
    assert len(names) == len(set(names)) == 14
    assert all(each["security"] for each in operations)
    readme = (ROOT / "README.md").read_text()
    for path, methods in schema["paths"].items():
        for method in methods:
            assert f"`{method.upper()} {path.removeprefix(V1)}`" in readme
    assert api.title == schema["info"]["title"]
