"""Opening and resolving: each rule against what is so now."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import Error as DatabaseError
from django.db import transaction

from tasks_admin import turns
from tasks_admin.alerts import deliver
from tasks_admin.alerts.registry import CONDITIONS, Condition, Finding
from tasks_admin.alerts.sight import Sight
from tasks_admin.broker import REDIS_AWAY
from tasks_admin.models import Alert, AlertRule

log = logging.getLogger(__name__)


def look(every: float) -> bool:
    """Evaluate every rule and send what is owed, if nobody did for ``every`` seconds.

    Returns
    -------
    bool
        Whether it was this process's turn.
    """
    now = turns.take("alerts", every)
    if now is None:
        return False
    evaluate(Sight(now))
    deliver.owe(now)
    deliver.send_owed(now)
    return True


def evaluate(sight: Sight) -> None:
    """Open, keep up to date and resolve the alerts of every rule."""
    rules = AlertRule.objects.in_bulk()
    for condition in CONDITIONS.values():
        rule = rules.get(condition.code)
        found = _found(condition, rule, sight) if rule and rule.enabled else {}
        if found is not None:
            _settle(condition.code, rule, found, sight)


def _found(condition: Condition, rule: AlertRule, sight: Sight) -> dict[str, Finding] | None:
    """What lies above the threshold, by subject; None where nobody can tell."""
    try:
        measured = list(condition.measure(sight))
    except DatabaseError:
        raise
    except REDIS_AWAY:
        return None
    except Exception:  # an app's own, or a row edited by hand: the other alerts are still to be looked after
        log.exception("alert %s: not evaluated", condition.code)
        return None
    return {finding.subject[:200]: finding for finding in measured if finding.value > rule.threshold}


def _settle(code: str, rule: AlertRule | None, found: dict[str, Finding], sight: Sight) -> None:
    with transaction.atomic():
        known = {alert.subject: alert for alert in Alert.objects.filter(code=code, resolved_at=None)}
        for subject, alert in known.items():
            if subject not in found:
                _end(alert, sight)
        if rule is None:
            return
        for subject, finding in found.items():
            _note(rule, known.get(subject), subject, finding, sight)


def _note(rule: AlertRule, known: Alert | None, subject: str, finding: Finding, sight: Sight) -> None:
    alert = known or Alert(code=rule.code, subject=subject, since=sight.now)
    alert.severity, alert.threshold = rule.severity, rule.threshold
    alert.value, alert.figures, alert.seen_at = finding.value, finding.figures, sight.now
    opens = alert.opened_at is None and sight.now - alert.since >= timedelta(seconds=rule.hold_seconds)
    if opens:
        alert.opened_at = sight.now
        log.warning("alert %s: opened, value %g, threshold %g", alert, alert.value, alert.threshold)
    if known is None:
        # Another evaluation may have been quicker: one row stands.
        Alert.objects.bulk_create([alert], ignore_conflicts=True)
    else:
        # Not what people write: acknowledged by whom, and when.
        alert.save(update_fields=["severity", "threshold", "value", "figures", "seen_at", "opened_at"])


def _end(alert: Alert, sight: Sight) -> None:
    if alert.opened_at is None:  # it did not last
        alert.delete()
        return
    alert.resolved_at = sight.now
    alert.save(update_fields=["resolved_at"])
    log.info("alert %s: resolved", alert)
