"""Owners take turns: whoever brings many files does not make another's one wait for all of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from analysis.models import AnalysisJob, Exercise, Patient
from tasks_admin.announce import announce_next, announce_waiting
from tests.conftest import record

pytestmark = pytest.mark.usefixtures("redis")

SHARE = settings.TASKS_ADMIN["ANNOUNCED_PER_OWNER"]


@pytest.fixture
def many(amy: Patient, exercise: Exercise) -> list[AnalysisJob]:
    return [AnalysisJob.for_call(record(amy, exercise).pk).submit() for _ in range(SHARE + 3)]


@pytest.fixture
def one(ben: Patient, exercise: Exercise) -> AnalysisJob:
    return AnalysisJob.for_call(record(ben, exercise).pk).submit()


def waiting_of(job: AnalysisJob) -> int:
    rows = AnalysisJob.objects.filter(owner_key=job.owner_key, state="queued")
    return rows.exclude(published_at=None).count()


def test_a_job_belongs_to_the_patients_therapist(many: list[AnalysisJob], alice: User) -> None:
    assert {job.owner_key for job in many} == {f"therapist:{alice.pk}"}


def test_only_a_few_of_an_owners_are_announced_and_the_oldest_first(
    many: list[AnalysisJob], redis: Any
) -> None:
    announce_waiting(AnalysisJob)
    assert redis.llen("ai_analysis") == SHARE
    announced = AnalysisJob.objects.exclude(published_at=None).values_list("pk", flat=True)
    assert set(announced) == {job.pk for job in many[:SHARE]}
    assert announce_waiting(AnalysisJob) == 0, "the share is used"


def test_anothers_one_file_is_behind_the_few_only(
    many: list[AnalysisJob], one: AnalysisJob, redis: Any
) -> None:
    announce_waiting(AnalysisJob)
    one.refresh_from_db()
    assert one.published_at is not None
    assert redis.llen("ai_analysis") == SHARE + 1


def test_each_claim_makes_room_for_the_owners_next(many: list[AnalysisJob]) -> None:
    announce_waiting(AnalysisJob)
    AnalysisJob.claim(many[0].pk, "w1")
    assert announce_next(AnalysisJob, many[0].owner_key, "ai_analysis") == 1
    assert waiting_of(many[0]) == SHARE
    many[SHARE].refresh_from_db()
    assert many[SHARE].published_at is not None


def test_rows_without_an_owner_take_no_turns(many: list[AnalysisJob], redis: Any) -> None:
    AnalysisJob.objects.update(owner_key="")
    assert announce_next(AnalysisJob, "", "ai_analysis", many[2].pk) == 1
    assert announce_waiting(AnalysisJob) == len(many) - 1


@pytest.mark.django_db(transaction=True)
def test_cancelling_makes_room_too(amy: Patient, exercise: Exercise, redis: Any) -> None:
    jobs = [AnalysisJob.for_call(record(amy, exercise).pk).submit() for _ in range(SHARE + 1)]
    assert redis.llen("ai_analysis") == SHARE
    jobs[0].cancel()
    jobs[-1].refresh_from_db()
    assert jobs[-1].published_at is not None
