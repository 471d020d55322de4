"""What comes from outside and is wrong: a clear message each, nothing lost, and the worker takes the next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from celery.result import AsyncResult
from django.core.files.base import ContentFile
from numpy.typing import NDArray

from analysis.acoustics import decode
from analysis.demo.people import SPEECH
from analysis.files import receive
from analysis.manager import TaskManager
from analysis.models import AnalysisJob, Exercise, Patient, PracticeRecording
from tasks_admin.errors import JobFailed
from tasks_admin.jobs import JobState
from tests.acoustics.files import silent_video, wav
from tests.conftest import Worker, record, wait_for

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("bad_input")]

RATE = 16_000
Make = Callable[[Path], bytes]


def speech() -> NDArray[np.float32]:
    """The park, faithfully: 16 kHz mono."""
    return decode(SPEECH / "park-faithful.webm").samples


def silence(seconds: float, rate: int = RATE) -> bytes:
    return wav([np.zeros(int(seconds * rate))], rate).getvalue()


def webm() -> bytes:
    return (SPEECH / "park-faithful.webm").read_bytes()


UNUSABLE: dict[str, tuple[Make, str]] = {
    "a text file named .wav": (lambda _: b"These are words, not sound.\n" * 20, "unreadable"),
    "a webm cut off in its header": (lambda _: webm()[:200], "unreadable"),
    "a video without sound": (lambda folder: silent_video(folder / "v.mp4").read_bytes(), "no_audio"),
    "90 minutes of audio": (lambda _: silence(90 * 60, rate=4000), "too_long"),
    "silence": (lambda _: silence(3), "silent"),
    "0.1 s": (lambda _: wav([speech()[8000:9600]]).getvalue(), "too_short"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_recording_fails_at_once_and_says_why(
    worker: Worker, amy: Patient, exercise: Exercise, tmp_path: Path, name: str
) -> None:
    make, code = UNUSABLE[name]
    recording = receive(ContentFile(make(tmp_path), name="r.wav"), patient=amy, exercise=exercise)
    job = ended(TaskManager().submit(recording.pk), worker)
    assert (job.state, job.error_code, job.failures) == (JobState.FAILED, f"recording_{code}", 1)
    assert job.error_text not in ("", str(AnalysisJob.error_texts["internal_error"]))
    assert recording.audio.storage.exists(str(recording.audio.name))
    assert_takes_the_next(worker, amy, exercise)


USABLE: dict[str, tuple[Make, str]] = {
    "a webm cut off in the middle": (lambda _: webm()[: len(webm()) * 2 // 3], "truncated"),
    "a WAV whose header claims 2 GB": (lambda _: wav([speech()], claims=2**31 - 60).getvalue(), "truncated"),
    "8 kHz telephone": (lambda _: wav([speech()[::2]], 8_000).getvalue(), "narrow_band"),
    "192 kHz": (lambda _: wav([np.repeat(speech(), 12)], 192_000).getvalue(), ""),
    "one dead channel": (lambda _: wav([speech(), 0 * speech()]).getvalue(), "dead_channel"),
    "clipping": (lambda _: wav([np.clip(speech() * 40, -1, 1)]).getvalue(), "clipping"),
}


@pytest.mark.parametrize("name", USABLE)
def test_a_doubtful_recording_is_analysed_and_flagged(
    worker: Worker, amy: Patient, exercise: Exercise, tmp_path: Path, name: str
) -> None:
    make, flag = USABLE[name]
    recording = receive(ContentFile(make(tmp_path), name="r.wav"), patient=amy, exercise=exercise)
    job = ended(TaskManager().submit(recording.pk), worker)
    assert job.state == JobState.SUCCEEDED, job.error_text
    flags = {each["code"] for each in job.result.quality_flags}
    assert flag in flags if flag else not flags


def test_an_exercise_without_example_or_text_gives_measures_and_no_scores(
    worker: Worker, amy: Patient
) -> None:
    bare = Exercise.objects.create(title="bare")
    result = ended(TaskManager().submit(record(amy, bare).pk), worker).result
    assert result.overall_score is None
    assert result.unscored["overall"] == "no_example"
    assert result.measures["f0_median"]["value"] > 0
    assert result.syllables == []


def test_a_recording_whose_file_has_vanished_says_so(
    worker: Worker, recording: PracticeRecording, amy: Patient, exercise: Exercise
) -> None:
    recording.audio.storage.delete(str(recording.audio.name))
    job = TaskManager().submit(recording.pk)
    with pytest.raises(JobFailed, match="recording_missing"):
        AsyncResult(str(job.pk)).get(timeout=30)
    assert "no longer in the storage" in ended(job, worker).error_text
    assert_takes_the_next(worker, amy, exercise)


def test_a_row_edited_by_hand_fails_with_the_parameters_name(
    worker: Worker, recording: PracticeRecording
) -> None:
    job = AnalysisJob.for_call(recording.pk)
    job.parameters = {"colour": "blue"}
    job = ended(job.submit(), worker)
    assert (job.state, job.error_code) == (JobState.FAILED, "invalid_parameters")
    assert "colour" in job.error_text


def test_an_exercise_with_spoilt_marks_fails_with_their_name(
    worker: Worker, recording: PracticeRecording
) -> None:
    recording.exercise.marks = ["nonsense"]
    recording.exercise.save()
    job = ended(TaskManager().submit(recording.pk), worker)
    assert (job.state, job.error_code) == (JobState.FAILED, "invalid_exercise")
    assert "marks" in job.error_text


def test_a_message_without_a_row_is_answered(worker: Worker) -> None:
    from tasks_admin.broker import producer
    from vocalborn.celery import app

    with producer() as line:
        sent = app.send_task(
            "analysis.tasks.analyze_audio_task", ["x"], queue="ai_analysis", producer=line,
            task_id="00000000-0000-4000-8000-000000000000",
        )  # fmt: skip
    with pytest.raises(JobFailed, match="no_such_job"):
        sent.get(timeout=20)


def ended(job: AnalysisJob, worker: Worker) -> AnalysisJob:
    def at_its_end() -> AnalysisJob | None:
        row = AnalysisJob.objects.get(pk=job.pk)
        return None if row.state in (JobState.QUEUED, JobState.RUNNING) else row

    found: AnalysisJob = wait_for(at_its_end, 60, worker.said)
    return found


def assert_takes_the_next(worker: Worker, patient: Patient, exercise: Exercise) -> None:
    assert ended(TaskManager().submit(record(patient, exercise).pk), worker).state == JobState.SUCCEEDED
