"""Results to read: of a real analysis, and of what it needs no analysis to tell."""

from __future__ import annotations

from typing import Any

import pytest

from analysis import acoustics
from analysis.demo.people import SPEECH
from analysis.models import AnalysisJob, AnalysisResult, PracticeRecording


@pytest.fixture(scope="session")
def turtle() -> acoustics.Analysis:
    """A sentence with flat pitch: three of its eight tones are off."""
    return acoustics.analyze(
        SPEECH / "turtle-flat-pitch.webm", SPEECH / "turtle-example.webm", text="哥哥騎車去看烏龜"
    )


def found(recording: PracticeRecording, **columns: Any) -> AnalysisResult:
    """A result with the columns that the test is about."""
    job = AnalysisJob.for_call(recording.pk)
    job.save()
    AnalysisJob.objects.filter(pk=job.pk).update(state="succeeded")
    fixed = {"recording_sha256": "", "model_version": "x", "seconds": 1, "processing_time_seconds": 1}
    return AnalysisResult.objects.create(**fixed | {"job": job} | columns)


@pytest.fixture
def result(recording: PracticeRecording, turtle: acoustics.Analysis) -> AnalysisResult:
    """Of Amy's recording; for the tests it is the turtle that she sees."""
    return found(recording, **AnalysisResult.columns(turtle))
