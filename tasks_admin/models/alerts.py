"""Alerts: what is watched, what was found, and who was told."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Severity(models.TextChoices):
    WARNING = "warning", _("warning")
    CRITICAL = "critical", _("critical")


class AlertRule(models.Model):
    """When one alert is raised. The defaults come once, by a migration; then the rows are the administrators'."""

    code = models.CharField(_("alert"), primary_key=True, max_length=60)
    enabled = models.BooleanField(_("enabled"), default=True)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity, default=Severity.WARNING)
    threshold = models.FloatField(
        _("threshold"), validators=[MinValueValidator(0)], help_text=_("Raised above this value.")
    )
    hold_seconds = models.PositiveIntegerField(
        _("hold time (s)"), help_text=_("Raised when it has been so for this long.")
    )

    class Meta:
        verbose_name = _("alert rule")
        verbose_name_plural = _("alert rules")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class Alert(models.Model):
    """One thing that is, or was, wrong: pending, then open, then resolved.

    ``subject`` says which queue, worker or kind of job; it is empty for what there is one of. What does not last
    for the rule's hold time is never opened, and its row goes.
    """

    code = models.CharField(_("alert"), max_length=60)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity)
    value = models.FloatField(_("value"))
    threshold = models.FloatField(_("threshold"))
    figures = models.JSONField(_("figures"), default=dict)
    since = models.DateTimeField(_("since"))
    seen_at = models.DateTimeField(_("last seen"))
    opened_at = models.DateTimeField(_("opened"), null=True)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("acknowledged by"),
    )
    resolved_at = models.DateTimeField(_("resolved"), null=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-since"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "subject"], condition=Q(resolved_at=None), name="one_open_alert_of_a_kind"
            )
        ]
        indexes = [models.Index(fields=["resolved_at"], name="alert_resolved")]

    def __str__(self) -> str:
        return f"{self.code} {self.subject}".rstrip()

    @property
    def message(self) -> str:
        """What is wrong, for a person, in the language in force."""
        from tasks_admin.alerts.wording import message_of

        return message_of(self)

    def details(self) -> dict[str, Any]:
        """What the sentences mention."""
        return {**self.figures, "subject": self.subject, "value": self.value, "threshold": self.threshold}


class Silence(models.Model):
    """Nobody is told of this alert for a while. An empty subject stands for all of the code's."""

    code = models.CharField(_("alert"), max_length=60)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    until = models.DateTimeField(_("until"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("asked by")
    )

    class Meta:
        verbose_name = _("silence")
        verbose_name_plural = _("silences")
        constraints = [models.UniqueConstraint(fields=["code", "subject"], name="one_silence_of_a_kind")]

    def __str__(self) -> str:
        return f"{self.code} {self.subject}".rstrip()


class AlertDelivery(models.Model):
    """One event of one alert, to be told by one channel: once."""

    class Event(models.TextChoices):
        OPENED = "opened", _("opened")
        RESOLVED = "resolved", _("resolved")

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="deliveries", verbose_name=_("alert"))
    channel = models.CharField(_("channel"), max_length=20)
    event = models.CharField(_("event"), max_length=10, choices=Event)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"))
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    error = models.CharField(_("error"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["alert_id", "channel", "event"]
        constraints = [
            models.UniqueConstraint(fields=["alert", "channel", "event"], name="one_delivery_of_an_event")
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(delivered_at=None), name="delivery_owed"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.channel}"
