"""What the manifest of the demonstration speech holds: exercises, patients' recordings, and what went wrong.

The script that makes the speech writes it, and loading the demonstration reads it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

if TYPE_CHECKING:
    from analysis.demo.truth import Mistake

SPEECH = Path(__file__).parent / "speech"

Kind = Literal["sentence", "sustained_vowel", "syllable_repetition"]
Mishap = Literal["clipped", "silent", "too_short", "not_sound", "cancelled"]


class ExerciseEntry(TypedDict):
    """An exercise.

    ``pinyin`` is what was given to the synthesiser; for an English exercise, its words. ``title`` is there
    where it is not the text, and ``example`` where there is one.
    """

    key: str
    kind: Kind
    language: str
    text: str
    pinyin: str
    title: NotRequired[str]
    example: NotRequired[str]


class Truth(TypedDict):
    """What is known about a recording."""

    mistakes: list[Mistake]


class Ending(TypedDict):
    """How an analysis is to end: a job's state, and the error's code where it is to fail."""

    state: Literal["succeeded", "failed", "cancelled"]
    error: str


class When(TypedDict):
    """When something was recorded.

    ``weeks_ago`` counts from the last such ``weekday`` (Monday is 0) before the demonstration is loaded;
    ``time`` is local, as HH:MM.
    """

    weeks_ago: int
    weekday: int
    time: str


class RecordingEntry(TypedDict):
    """A patient's recording. ``in_table`` says whether the demonstration prints what was found in it."""

    key: str
    exercise: str
    patient: str
    file: str
    recorded: When
    in_table: bool
    truth: Truth


class SpoiltEntry(TypedDict):
    """A recording that is made from another's file when the demonstration is loaded."""

    key: str
    exercise: str
    patient: str
    made_from: str
    mishap: Mishap
    recorded: When
    ending: Ending


class Manifest(TypedDict):
    exercises: list[ExerciseEntry]
    recordings: list[RecordingEntry]
    spoilt: list[SpoiltEntry]


def read(folder: Path = SPEECH) -> Manifest:
    """The manifest of a folder that `analysis.demo.make_speech` wrote."""
    manifest: Manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return manifest
