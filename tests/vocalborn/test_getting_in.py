"""Passwords, the second factor, idle sessions, and the headers that go with every page."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
import unfold
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from vocalborn import security

LOGIN, MINE = "/admin/login/", "/admin/second-factor/"


def code(user: User) -> str:
    """What the authenticator app of this person shows."""
    return f"{totp(TOTPDevice.objects.get(user=user).bin_key):06d}"


def log_in(client: Client, **answers: str) -> int:
    return client.post(LOGIN, {"username": "alice", "password": "alice", **answers}).status_code


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


@pytest.fixture
def enrolled(alice: User, client: Client) -> list[str]:
    """Alice with a second factor; her recovery codes."""
    client.force_login(alice)
    client.get(MINE)
    page = client.post(MINE, {"token": code(alice)}).content.decode()
    client.logout()
    TOTPDevice.objects.update(last_t=-1)  # the same half minute may serve the test again
    return re.findall(r"<code>(\w{8})</code>", page)


def test_without_a_second_factor_the_login_is_as_it_was(alice: User, client: Client) -> None:
    assert "otp_token" not in client.get(LOGIN).content.decode()
    assert log_in(client) == 302
    assert is_in(client)


def test_the_page_shows_a_picture_of_the_key_and_asks_for_proof(alice: User, client: Client) -> None:
    client.force_login(alice)
    page = client.get(MINE)
    assert "<svg" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    client.post(MINE, {"token": "000000"})
    assert not TOTPDevice.objects.get(user=alice).confirmed


def test_with_a_second_factor_a_password_is_not_enough(
    alice: User, enrolled: list[str], client: Client
) -> None:
    asked = client.post(LOGIN, {"username": "alice", "password": "alice"})
    assert "otp_token" in asked.content.decode()
    assert not is_in(client)
    assert log_in(client, otp_token="000000") == 200
    assert not is_in(client)
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    assert log_in(client, otp_token=code(alice)) == 302
    assert is_in(client)


def test_a_code_is_good_once(alice: User, enrolled: list[str], client: Client) -> None:
    once = code(alice)
    assert log_in(client, otp_token=once) == 302
    client.logout()
    assert log_in(client, otp_token=once) == 200


def test_guessing_codes_is_slowed(alice: User, enrolled: list[str], client: Client) -> None:
    log_in(client, otp_token="000000")
    assert log_in(client, otp_token=code(alice)) == 200  # too soon, though it is right


def test_each_recovery_code_opens_once(alice: User, enrolled: list[str], client: Client) -> None:
    assert len(enrolled) == 10
    assert log_in(client, otp_token=enrolled[3]) == 302
    client.logout()
    assert log_in(client, otp_token=enrolled[3]) == 200
    assert StaticToken.objects.count() == 9


def test_a_second_factor_is_removed_with_a_code_or_by_an_administrator(
    alice: User, enrolled: list[str], client: Client
) -> None:
    client.force_login(alice)
    client.post(MINE, {"token": "111111", "remove": "yes"})
    assert TOTPDevice.objects.exists()
    client.force_login(User.objects.create_superuser("root"))
    client.post(
        reverse("admin:auth_user_changelist"),
        {"action": "forget_second_factor", "_selected_action": [str(alice.pk)]},
    )
    assert not TOTPDevice.objects.exists()
    client.logout()
    assert log_in(client) == 302


def test_who_must_have_one_sets_it_up_first(alice: User, settings: Any) -> None:
    settings.SECOND_FACTOR_GROUPS = ["therapists"]
    client = Client()  # builds the middleware anew
    client.force_login(alice)
    assert client.get("/admin/analysis/patient/")["Location"] == MINE
    assert client.get("/api/v1/patients").status_code == 403
    client.get(MINE)
    client.post(MINE, {"token": code(alice)})
    assert client.get("/admin/analysis/patient/").status_code == 200
    client.force_login(User.objects.create_superuser("root"))
    assert client.get("/admin/analysis/patient/").status_code == 200


@pytest.mark.parametrize("password", ["short", "1234567890123", "password123"])
def test_a_weak_password_is_refused(alice: User, password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, alice)


@pytest.mark.parametrize(("language", "words"), [("en", "5 times"), ("zh-hant", "5 次")])
def test_the_locked_login_says_so(alice: User, client: Client, language: str, words: str) -> None:
    for _attempt in range(5):
        client.post(LOGIN, {"username": "alice", "password": "wrong"})
    answer = client.post(
        LOGIN, {"username": "alice", "password": "alice"}, headers={"accept-language": language}
    )
    assert answer.status_code == 429
    assert words in answer.content.decode()


def test_a_session_is_renewed_by_what_a_person_does_only(
    alice: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(alice)
    client.get("/admin/")
    first = client.session[security.SEEN]
    monkeypatch.setattr("vocalborn.security.time.time", lambda: first + 120)
    client.get(reverse("admin:analysis_analysisjob_live"))
    for name in ("analysisjob", "analysisresult", "practicerecording"):
        client.get(reverse(f"admin:analysis_{name}_arrivals"))
    client.get("/admin/", headers={"accept": "text/event-stream"})
    assert client.session[security.SEEN] == first
    client.get("/admin/")
    assert client.session[security.SEEN] == first + 120


def test_every_answer_carries_the_policy(client: Client, db: None) -> None:
    for address in (LOGIN, "/api/v1/patients", "/admin/"):
        answer = client.get(address)
        policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
        assert policy["script-src"] == policy["default-src"] == "'self'", address
        assert "unsafe-eval" not in answer["Content-Security-Policy"]
        assert "microphone=(self)" in answer["Permissions-Policy"]
        assert "camera=()" in answer["Permissions-Policy"]


# Our templates stand in for these. Where unfold changes one, look at ours again, then put its new hash here.
OVERRIDDEN = {
    "unfold/layouts/skeleton.html": "66af9f0bb45f98ba",
    "unfold/helpers/welcomemsg.html": "e8eab02522ba2319",
    "admin/login.html": "13deb7765ce36659",
    "unfold/helpers/command.html": "ae6ce324d8536613",
    "unfold/helpers/search.html": "91996c27181d14ad",
    "unfold/helpers/pagination_default.html": "a6c793aea686e443",
}


@pytest.mark.parametrize("name", OVERRIDDEN)
def test_an_overridden_template_is_the_one_we_know(name: str) -> None:
    theirs = Path(str(unfold.__file__)).parent / "templates" / name
    assert hashlib.sha256(theirs.read_bytes()).hexdigest()[:16] == OVERRIDDEN[name]
