"""Telling people, once for each event: what is owed stands in rows, and whoever sends one claims it first.

A receiver that took the message and whose answer was lost gets it again, under the same id: nobody can know.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from http.client import HTTPException

from django.db.models import Exists, OuterRef

from tasks_admin import clock
from tasks_admin.alerts.channels import CHANNELS, configured
from tasks_admin.models import Alert, AlertDelivery, Silence

MOST_ATTEMPTS = 8
FIRST_PAUSE, LONGEST_PAUSE = 15.0, 3600.0
# An end is told soon or not at all.
TOLD_WITHIN = timedelta(minutes=5)
AT_A_TIME = 10

Event = AlertDelivery.Event

log = logging.getLogger(__name__)


def owe(now: datetime) -> None:
    """Note what is to be told: open alerts that nobody silenced or acknowledged, and the end of what was told."""
    silent = set(Silence.objects.filter(until__gt=now).values_list("code", "subject"))
    for channel in configured():
        told = AlertDelivery.objects.filter(alert=OuterRef("pk"), channel=channel)
        opened = Alert.objects.exclude(opened_at=None).filter(
            ~Exists(told.filter(event=Event.OPENED)), resolved_at=None, acknowledged_at=None
        )
        ended = Alert.objects.filter(
            Exists(told.filter(event=Event.OPENED)), ~Exists(told.filter(event=Event.RESOLVED)),
            resolved_at__gt=now - TOLD_WITHIN,
        )  # fmt: skip
        owed = [(alert, Event.OPENED) for alert in opened] + [(alert, Event.RESOLVED) for alert in ended]
        AlertDelivery.objects.bulk_create(
            [
                AlertDelivery(alert=alert, channel=channel, event=event, next_at=now)
                for alert, event in owed
                if not is_silenced(alert, silent)
            ],
            ignore_conflicts=True,
        )


def is_silenced(alert: Alert, silent: set[tuple[str, str]]) -> bool:
    """Whether the alert, or all of its code, is among the silences in force."""
    return not silent.isdisjoint({(alert.code, ""), (alert.code, alert.subject)})


def send_owed(now: datetime) -> int:
    """Send what is due. A channel that fails is left alone for the rest of this round. Returns how many went out."""
    due = AlertDelivery.objects.filter(delivered_at=None, next_at__lte=now, attempts__lt=MOST_ATTEMPTS)
    failed: set[str] = set()
    sent = 0
    for delivery in due.filter(channel__in=configured()).select_related("alert").order_by("pk")[:AT_A_TIME]:
        if delivery.channel in failed or not _claim(delivery, now):
            continue
        if _send(delivery):
            sent += 1
        else:
            failed.add(delivery.channel)
    return sent


def _claim(delivery: AlertDelivery, now: datetime) -> bool:
    """One of several who would send it does; it is tried again after a pause unless it is delivered."""
    rows = AlertDelivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts, delivered_at=None)
    pause = min(FIRST_PAUSE * 2.0**delivery.attempts, LONGEST_PAUSE)
    return bool(rows.update(attempts=delivery.attempts + 1, next_at=now + timedelta(seconds=pause)))


def _send(delivery: AlertDelivery) -> bool:
    rows = AlertDelivery.objects.filter(pk=delivery.pk)
    try:
        CHANNELS[delivery.channel](delivery)
    except (OSError, HTTPException) as error:
        # Not its message, which may quote an address with a token in it.
        last = delivery.attempts + 1 >= MOST_ATTEMPTS
        log.log(
            logging.ERROR if last else logging.WARNING, "alert %s: not told by %s: %s%s", delivery.alert,
            delivery.channel, type(error).__name__, ", given up" if last else "",
        )  # fmt: skip
        rows.update(error=f"{type(error).__name__} {getattr(error, 'code', '')}".strip())
        return False
    rows.update(delivered_at=clock.now(), error="")
    return True
