"""Workers and beats, as they tell of themselves."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class WorkerBeat(models.Model):
    """One life of a worker or a beat: written every few seconds by itself, closed when it leaves."""

    class Role(models.TextChoices):
        WORKER = "worker", _("worker")
        BEAT = "beat", _("beat")

    # As in the leases: node name and life, since two may be started under one name.
    name = models.CharField(_("name"), primary_key=True, max_length=200)
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.WORKER)
    node = models.CharField(_("node"), max_length=200)
    host = models.CharField(_("host"), max_length=200)
    pid = models.PositiveIntegerField(_("process"))
    pool = models.CharField(_("pool"), max_length=60, blank=True)
    queues = models.JSONField(_("queues"), default=list)
    slots = models.PositiveIntegerField(_("slots"), default=0)
    versions = models.JSONField(_("versions"), default=dict)
    # Of the process and its children, in bytes.
    memory = models.PositiveBigIntegerField(_("memory"), default=0)
    # Of the machine, in percent.
    memory_used = models.FloatField(_("memory used (%)"), null=True)
    disk_used = models.FloatField(_("disk used (%)"), null=True)
    started_at = models.DateTimeField(_("started"))
    seen_at = models.DateTimeField(_("last seen"))
    ended_at = models.DateTimeField(_("left"), null=True)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        ordering = ["name"]
        indexes = [models.Index(fields=["ended_at", "seen_at"], name="worker_seen")]

    def __str__(self) -> str:
        return self.name
