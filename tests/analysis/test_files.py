"""A file is whole with its row or absent; what is left behind is found; a result names what it was made from."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from analysis import orphans, tasks
from analysis.acoustics import UnusableRecording
from analysis.demo.people import SPEECH
from analysis.files import discard, receive
from analysis.manager import TaskManager
from analysis.models import AnalysisJob, AnalysisResult, Exercise, Patient, PracticeRecording
from analysis.parameters import InvalidParameters
from tasks_admin.errors import PermanentError
from tasks_admin.jobs import JobState
from tests.conftest import ROOT, Worker, record, wait_for

SOUND = (SPEECH / "park-faithful.webm").read_bytes()
LATER = timedelta(hours=25)


@pytest.fixture
def media(settings: Any, tmp_path: Path) -> Path:
    """A storage of the test's own, in which nothing lies yet."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def content(data: bytes = SOUND, name: str = "a.webm") -> File[bytes]:
    return ContentFile(data, name=name)


def ids(rows: Any) -> list[str]:
    return [str(row.pk) for row in rows]


@contextmanager
def refusing(table: str) -> Iterator[None]:
    """The database takes no row for this table any more."""
    ours = f'ALTER TABLE "{table}" ADD CONSTRAINT refused CHECK (false) NOT VALID'
    mend = f'ALTER TABLE "{table}" DROP CONSTRAINT refused'
    if connection.vendor == "sqlite":
        ours = (
            f"CREATE TRIGGER refused BEFORE INSERT ON \"{table}\" BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
        mend = "DROP TRIGGER refused"
    with connection.cursor() as cursor:
        cursor.execute(ours)
    yield
    with connection.cursor() as cursor:
        cursor.execute(mend)


@contextmanager
def disk_full_after(size: int) -> Iterator[None]:
    """The kernel takes so many bytes of a file and no more, as it does where the disk is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# --- an upload is whole or absent


@pytest.mark.usefixtures("redis")
def test_row_file_and_job_come_together(media: Path, amy: Patient, exercise: Exercise, alice: User) -> None:
    before = files(media)
    recording, job = TaskManager(alice).upload(content(), patient=amy, exercise=exercise)
    assert job is not None
    assert (job.state, job.recording, job.created_by) == (JobState.QUEUED, recording, alice)
    assert set(files(media)) - set(before) == {f"recordings/{recording.pk}.webm"}
    recording.refresh_from_db()
    assert recording.sha256 == hashlib.sha256(Path(recording.audio.path).read_bytes()).hexdigest()
    assert (recording.size, recording.uploaded_by) == (len(SOUND), alice)


def test_a_voice_is_its_owners_to_read(media: Path, amy: Patient, exercise: Exercise) -> None:
    recording = receive(content(), patient=amy, exercise=exercise)
    path = Path(recording.audio.path)
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent, media)]
    assert modes == [0o600, 0o700, 0o700]


@pytest.mark.usefixtures("redis")
def test_what_its_job_is_refused_for_leaves_nothing(media: Path, amy: Patient, exercise: Exercise) -> None:
    before = files(media)
    with pytest.raises(InvalidParameters):
        TaskManager().upload(content(), patient=amy, exercise=exercise, params={"colour": "blue"})
    assert not PracticeRecording.objects.exists()
    assert files(media) == before


@pytest.mark.parametrize("analyse", [True, False])
def test_nobody_uploads_for_another_ones_patient(
    media: Path, ben: Patient, alice: User, exercise: Exercise, analyse: bool
) -> None:
    before = files(media)
    with pytest.raises(PracticeRecording.DoesNotExist):
        TaskManager(alice).upload(content(), patient=ben, exercise=exercise, analyse=analyse)
    assert not PracticeRecording.objects.exists()
    assert files(media) == before


@pytest.mark.usefixtures("redis")
@pytest.mark.parametrize("table", ["analysis_practicerecording", "analysis_analysisjob"])
def test_an_upload_that_the_database_refuses_leaves_nothing(
    media: Path, amy: Patient, exercise: Exercise, alice: User, client: Client, table: str
) -> None:
    before = files(media)
    client.force_login(alice)
    form = {"patient": amy.pk, "exercise": exercise.pk, "audio": SimpleUploadedFile("a.webm", SOUND)}
    with refusing(table), pytest.raises(IntegrityError):
        client.post("/api/v1/recordings", form)
    assert not PracticeRecording.objects.exists()
    assert not AnalysisJob.objects.exists()
    assert files(media) == before


def in_memory() -> File[bytes]:
    return SimpleUploadedFile("a.webm", SOUND)


def on_disk() -> File[bytes]:
    file = TemporaryUploadedFile("a.webm", "audio/webm", len(SOUND), None)
    file.write(SOUND)
    file.flush()
    return file


@pytest.mark.parametrize("upload", [in_memory, on_disk])
@pytest.mark.parametrize("room", [0, len(SOUND) // 2, len(SOUND) - 1])
def test_a_full_disk_leaves_nothing(
    media: Path, amy: Patient, exercise: Exercise, upload: Callable[[], File[bytes]], room: int
) -> None:
    before, file = files(media), upload()
    with disk_full_after(room), pytest.raises(OSError, match="File too large"):
        receive(file, patient=amy, exercise=exercise)
    assert not PracticeRecording.objects.exists()
    assert files(media) == before
    assert receive(file, patient=amy, exercise=exercise).size == len(SOUND)  # with room again


def test_a_caller_that_rolls_back_leaves_a_file_that_is_found(
    media: Path, amy: Patient, exercise: Exercise
) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        name = receive(content(), patient=amy, exercise=exercise).audio.name
        raise RuntimeError
    assert orphans.check().without_row.names == [name]


def test_a_row_that_is_refused_at_the_commit_leaves_a_file_that_is_found(
    media: Path, transactional_db: None, exercise: Exercise
) -> None:
    gone = Patient(code="gone")  # removed by somebody while the upload was on its way
    with pytest.raises(IntegrityError):
        receive(content(), patient=gone, exercise=exercise)
    assert not PracticeRecording.objects.exists()
    assert orphans.check().without_row.count == 1


UPLOADER = """
import sys, time
import django
django.setup()
from django.core.files.base import ContentFile
from analysis.files import receiving
from analysis.models import Exercise, Patient

class Slow(ContentFile):
    def chunks(self, chunk_size=None):
        yield from super().chunks(10_000)
        if sys.argv[1] == "writing":
            wait()

def wait():
    print("there", flush=True)
    time.sleep(60)

sound = Slow(open(sys.argv[2], "rb").read(), name="a.webm")
with receiving(sound, patient=Patient.objects.get(), exercise=Exercise.objects.get()):
    wait()
"""


@pytest.mark.parametrize("moment", ["writing", "committing"])
def test_a_process_killed_in_the_middle_leaves_at_worst_a_file_that_is_found(
    media: Path, transactional_db: None, amy: Patient, exercise: Exercise, environment: dict[str, str], moment: str
) -> None:  # fmt: skip
    before = files(media)
    process = subprocess.Popen(
        [sys.executable, "-c", UPLOADER, moment, str(SPEECH / "park-faithful.webm")],
        cwd=ROOT, env=environment | {"DATA_DIR": str(media.parent)}, stdout=subprocess.PIPE,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        process.send_signal(signal.SIGKILL)
    assert not PracticeRecording.objects.exists()
    left = sorted(set(files(media)) - set(before))
    assert len(left) == 1
    assert left[0].endswith(".part" if moment == "writing" else ".webm")
    assert orphans.check(remove=True).removed.count == 0  # it could be an upload in progress
    found = orphans.check(remove=True, now=timezone.now() + LATER)
    assert found.removed.names == left
    assert files(media) == before


# --- in the admin


def filled_in(amy: Patient, exercise: Exercise) -> dict[str, Any]:
    return {
        "patient": amy.pk, "exercise": exercise.pk, "recorded_at_0": "2026-11-20", "recorded_at_1": "08:30",
        "audio": SimpleUploadedFile("王小明.webm", SOUND),
    }  # fmt: skip


def test_a_recording_entered_in_the_admin_is_whole(
    media: Path, amy: Patient, exercise: Exercise, alice: User, client: Client
) -> None:
    client.force_login(alice)
    answer = client.post(reverse("admin:analysis_practicerecording_add"), filled_in(amy, exercise))
    assert answer.status_code == 302
    recording = PracticeRecording.objects.get()
    assert Path(recording.audio.path).read_bytes() == SOUND
    assert (recording.size, recording.sha256) == (len(SOUND), hashlib.sha256(SOUND).hexdigest())
    assert recording.uploaded_by == alice


@pytest.mark.parametrize("table", ["analysis_practicerecording", "django_admin_log"])
def test_a_recording_that_the_admin_cannot_save_leaves_nothing(
    media: Path, amy: Patient, exercise: Exercise, alice: User, client: Client, table: str
) -> None:
    before = files(media)
    client.force_login(alice)
    with refusing(table), pytest.raises(IntegrityError):
        client.post(reverse("admin:analysis_practicerecording_add"), filled_in(amy, exercise))
    assert not PracticeRecording.objects.exists()
    assert files(media) == before


def replace(client: Client, exercise: Exercise) -> None:
    form = {"title": "park", "kind": "sentence", "language": "zh", "text": exercise.text}
    example = SimpleUploadedFile("new.webm", (SPEECH / "milk-slow.webm").read_bytes())
    client.post(
        reverse("admin:analysis_exercise_change", args=[exercise.pk]), form | {"example": example}
    )  # fmt: skip


def test_an_example_that_cannot_be_replaced_stays(
    media: Path, transactional_db: None, exercise: Exercise, alice: User, client: Client
) -> None:
    before = files(media)
    client.force_login(alice)
    with refusing("django_admin_log"), pytest.raises(IntegrityError):
        replace(client, exercise)
    assert files(media) == before
    assert Exercise.objects.get().example.name == exercise.example.name


def test_an_example_is_replaced_by_one_that_is_whole(
    media: Path, transactional_db: None, exercise: Exercise, alice: User, client: Client
) -> None:
    client.force_login(alice)
    replace(client, exercise)
    exercise.refresh_from_db()
    assert files(media) == [exercise.example.name]
    assert Path(exercise.example.path).read_bytes() == (SPEECH / "milk-slow.webm").read_bytes()


def test_a_replaced_example_stays_where_another_exercise_has_it(
    media: Path, transactional_db: None, exercise: Exercise, alice: User, client: Client
) -> None:
    other = Exercise.objects.create(title="other", example=exercise.example.name)
    client.force_login(alice)
    replace(client, exercise)
    assert other.example.name in files(media)
    other.delete()
    assert other.example.name not in files(media)


def test_a_removal_that_is_rolled_back_removes_no_file(
    media: Path, transactional_db: None, recording: PracticeRecording
) -> None:
    before = files(media)
    with pytest.raises(RuntimeError), transaction.atomic():
        discard(recording.audio)
        PracticeRecording.objects.get().delete()
        raise RuntimeError
    assert files(media) == before


# --- files without rows, rows without files


def left_behind(media: Path, name: str = "") -> Path:
    path = media / "recordings" / (name or f"{uuid4()}.webm")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"sound")
    return path


def later() -> datetime:
    return timezone.now() + LATER


def test_each_half_without_the_other_is_found(
    media: Path, amy: Patient, exercise: Exercise, recording: PracticeRecording
) -> None:
    lost = record(amy, exercise)
    Path(lost.audio.path).unlink()
    bare = Exercise.objects.create(title="bare", example=f"examples/{uuid4()}.webm")
    outside = Exercise.objects.create(title="outside", example="../../etc/passwd")
    paths = (left_behind(media), left_behind(media, "incoming-ab12_x.part"))
    names = [f"recordings/{path.name}" for path in paths]
    left_behind(media, "王小明.webm")
    report = orphans.check()
    assert report.without_row.names == sorted(names)
    assert report.left_behind.count == report.removed.count == 0
    assert report.without_file[PracticeRecording].names == [str(lost.pk)]
    assert set(report.without_file[Exercise].names) == set(ids([bare, outside]))
    # Two of rows, two left behind, and one whose name is nobody's to tell.
    assert (report.files, report.rows, report.not_ours) == (5, 5, 1)
    assert not report.well
    assert "王小明" not in json.dumps(report.as_dict(), ensure_ascii=False)


def test_all_is_well_where_each_has_the_other(media: Path, recording: PracticeRecording) -> None:
    report = orphans.check(remove=True, now=later())
    assert (report.files, report.rows, report.well) == (2, 2, True)
    assert len(files(media)) == 2


def test_nothing_is_removed_unless_that_is_asked_for(media: Path, recording: PracticeRecording) -> None:
    left_behind(media)
    before = files(media)
    report = orphans.check(now=later())
    assert (report.left_behind.count, report.removed.count) == (1, 0)
    assert files(media) == before


def test_only_what_is_ours_and_old_is_removed(
    media: Path, tmp_path: Path, recording: PracticeRecording
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"not sound")
    for elsewhere in (media / f"{uuid4()}.webm", media / "health" / f"{uuid4()}.webm"):
        elsewhere.parent.mkdir(exist_ok=True)
        elsewhere.write_bytes(b"x")
    recordings = media / "recordings"
    (recordings / f"{uuid4()}.webm").symlink_to(secret)
    (recordings / f"{uuid4()}").mkdir()
    (recordings / f"{uuid4()}" / "deep").mkdir(parents=True)
    left_behind(media, "notes of a therapist.txt")
    before = files(media)
    old = left_behind(media)
    report = orphans.check(remove=True, now=later())
    assert report.removed.names == [f"recordings/{old.name}"]
    assert files(media) == before
    assert report.not_ours == 4
    assert secret.read_bytes() == b"not sound"


def test_what_a_backup_brought_back_is_as_young_as_its_coming(media: Path, db: None) -> None:
    os.utime(left_behind(media), (1, 1))
    report = orphans.check(remove=True)
    assert (report.without_row.count, report.left_behind.count) == (1, 0)


def test_a_folder_that_is_a_link_is_not_followed(media: Path, tmp_path: Path, db: None) -> None:
    theirs = tmp_path / "recordings"
    theirs.mkdir()
    (theirs / f"{uuid4()}.webm").write_bytes(b"theirs")
    media.mkdir()
    (media / "recordings").symlink_to(theirs)
    report = orphans.check(remove=True, now=later())
    assert report.not_walked == ["recordings"]
    assert not report.well
    assert len(files(theirs)) == 1


def test_where_suspiciously_many_are_left_behind_none_is_removed(media: Path, db: None) -> None:
    """As after a database that came from a backup, or where DATABASE_URL leads to an empty one."""
    for _ in range(3):
        left_behind(media)
    report = orphans.check(remove=True, limit=2, now=later())
    assert report.too_many
    assert (report.left_behind.count, len(report.left_behind.names), report.removed.count) == (3, 2, 0)
    assert len(files(media)) == 3
    assert orphans.check(remove=True, limit=3, now=later()).removed.count == 3


def test_a_file_whose_row_comes_while_it_is_looked_for_stays(
    media: Path, amy: Patient, exercise: Exercise
) -> None:
    path = left_behind(media)

    def restore(percent: int, step: str) -> None:
        if step == "rows" and not PracticeRecording.objects.exists():
            PracticeRecording.objects.create(
                patient=amy, exercise=exercise, audio=f"recordings/{path.name}", size=1, sha256="x"
            )

    report = orphans.check(remove=True, now=later(), on_step=restore)
    assert report.left_behind.count == 1
    assert report.removed.count == 0
    assert path.exists()


def test_two_runs_at_once_remove_a_file_once(media: Path, exercise: Exercise) -> None:
    left_behind(media)
    inner: list[orphans.Report] = []

    def run_another(percent: int, step: str) -> None:
        if step == "rows" and not inner:
            inner.append(orphans.check(remove=True, now=later()))

    outer = orphans.check(remove=True, now=later(), on_step=run_another)
    assert [inner[0].removed.count, outer.removed.count] == [1, 0]


class Slow(FileSystemStorage):
    """So slow that a recording is removed, file and row, while its file is looked for."""

    def path(self, name: str) -> str:
        path = super().path(name)
        if PracticeRecording.objects.filter(audio=name).delete()[0]:
            Path(path).unlink()
        return path


def test_a_row_that_goes_while_its_file_is_looked_for_lacks_nothing(
    media: Path, recording: PracticeRecording, settings: Any
) -> None:
    slow = f"{Slow.__module__}.{Slow.__qualname__}"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": slow}}
    report = orphans.check()
    assert report.well
    assert report.rows == 2
    assert not PracticeRecording.objects.exists()


def test_many_are_looked_at_batch_by_batch(media: Path, amy: Patient, exercise: Exercise) -> None:
    many = 2 * orphans.BATCH + 3
    for _ in range(many):
        left_behind(media)
    PracticeRecording.objects.bulk_create(
        PracticeRecording(patient=amy, exercise=exercise, audio=f"recordings/{uuid4()}.wav", size=1, sha256="x")
        for _ in range(many)
    )  # fmt: skip
    percents: list[int] = []
    report = orphans.check(on_step=lambda percent, step: percents.append(percent))
    assert report.without_row.count == report.without_file[PracticeRecording].count == many
    assert len(report.without_row.names) == 100
    assert len(set(report.without_file[PracticeRecording].names)) == 100
    assert percents == sorted(percents)
    assert len(percents) > 6
    assert percents[-1] == 99


def test_a_new_installation_has_no_folders_and_nothing_to_report(media: Path, db: None) -> None:
    report = orphans.check(remove=True)
    assert (report.files, report.rows, report.well) == (0, 0, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"hours": 0}, {"hours": -1}, {"hours": 8761}, {"hours": 1.5}, {"hours": "24"}, {"hours": True},
        {"limit": 0}, {"limit": 1001}, {"limit": None}, {"remove": "false"}, {"remove": 1},
    ],
)  # fmt: skip
def test_an_argument_that_makes_no_sense_is_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(wrong))} is"):
        orphans.check(**wrong)


# --- by schedule, by hand


def test_the_task_reports(media: Path, db: None) -> None:
    path = left_behind(media)
    found = tasks.check_files(remove=False)
    assert found["files_without_rows"] == {"count": 1, "names": [f"recordings/{path.name}"]}
    assert found["removed"]["count"] == 0
    with pytest.raises(ValueError, match="hours"):
        tasks.check_files(hours=0)


def test_the_schedule_comes_once_reports_only_and_stays_the_administrators(db: None) -> None:
    PeriodicTask.objects.filter(name="check files").delete()
    migration = import_module("analysis.migrations.0005_files")
    migration.create(apps, None)
    row = PeriodicTask.objects.get(name="check files")
    assert (row.task, json.loads(row.kwargs), row.enabled) == (
        tasks.check_files.name,
        {"remove": False},
        True,
    )
    assert row.expire_seconds < 24 * 3600
    row.kwargs = '{"remove": true}'
    row.save()
    migration.create(apps, None)
    assert PeriodicTask.objects.get(name="check files").kwargs == '{"remove": true}'


def test_the_command_reports_and_removes(media: Path, db: None, capsys: Any) -> None:
    path = left_behind(media)
    call_command("files")
    assert path.name in capsys.readouterr().out
    lost = Exercise.objects.create(title="bare", example=f"examples/{uuid4()}.webm")
    with pytest.raises(SystemExit) as left:
        call_command("files", "--remove", "--json")
    found = json.loads(capsys.readouterr().out)
    assert left.value.code == 1
    assert found["exercises_without_files"] == {"count": 1, "names": [str(lost.pk)]}
    assert found["removed"]["count"] == 0
    assert path.exists()


@pytest.mark.acceptance
@pytest.mark.xdist_group("files")
def test_a_worker_reports_what_is_missing(worker: Worker, recording: PracticeRecording) -> None:
    Path(recording.audio.path).unlink()
    found = tasks.check_files.delay(limit=1000).get(timeout=60)
    assert found["recordings_without_files"] == {"count": 1, "names": [str(recording.pk)]}
    assert found["exercises_without_files"]["count"] == 0
    assert found["removed"]["count"] == 0


# --- a result names what it was made from


def analysed(recording: PracticeRecording) -> AnalysisResult:
    """A whole attempt, without a worker."""
    job = AnalysisJob.claim(TaskManager().submit(recording.pk).pk, "w")
    assert job is not None
    job.complete(tasks.analyze(job, lambda percent, step: None))
    return AnalysisResult.objects.get(job=job)


def steps(percent: int, step: str) -> None:
    """Nobody watches."""


@pytest.mark.usefixtures("redis")
def test_a_result_names_the_files_that_it_was_made_from(
    media: Path, recording: PracticeRecording, exercise: Exercise
) -> None:
    first = analysed(recording)
    example = (SPEECH / "park-example.webm").read_bytes()
    assert first.recording_sha256 == hashlib.sha256(SOUND).hexdigest()
    assert first.example_sha256 == hashlib.sha256(example).hexdigest()
    other = (SPEECH / "park-faithful-man.webm").read_bytes()
    exercise.example.save("other.webm", ContentFile(other))
    again = analysed(recording)
    assert again.example_sha256 == hashlib.sha256(other).hexdigest()
    first.refresh_from_db()
    assert first.example_sha256 == hashlib.sha256(example).hexdigest()
    exercise.example = ""
    exercise.save()
    assert analysed(recording).example_sha256 == ""


@pytest.mark.usefixtures("redis")
@pytest.mark.parametrize(
    "changed",
    [SOUND[:-1], SOUND + b"x", SOUND[:500] + bytes([SOUND[500] ^ 1]) + SOUND[501:], b""],
    ids=["shorter", "longer", "one bit", "empty"],
)
def test_a_file_that_is_not_what_was_uploaded_is_not_analysed(
    media: Path, recording: PracticeRecording, changed: bytes
) -> None:
    Path(recording.audio.path).write_bytes(changed)
    job = TaskManager().submit(recording.pk)
    with pytest.raises(PermanentError, match="recording_changed"):
        tasks.analyze(job, steps)
    job.error_code = "recording_changed"
    assert "not the one that was uploaded" in job.error_text


@pytest.mark.usefixtures("redis")
def test_what_was_wrong_when_it_was_uploaded_is_said_as_before(
    media: Path, amy: Patient, exercise: Exercise
) -> None:
    recording = receive(content(b"not sound" * 99), patient=amy, exercise=exercise)
    with pytest.raises(UnusableRecording):
        tasks.analyze(TaskManager().submit(recording.pk), steps)


@pytest.mark.usefixtures("redis")
def test_an_example_replaced_under_an_analysis_is_looked_for_again(
    media: Path, transactional_db: None, recording: PracticeRecording, alice: User, client: Client
) -> None:
    job = TaskManager().submit(recording.pk)
    assert job.recording.exercise.example  # read, and replaced before it is opened
    client.force_login(alice)
    replace(client, recording.exercise)
    with pytest.raises(FileNotFoundError):  # the world's fault: tried again
        tasks.analyze(job, steps)
    tasks.analyze(AnalysisJob.objects.get(), steps)
    Path(Exercise.objects.get().example.path).unlink()
    with pytest.raises(PermanentError, match="example_missing"):
        tasks.analyze(AnalysisJob.objects.get(), steps)


@pytest.mark.acceptance
@pytest.mark.xdist_group("files")
def test_a_worker_says_that_a_file_is_not_what_was_uploaded(
    worker: Worker, recording: PracticeRecording
) -> None:
    Path(recording.audio.path).write_bytes((SPEECH / "milk-slow.webm").read_bytes())
    job = TaskManager().submit(recording.pk)

    def failed() -> bool:
        job.refresh_from_db()
        return job.state == JobState.FAILED

    wait_for(failed, 60, worker.said)
    assert (job.error_code, job.failures) == ("recording_changed", 1)
