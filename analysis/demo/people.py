"""Two therapists, their patients, what they practise and how it went: put in once, found again later."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.files import File
from django.db import transaction

from analysis.files import measure, receive
from analysis.models import Exercise, Patient, PracticeRecording

SPEECH = Path(__file__).parent / "speech"

# Invented people. The voices of the recordings are invented too.
THERAPISTS = {"lin": ("佳穎", "林", ["P1", "P2"]), "chen": ("志明", "陳", ["P3", "P4"])}
PATIENTS = {
    "P1": ("王怡君", "female", 1988),
    "P2": ("張文德", "male", 1979),
    "P3": ("李天賜", "male", 1951),
    "P4": ("吳秀蘭", "female", 1956),
}


@dataclass(frozen=True, slots=True)
class Practised:
    """A recording, with what is known to be wrong in it."""

    recording: PracticeRecording
    mistakes: list[dict[str, Any]]


@transaction.atomic
def populate() -> list[Practised]:
    """Make what is missing of the demonstration, and return its recordings in the manifest's order."""
    manifest = json.loads((SPEECH / "manifest.json").read_text())
    therapists = {name: _therapist(name) for name in THERAPISTS}
    _administrators()
    patients = {key: _patient(key, therapists) for key in PATIENTS}
    exercises = {each["key"]: _exercise(each, therapists["lin"]) for each in manifest["exercises"]}
    return [
        Practised(_recording(each, patients, exercises), each["truth"]["mistakes"])
        for each in manifest["recordings"]
    ]


def logins() -> Iterator[tuple[str, str]]:
    """User names and what each of them is."""
    yield from ((name, "therapist") for name in THERAPISTS)
    yield "administrator", "administrator"
    yield "root", "superuser"


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
    first, last, _ = THERAPISTS[name]
    return _user(name, "therapists", first_name=first, last_name=last)


def _administrators() -> None:
    _user("administrator", "administrators")
    _user("root", is_superuser=True)


def _patient(key: str, therapists: dict[str, User]) -> Patient:
    name, sex, born = PATIENTS[key]
    patient, _ = Patient.objects.update_or_create(
        code=f"DEMO-{key}", defaults={"name": name, "sex": sex, "birth_year": born}
    )
    patient.therapists.set(user for who, user in therapists.items() if key in THERAPISTS[who][2])
    return patient


def _exercise(entry: dict[str, str], author: User) -> Exercise:
    exercise, new = Exercise.objects.get_or_create(
        title=entry["text"],
        created_by=author,
        defaults={"text": entry["text"], "language": entry["language"][:2]},
    )
    if new or not exercise.example.storage.exists(str(exercise.example.name)):
        with (SPEECH / entry["example"]).open("rb") as example:
            exercise.example.save(entry["example"], File(example))
    return exercise


def _recording(
    entry: dict[str, str], patients: dict[str, Patient], exercises: dict[str, Exercise]
) -> PracticeRecording:
    patient, exercise = patients[entry["patient"]], exercises[entry["exercise"]]
    with (SPEECH / entry["file"]).open("rb") as opened:
        audio = File(opened, name=entry["file"])
        sha256 = measure(audio)[1]
        known = PracticeRecording.objects.filter(patient=patient, exercise=exercise, sha256=sha256).first()
        if known and known.audio.storage.exists(str(known.audio.name)):
            return known
        return receive(audio, patient=patient, exercise=exercise)
