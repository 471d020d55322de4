"""Two therapists, their patients, what they practise and how it went: put in once, found again later."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.files.base import ContentFile, File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from analysis.demo.manifest import (
    SPEECH,
    ExerciseEntry,
    Manifest,
    RecordingEntry,
    SpoiltEntry,
    When,
    read,
)
from analysis.demo.mishaps import spoil
from analysis.files import measure, receive
from analysis.models import Exercise, Patient, PracticeRecording
from tasks_admin.jobs import JobState

__all__ = ["SPEECH", "Practised", "logins", "password", "populate"]

# Invented people. The voices of the recordings are invented too.
THERAPISTS = {"lin": ("林佳穎", ["P1", "P2", "P5"]), "chen": ("陳志明", ["P3", "P4", "P6"])}
PATIENTS = {
    "P1": ("王怡君", "female", 1988),
    "P2": ("張文德", "male", 1979),
    "P3": ("李天賜", "male", 1951),
    "P4": ("吳秀蘭", "female", 1956),
    "P5": ("蔡小晴", "female", 2018),
    "P6": ("黃大衛", "male", 1964),
}


@dataclass(frozen=True, slots=True)
class Practised:
    """A recording, with what is known to be wrong in it and how its analysis is to end."""

    recording: PracticeRecording
    mistakes: list[Mapping[str, Any]]
    in_table: bool
    state: JobState = JobState.SUCCEEDED
    error: str = ""


@transaction.atomic
def populate(today: date | None = None) -> list[Practised]:
    """Make what is missing of the demonstration, and return its recordings in the manifest's order.

    What is there already is left as it is, also the day on which it was recorded. What is made was recorded
    in the eight weeks before ``today``.
    """
    today = today or timezone.localdate()
    manifest = read()
    therapists = {name: _therapist(name) for name in THERAPISTS}
    _administrators()
    patients = {key: _patient(key, therapists) for key in PATIENTS}
    exercises = {each["key"]: _exercise(each, therapists["lin"]) for each in manifest["exercises"]}
    return list(_practised(manifest, _Shelf(patients, exercises, today)))


def logins() -> Iterator[tuple[str, str]]:
    """User names and what each of them is."""
    yield from ((name, gettext_noop("therapist")) for name in THERAPISTS)
    yield "administrator", gettext_noop("administrator")
    yield "root", gettext_noop("superuser")


def password() -> str:
    """The demonstration's password: drawn once for this data folder, the same at each run."""
    kept = settings.DATA_DIR / "demo.json"
    if not kept.exists():
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        kept.touch(mode=0o600)
        kept.write_text(json.dumps({"password": secrets.token_urlsafe(9)}))
    return str(json.loads(kept.read_text())["password"])


def _user(name: str, group: str = "", **fields: Any) -> User:
    user, _ = User.objects.update_or_create(
        username=name, defaults={"is_staff": True, "is_active": True, **fields}
    )
    if not user.check_password(password()):
        user.set_password(password())
        user.save()
    if group:
        user.groups.add(Group.objects.get(name=group))
    return user


def _therapist(name: str) -> User:
    # Django writes the first name before the last; a Chinese name is one.
    return _user(name, "therapists", first_name=THERAPISTS[name][0], last_name="")


def _administrators() -> None:
    _user("administrator", "administrators")
    _user("root", is_superuser=True)


def _patient(key: str, therapists: dict[str, User]) -> Patient:
    name, sex, born = PATIENTS[key]
    patient, _ = Patient.objects.update_or_create(
        code=f"DEMO-{key}", defaults={"name": name, "sex": sex, "birth_year": born}
    )
    patient.therapists.set(user for who, user in therapists.items() if key in THERAPISTS[who][1])
    return patient


def _exercise(entry: ExerciseEntry, author: User) -> Exercise:
    exercise, _ = Exercise.objects.get_or_create(
        title=entry.get("title", entry["text"]),
        created_by=author,
        defaults={"kind": entry["kind"], "text": entry["text"], "language": entry["language"][:2]},
    )
    example = exercise.example
    if "example" in entry and not (example and example.storage.exists(str(example.name))):
        with (SPEECH / entry["example"]).open("rb") as file:
            example.save(entry["example"], File(file))
    return exercise


@dataclass(frozen=True, slots=True)
class _Shelf:
    """What a recording is put among."""

    patients: dict[str, Patient]
    exercises: dict[str, Exercise]
    today: date


def _practised(manifest: Manifest, shelf: _Shelf) -> Iterator[Practised]:
    for entry in manifest["recordings"]:
        audio = ContentFile((SPEECH / entry["file"]).read_bytes(), name=entry["file"])
        yield Practised(_recording(audio, entry, shelf), [*entry["truth"]["mistakes"]], entry["in_table"])
    for spoilt in manifest["spoilt"]:
        made = spoil(spoilt["mishap"], SPEECH / spoilt["made_from"])
        recording = _recording(ContentFile(made, name=f"{spoilt['key']}.wav"), spoilt, shelf)
        ending = spoilt["ending"]
        yield Practised(recording, [], False, JobState(ending["state"]), ending["error"])


def _recording(audio: File[bytes], entry: RecordingEntry | SpoiltEntry, shelf: _Shelf) -> PracticeRecording:
    """The patient's recording of these bytes, whenever it was put in; a new one where there is none."""
    patient, exercise = shelf.patients[entry["patient"]], shelf.exercises[entry["exercise"]]
    sha256 = measure(audio)[1]
    known = PracticeRecording.objects.filter(patient=patient, exercise=exercise, sha256=sha256).first()
    if known and known.audio.storage.exists(str(known.audio.name)):
        return known
    recorded_at = _moment(entry["recorded"], shelf.today)
    return receive(audio, patient=patient, exercise=exercise, recorded_at=recorded_at)


def _moment(when: When, today: date) -> datetime:
    """Before today, so never in the future, and never more than eight weeks back."""
    yesterday = today - timedelta(days=1)
    back = (yesterday.weekday() - when["weekday"]) % 7 + 7 * when["weeks_ago"]
    local = datetime.combine(yesterday - timedelta(days=back), time.fromisoformat(when["time"]))
    return timezone.make_aware(local)
