"""Asking for an analysis: what is taken, what is refused, and in which words."""

from __future__ import annotations

import hashlib
import threading
import uuid
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, connection, transaction
from django.test import override_settings

from analysis import parameters
from analysis.acoustics import MODEL_VERSION
from analysis.files import RefusedFile, receive
from analysis.manager import TaskManager
from analysis.models import SCORES, AnalysisJob, AnalysisResult, Exercise, Patient, PracticeRecording
from analysis.tasks import analyze_audio_task

pytestmark = pytest.mark.usefixtures("redis")


def test_a_job_carries_its_therapist_queue_and_parameters(recording: PracticeRecording, alice: Any) -> None:
    job = TaskManager(alice).submit(recording.pk)
    assert (job.queue, job.owner_key, job.created_by) == ("ai_analysis", f"therapist:{alice.pk}", alice)
    assert job.parameters == {}  # nothing was asked for: it runs with what is in force then


def test_submitting_twice_gives_the_same_job(recording: PracticeRecording) -> None:
    first = TaskManager().submit(recording.pk)
    again = analyze_audio_task.apply_async(
        args=[recording.pk, {"model_version": MODEL_VERSION}], queue="ai_analysis"
    )
    assert again.id == str(first.pk)
    assert AnalysisJob.objects.count() == 1


def test_submitting_in_parallel_gives_one_job(transactional_db: None, recording: PracticeRecording) -> None:
    found: list[Any] = []
    start = threading.Barrier(4)

    def submit() -> None:
        start.wait()
        try:
            found.append(TaskManager().submit(recording.pk).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=submit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert AnalysisJob.objects.count() == 1


def test_a_message_is_sent_on_commit_and_not_before(
    transactional_db: None, recording: PracticeRecording, redis: Any
) -> None:
    with transaction.atomic():
        job = TaskManager().submit(recording.pk)
        assert redis.llen("ai_analysis") == 0
    assert redis.llen("ai_analysis") == 1
    job.refresh_from_db()
    assert job.published_at is not None


def test_a_rolled_back_submission_leaves_nothing(
    transactional_db: None, recording: PracticeRecording, redis: Any
) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        TaskManager().submit(recording.pk)
        raise RuntimeError
    assert not AnalysisJob.objects.exists()
    assert redis.llen("ai_analysis") == 0


@pytest.mark.parametrize("wrong", [uuid.uuid4(), "not-an-id", 17, None])
def test_an_unknown_recording_is_said_to_be_unknown(db: None, wrong: Any) -> None:
    with pytest.raises(PracticeRecording.DoesNotExist):
        TaskManager().submit(wrong)
    with pytest.raises(PracticeRecording.DoesNotExist):
        analyze_audio_task.apply_async(args=[wrong])


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"colour": 1}, "colour"),
        ({"model_version": "gpt"}, MODEL_VERSION),
        ({"model_version": ["x"]}, MODEL_VERSION),
        (["model_version"], "object"),
        ("model_version", "object"),
    ],
)
def test_unknown_parameters_are_refused_by_name(recording: PracticeRecording, params: Any, said: str) -> None:
    with pytest.raises(parameters.InvalidParameters, match=said):
        TaskManager().submit(recording.pk, params)
    assert not AnalysisJob.objects.exists()


def test_the_key_of_the_same_parameters_is_the_same() -> None:
    assert parameters.key({"a": 1, "b": 2}) == parameters.key({"b": 2, "a": 1})
    assert parameters.key({"a": 1}) != parameters.key({"a": 2})
    assert parameters.key({}) == parameters.key({"model_version": MODEL_VERSION})


def test_a_queue_that_is_not_there_is_refused(recording: PracticeRecording) -> None:
    with pytest.raises(ValueError, match="music"):
        analyze_audio_task.apply_async(args=[recording.pk], queue="music")
    assert not AnalysisJob.objects.exists()


def test_the_id_that_a_caller_gives_is_the_jobs(recording: PracticeRecording) -> None:
    wanted = str(uuid.uuid4())
    assert analyze_audio_task.apply_async(args=[recording.pk], task_id=wanted).id == wanted
    assert str(AnalysisJob.objects.get().pk) == wanted
    with pytest.raises(TypeError, match=wanted):
        analyze_audio_task.apply_async(args=[recording.pk], task_id=str(uuid.uuid4()))


def test_callbacks_that_a_row_would_forget_are_refused(recording: PracticeRecording) -> None:
    with pytest.raises(TypeError, match="link"):
        analyze_audio_task.apply_async(args=[recording.pk], link=[analyze_audio_task.s(recording.pk)])


def test_calling_the_task_without_a_worker_says_how_to_call_it(recording: PracticeRecording) -> None:
    with pytest.raises(TypeError, match=r"apply_async"):
        analyze_audio_task(str(recording.pk))


def test_an_upload_is_hashed_and_kept_under_its_own_name(amy: Patient, exercise: Exercise) -> None:
    recording = receive(ContentFile(b"RIFF", name="王小明 first try.WAV"), patient=amy, exercise=exercise)
    assert recording.sha256 == hashlib.sha256(b"RIFF").hexdigest()
    assert recording.audio.name == f"recordings/{recording.pk}.wav"
    assert recording.size == 4


def test_an_empty_or_too_large_upload_is_refused_and_not_kept(amy: Patient, exercise: Exercise) -> None:
    with pytest.raises(RefusedFile, match="empty"):
        receive(ContentFile(b"", name="a.wav"), patient=amy, exercise=exercise)
    with override_settings(AUDIO_MAX_BYTES=3), pytest.raises(RefusedFile, match="larger"):
        receive(ContentFile(b"RIFF", name="a.wav"), patient=amy, exercise=exercise)
    assert not PracticeRecording.objects.exists()


def test_a_file_whose_row_cannot_be_saved_is_not_kept(amy: Patient, exercise: Exercise) -> None:
    first = receive(ContentFile(b"RIFF", name="a.wav"), patient=amy, exercise=exercise)
    storage = first.audio.storage
    before = set(storage.listdir("recordings")[1])
    with pytest.raises(IntegrityError):
        receive(ContentFile(b"RIFF", name="a.wav"), patient=amy, exercise=exercise, pk=first.pk)
    assert set(storage.listdir("recordings")[1]) == before


def test_removing_a_patient_removes_their_audio(
    amy: Patient, recording: PracticeRecording, django_capture_on_commit_callbacks: Any
) -> None:
    storage, name = recording.audio.storage, str(recording.audio.name)
    with django_capture_on_commit_callbacks(execute=True):
        amy.delete()
    assert not storage.exists(name)


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("value", [-0.1, 100.1])
def test_the_database_keeps_scores_within_0_and_100(
    recording: PracticeRecording, score: str, value: float
) -> None:
    job = AnalysisJob.for_call(recording.pk).submit()
    fields = {"recording_sha256": "x", "model_version": "x", "seconds": 1, "processing_time_seconds": 1}
    with pytest.raises(IntegrityError):
        AnalysisResult.objects.create(job=job, **fields, **{score: value})


def test_the_database_keeps_one_result_for_a_job(recording: PracticeRecording) -> None:
    job = AnalysisJob.for_call(recording.pk).submit()
    fields = {"recording_sha256": "x", "model_version": "x", "seconds": 1, "processing_time_seconds": 1}
    AnalysisResult.objects.create(job=job, **fields)
    with pytest.raises(IntegrityError):
        AnalysisResult.objects.create(job=job, **fields)
