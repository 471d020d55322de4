"""People are told once of each event, by mail and by a webhook that they can verify, and not while it is silenced."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse

from tasks_admin.alerts.deliver import MOST_ATTEMPTS, owe, send_owed
from tasks_admin.models import Alert, AlertDelivery, AlertRule, Silence
from tests.conftest import group
from tests.tasks_admin.conftest import T0

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]
SECRET = "shared with the receiver"


class Receiver(BaseHTTPRequestHandler):
    """Keeps what it gets, and answers as it is told."""

    got: list[tuple[Any, bytes]]
    answer: int
    moved_to = ""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).got.append((self.headers, body))
        self.send_response(type(self).answer)
        if type(self).moved_to:
            self.send_header("Location", type(self).moved_to)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver(settings: Any) -> Iterator[type[Receiver]]:
    kind = type("Each", (Receiver,), {"got": [], "answer": 204})
    server = HTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/hook"
    told = {"MAIL_TO": [], "WEBHOOK_URL": url, "WEBHOOK_SECRET": SECRET}
    settings.TASKS_ADMIN = settings.TASKS_ADMIN | {"ALERTS": told, "SITE_URL": "https://v.example.org"}
    yield kind
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def _mail(settings: Any) -> None:
    settings.TASKS_ADMIN = settings.TASKS_ADMIN | {"ALERTS": {"MAIL_TO": ["it@example.org"]}}


def alert(**fields: Any) -> Alert:
    about = {"code": "queue_long", "subject": "health", "severity": "warning", "value": 101, "threshold": 100}
    return Alert.objects.create(**(about | {"since": T0, "seen_at": T0, "opened_at": T0} | fields))


def tell(seconds: float = 0) -> int:
    now = T0 + timedelta(seconds=seconds)
    owe(now)
    return send_owed(now)


def resolve(row: Alert, seconds: float) -> None:
    row.resolved_at = T0 + timedelta(seconds=seconds)
    row.save()


def test_a_webhook_is_told_of_both_events_once(receiver: type[Receiver]) -> None:
    row = alert()
    assert [tell(second) for second in (0, 10, 20)] == [1, 0, 0]
    resolve(row, 30)
    assert [tell(second) for second in (30, 40)] == [1, 0]
    (headers, body), (_, second) = receiver.got
    signed = hmac.new(SECRET.encode(), headers["X-Timestamp"].encode() + b"." + body, hashlib.sha256)
    assert headers["X-Signature"] == f"sha256={signed.hexdigest()}"
    said = json.loads(body)
    assert (said["event"], said["code"], said["subject"]) == ("opened", "queue_long", "health")
    assert said["url"].startswith("https://v.example.org/admin/")
    assert set(said["messages"]) == {"zh-hant", "en"}
    assert "101" in said["messages"]["en"]
    assert json.loads(second)["event"] == "resolved"


@pytest.mark.usefixtures("_mail")
def test_a_mail(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"
    row = alert()
    tell()
    resolve(row, 10)
    tell(10)
    assert [each.subject for each in mail.outbox] == [
        "[VocalBorn] warning: A queue stays long (health)",
        "[VocalBorn] resolved: A queue stays long (health)",
    ]
    assert mail.outbox[0].to == ["it@example.org"]
    assert "101 messages wait" in mail.outbox[0].body


def test_what_is_refused_is_tried_again_later_and_later(receiver: type[Receiver]) -> None:
    receiver.answer = 500
    alert()
    assert tell() == 0
    row = AlertDelivery.objects.get()
    assert (row.attempts, row.next_at, row.error) == (1, T0 + timedelta(seconds=15), "HTTPError 500")
    assert (tell(14), len(receiver.got)) == (0, 1)
    tell(15)
    assert AlertDelivery.objects.get().next_at == T0 + timedelta(seconds=45)
    receiver.answer = 200
    assert tell(45) == 1
    assert len({json.loads(body)["id"] for _, body in receiver.got}) == 1


def test_it_is_given_up_after_some_attempts(receiver: type[Receiver]) -> None:
    receiver.answer = 500
    alert()
    for hour in range(12):
        tell(4000 * hour)
    assert len(receiver.got) == MOST_ATTEMPTS


def test_a_redirect_is_not_followed(receiver: type[Receiver]) -> None:
    receiver.answer, receiver.moved_to = 307, "http://127.0.0.1:1/elsewhere"
    alert()
    assert tell() == 0
    assert AlertDelivery.objects.get().error == "HTTPError 307"


def test_an_address_of_another_kind_is_not_opened(receiver: type[Receiver], settings: Any) -> None:
    settings.TASKS_ADMIN["ALERTS"]["WEBHOOK_URL"] = "file:///etc/passwd"
    alert()
    assert tell() == 0


def test_of_two_who_send_it_one_does(receiver: type[Receiver], monkeypatch: pytest.MonkeyPatch) -> None:
    alert()
    owe(T0)
    stale = AlertDelivery.objects.get()
    assert send_owed(T0) == 1
    from tasks_admin.alerts.deliver import _claim

    assert not _claim(stale, T0)
    with pytest.raises(Exception, match=r"(?i)unique"):
        AlertDelivery.objects.create(alert=stale.alert, channel="webhook", event="opened", next_at=T0)


@pytest.mark.parametrize("subject", ["", "health"])
def test_nobody_is_told_of_what_is_silenced(receiver: type[Receiver], subject: str) -> None:
    alert()
    Silence.objects.create(code="queue_long", subject=subject, until=T0 + timedelta(hours=1))
    assert tell() == 0
    assert tell(3601) == 1


def test_nobody_is_told_of_what_is_acknowledged_or_does_not_last(
    receiver: type[Receiver], alice: User
) -> None:
    alert(acknowledged_at=T0, acknowledged_by=alice)
    alert(subject="maintenance", opened_at=None)
    assert tell() == 0


# --- in the admin


@pytest.fixture
def administrator(db: None) -> Client:
    user = User.objects.create_user("root", password="root", is_staff=True)
    user.groups.add(group("administrators"))
    client = Client()
    client.force_login(user)
    return client


def act(client: Client, action: str, *rows: Alert) -> int:
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return client.post(reverse("admin:tasks_admin_alert_changelist"), data).status_code


def test_an_administrator_acknowledges_and_silences(administrator: Client, rules: None) -> None:
    row = alert()
    assert act(administrator, "acknowledge", row) == 302
    assert act(administrator, "silence_for_an_hour", row) == 302
    row.refresh_from_db()
    assert row.acknowledged_by is not None
    assert (Silence.objects.get().code, Silence.objects.get().subject) == ("queue_long", "health")
    assert LogEntry.objects.filter(object_id=row.pk).count() == 2
    for name in ("alert", "alertrule", "silence", "workerbeat", "dailyfigures"):
        page = administrator.get(reverse(f"admin:tasks_admin_{name}_changelist"))
        assert page.status_code == 200
    page = administrator.get(reverse("admin:tasks_admin_alert_change", args=[row.pk]))
    assert "101" in page.content.decode()


def test_an_administrator_edits_a_rule(administrator: Client, rules: None) -> None:
    where = reverse("admin:tasks_admin_alertrule_change", args=["queue_long"])
    form = {"enabled": "on", "severity": "critical", "threshold": "7", "hold_seconds": "5"}
    assert administrator.post(where, form).status_code == 302
    rule = AlertRule.objects.get(pk="queue_long")
    assert (rule.severity, rule.threshold, rule.hold_seconds) == ("critical", 7, 5)
    assert administrator.post(where, form | {"threshold": "-1"}).status_code == 200
    assert administrator.get(reverse("admin:tasks_admin_alertrule_add")).status_code == 403


def test_a_therapist_has_no_business_here(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    row = alert()
    assert act(client, "acknowledge", row) == 403
    row.refresh_from_db()
    assert row.acknowledged_at is None
