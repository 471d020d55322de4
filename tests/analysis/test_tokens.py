"""Access tokens: shown once, kept as a hash, ended at will."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.forms.models import model_to_dict
from django.utils import timezone

from analysis.models import AccessToken


def test_the_secret_is_not_kept(alice: User) -> None:
    token, secret = AccessToken.issue(alice, "phone")
    assert secret.startswith("vb_")
    assert len(secret) >= 46
    kept = AccessToken.objects.values().get(pk=token.pk)
    assert not any(secret in str(value) for value in kept.values())
    assert kept["prefix"] == secret[:8]
    assert secret not in str(token) + repr(token) + str(model_to_dict(token))


def test_it_stands_for_its_user(alice: User, bob: User) -> None:
    _token, secret = AccessToken.issue(alice, "phone", timezone.now() + timedelta(days=1))
    AccessToken.issue(bob, "phone")
    assert AccessToken.objects.holder(secret) == alice


@pytest.mark.parametrize("change", ["revoked", "expired", "inactive", "gone"])
def test_it_ends(alice: User, change: str) -> None:
    token, secret = AccessToken.issue(alice, "phone")
    if change == "revoked":
        assert (token.revoke(), token.revoke()) == (True, False)
    elif change == "expired":
        AccessToken.objects.update(expires_at=timezone.now())
    elif change == "inactive":
        User.objects.update(is_active=False)
    else:
        alice.delete()
    assert AccessToken.objects.holder(secret) is None


def test_its_last_use_is_written_once_a_minute(alice: User, django_assert_num_queries: Any) -> None:
    token, secret = AccessToken.issue(alice, "phone")
    with django_assert_num_queries(2):
        AccessToken.objects.holder(secret)
    with django_assert_num_queries(1):
        AccessToken.objects.holder(secret)
    AccessToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    AccessToken.objects.holder(secret)
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert timezone.now() - token.last_used_at < timedelta(minutes=1)


def test_everybody_sees_their_own(alice: User, bob: User) -> None:
    mine, _secret = AccessToken.issue(alice, "phone")
    root = User.objects.create_superuser("root")
    assert list(AccessToken.objects.visible_to(alice)) == [mine]
    assert list(AccessToken.objects.visible_to(root)) == [mine]
    for other in (bob, AnonymousUser()):
        assert not AccessToken.objects.visible_to(other).exists()


def test_a_therapist_may_make_them(alice: User) -> None:
    assert alice.has_perms([f"analysis.{action}_accesstoken" for action in ("add", "view")])


def test_is_valid_follows(alice: User) -> None:
    token, _secret = AccessToken.issue(alice, "phone")
    assert token.is_valid
    token.expires_at = timezone.now()
    assert not token.is_valid
