"""One way to ask what a person may see. Everything else goes through it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from tasks_admin.jobs import JobQuerySet

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

    from analysis.models import (  # noqa: F401
        AccessToken,
        AnalysisResult,
        Assignment,
        Exercise,
        Patient,
        PracticeRecording,
    )


class PatientQuerySet(models.QuerySet["Patient"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """A therapist's own patients; a patient's own row; all for a superuser; nothing for anybody else."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_superuser:
            return self
        # A subquery, not a join: with two therapists a patient would come twice.
        mine = self.model._default_manager.filter(Q(therapists=user) | Q(user=user))
        return self.filter(pk__in=mine.values("pk"))


class ExerciseQuerySet(models.QuerySet["Exercise"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """What the person wrote, and what their visible patients practise or are given to practise."""
        if user.is_superuser and user.is_active:
            return self
        if not user.is_authenticated or not user.is_active:
            return self.none()
        from analysis.models import Assignment

        # Subqueries, not joins: recordings times assignments would be many rows for each exercise.
        practised = self.model._default_manager.filter(recordings__patient__in=_patients(user))
        given = Assignment.objects.visible_to(user).open()
        return self.filter(
            Q(created_by=user) | Q(pk__in=practised.values("pk")) | Q(pk__in=given.values("exercise"))
        )


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """What the visible patients were given."""
        return self.filter(patient__in=_patients(user))

    def open(self) -> Self:
        """What is still to be practised."""
        return self.filter(ended_at=None)


class RecordingQuerySet(models.QuerySet["PracticeRecording"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Recordings of the visible patients."""
        return self.filter(patient__in=_patients(user))


class AnalysisJobQuerySet(JobQuerySet):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Jobs of the visible patients' recordings."""
        return self.filter(recording__patient__in=_patients(user))


class ResultQuerySet(models.QuerySet["AnalysisResult"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Results of the visible patients' recordings."""
        return self.filter(job__recording__patient__in=_patients(user))

    def newest_each(self) -> Self:
        """The latest result of each recording: an analysis that was made again replaces the one before."""
        newer = self.model._default_manager.filter(
            job__recording=OuterRef("job__recording"), pk__gt=OuterRef("pk")
        )
        return self.filter(~Exists(newer))


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """A person's own; all for a superuser, who may have to revoke them."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self if user.is_superuser else self.filter(user=user)

    def holder(self, secret: str) -> User | None:
        """Who the secret stands for, if it is one, in force, and its user's account is active."""
        from analysis.models.token import digest

        now = timezone.now()
        in_force = Q(expires_at=None) | Q(expires_at__gt=now)
        token = (
            self.filter(in_force, digest=digest(secret), revoked_at=None, user__is_active=True)
            .select_related("user")
            .first()
        )
        if token is None:
            return None
        # Once a minute: a client that polls must not write at each request.
        before = now - timedelta(minutes=1)
        if token.last_used_at is None or token.last_used_at < before:
            self.filter(pk=token.pk).update(last_used_at=now)
        return token.user


def _patients(user: User | AnonymousUser) -> PatientQuerySet:
    from analysis.models import Patient

    return Patient.objects.visible_to(user)
