"""How people are told: by mail, and by a webhook that a receiver can verify."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import translation

from tasks_admin.alerts.wording import heading_of, path_of, url_of
from tasks_admin.models import AlertDelivery

WEBHOOK_SECONDS = 5.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the signed message to an address that nobody configured."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def _settings() -> dict[str, Any]:
    found: dict[str, Any] = settings.TASKS_ADMIN.get("ALERTS", {})
    return found


def by_mail(delivery: AlertDelivery) -> None:
    """Raises OSError (smtplib's errors are) where no server takes it."""
    alert = delivery.alert
    with translation.override(settings.LANGUAGE_CODE):
        EmailMessage(
            f"{settings.EMAIL_SUBJECT_PREFIX}{heading_of(alert)}",
            f"{alert.message}\n\n{url_of(alert)}\n",
            to=_settings()["MAIL_TO"],
            # The same for each attempt: a mail server that has it already can tell.
            headers={"Message-ID": f"<alert-{alert.pk}-{delivery.event}@{_host()}>"},
        ).send()


def by_webhook(delivery: AlertDelivery) -> None:
    """POST it as JSON, signed. Raises OSError (urllib's errors are) unless the answer is 2xx.

    ``X-Signature: sha256=<hex>`` is the HMAC-SHA256, by the shared secret, of ``<X-Timestamp>.<body>``. The same
    event has the same ``id`` at each attempt.
    """
    where = _settings()
    url = str(where["WEBHOOK_URL"])
    if urlsplit(url).scheme not in {"http", "https"}:
        raise OSError("the webhook's address is neither http nor https")
    body = json.dumps(payload(delivery), ensure_ascii=False).encode()
    stamp = str(int(time.time()))
    request = urllib.request.Request(  # noqa: S310 - the scheme was looked at above
        url, body, {
            "Content-Type": "application/json", "User-Agent": "tasks_admin", "X-Timestamp": stamp,
            "X-Signature": f"sha256={signature(str(where['WEBHOOK_SECRET']), stamp, body)}",
        }
    )  # fmt: skip
    with urllib.request.build_opener(_NoRedirect).open(request, timeout=WEBHOOK_SECONDS):
        pass


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What a receiver computes and compares, as hexadecimal."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def payload(delivery: AlertDelivery) -> dict[str, Any]:
    """The event as JSON: codes and figures, and the sentence in each of the site's languages."""
    alert = delivery.alert
    messages = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            messages[code] = alert.message
    return {
        "id": f"{alert.pk}-{delivery.event}", "event": delivery.event, "code": alert.code, "subject": alert.subject,
        "severity": alert.severity, "value": alert.value, "threshold": alert.threshold, "figures": alert.figures,
        "since": alert.since.isoformat(),
        "resolved_at": alert.resolved_at.isoformat() if alert.resolved_at else None,
        "messages": messages, "path": path_of(alert), "url": url_of(alert),
    }  # fmt: skip


def configured() -> list[str]:
    """The channels that the project has set up."""
    where = _settings()
    wanted = {"mail": where.get("MAIL_TO"), "webhook": where.get("WEBHOOK_URL")}
    return [name for name, target in wanted.items() if target]


CHANNELS: dict[str, Callable[[AlertDelivery], None]] = {"mail": by_mail, "webhook": by_webhook}


def _host() -> str:
    return urlsplit(str(settings.TASKS_ADMIN.get("SITE_URL", ""))).hostname or "localhost"
