"""Rows by which processes agree on who does something."""

from __future__ import annotations

from django.db import models


class BeatLease(models.Model):
    """Which beat sends the schedules: one row, moved only by :mod:`tasks_admin.beat_lease`."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    # Empty once it was given back.
    holder = models.CharField(max_length=200, blank=True)
    until = models.DateTimeField()
    # When a beat that sends last looked at the schedules: it stays when the lease is given back.
    ticked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()  # nobody's to edit
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_beat_lease")]

    def __str__(self) -> str:
        return self.holder


class Turn(models.Model):
    """When something was last done that any process may do, and only one of them at a time: see ``turns``."""

    name = models.CharField(primary_key=True, max_length=60)
    taken_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class Trouble(models.Model):
    """How often something went wrong in one minute, for what leaves no other trace in the tables."""

    name = models.CharField(max_length=60)
    minute = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["name", "minute"], name="one_row_per_trouble_and_minute")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.minute:%H:%M}"
