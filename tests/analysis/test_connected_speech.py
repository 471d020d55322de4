"""A held vowel is measured together with what the same person said: the voice quality index needs both."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from analysis import acoustics
from analysis.models import AnalysisJob, AnalysisResult, Exercise, Patient, PracticeRecording
from analysis.models.result import Compared
from analysis.tasks import analyze
from tests.conftest import record

pytestmark = pytest.mark.django_db


@pytest.fixture
def vowel(amy: Patient) -> PracticeRecording:
    held = Exercise.objects.create(title="a", kind=Exercise.Kind.SUSTAINED_VOWEL)
    return record(amy, held, "p1-vowel.webm")


def scored(recording: PracticeRecording, vowel: PracticeRecording, days: float) -> PracticeRecording:
    """The recording, so many days before the vowel, with a result that has a score."""
    recording.recorded_at = vowel.recorded_at - timedelta(days=days)
    recording.save()
    job = AnalysisJob.objects.create(recording=recording, state=AnalysisJob.State.SUCCEEDED)
    AnalysisResult.objects.create(job=job, overall_score=80, seconds=3, processing_time_seconds=1)
    return recording


def heard(vowel: PracticeRecording) -> Compared:
    return analyze(AnalysisJob(recording=vowel), lambda *_: None)


def test_the_patients_newest_scored_sentence_is_heard_too(
    vowel: PracticeRecording, amy: Patient, exercise: Exercise
) -> None:
    scored(record(amy, exercise), vowel, 9)
    newer = scored(record(amy, exercise, "park-faithful-man.webm"), vowel, 2)

    found = AnalysisResult.columns(heard(vowel))

    speech, held = (acoustics.decode(Path(each.audio.path)) for each in (newer, vowel))
    alone = acoustics.analyze(held, exercise="sustained_vowel", speech=speech).to_dict()["measures"]["avqi"]
    assert found["measures"]["avqi"] == alone
    assert found["detailed_analysis"]["pitch_analysis"]["avqi_speech"] == str(newer.pk)


def test_another_patients_an_old_or_a_later_sentence_is_not(
    vowel: PracticeRecording, amy: Patient, ben: Patient, exercise: Exercise
) -> None:
    scored(record(ben, exercise), vowel, 1)
    scored(record(amy, exercise), vowel, 31)
    scored(record(amy, exercise), vowel, -1)
    record(amy, exercise)  # and this one nobody has found fit

    found = AnalysisResult.columns(heard(vowel))

    assert found["absent"]["avqi"] == "no_connected_speech"
    assert "avqi_speech" not in found["detailed_analysis"]["pitch_analysis"]


def test_a_sentence_whose_file_is_gone_leaves_only_the_index_out(
    vowel: PracticeRecording, amy: Patient, exercise: Exercise
) -> None:
    Path(scored(record(amy, exercise), vowel, 1).audio.path).unlink()

    found = AnalysisResult.columns(heard(vowel))

    assert found["absent"]["avqi"] == "no_connected_speech"
    assert "jitter_local" in found["measures"]
