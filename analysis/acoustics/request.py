"""What is asked of an analysis, checked before any sound is touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Literal

from analysis.acoustics.codes import EXERCISES, LANGUAGES
from analysis.acoustics.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of an upload is accepted. Seconds and channels are counted on what decodes."""

    max_bytes: int = 50 * 2**20
    max_seconds: float = 300.0
    max_channels: int = 8


@dataclass(frozen=True, slots=True)
class Speaker:
    """What is known of who speaks; nothing is guessed where it is not."""

    sex: Literal["male", "female"] | None = None
    age: float | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """One syllable's place in the example, in seconds."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Request:
    """One analysis as it was asked for."""

    exercise: str = "sentence"
    text: str = ""
    language: str = "zh"
    speaker: Speaker = Speaker()
    marks: tuple[Mark, ...] = ()

    def __post_init__(self) -> None:
        if self.exercise not in EXERCISES:
            raise InvalidRequest("exercise", self.exercise, EXERCISES)
        if self.language not in LANGUAGES:
            raise InvalidRequest("language", self.language, LANGUAGES)
        if self.speaker.sex not in (None, "male", "female"):
            raise InvalidRequest("speaker.sex", self.speaker.sex, ("male", "female"))
        if self.speaker.age is not None and not 0 <= self.speaker.age <= 130:
            raise InvalidRequest("speaker.age", self.speaker.age, "0 to 130 years")
        _check_order(self.marks)

    def check_marks(self, syllables: int, example_seconds: float | None) -> None:
        """Marks fit the example that they were set on: one a syllable, none beyond its end.

        Raises
        ------
        InvalidRequest
            If they do not.
        """
        if not self.marks:
            return
        if example_seconds is None:
            raise InvalidRequest("marks", len(self.marks), "none without an example")
        if len(self.marks) != syllables:
            raise InvalidRequest("marks", len(self.marks), f"{syllables}, one for each syllable of the text")
        if self.marks[-1].end > example_seconds + 0.05:
            raise InvalidRequest("marks", self.marks[-1].end, f"0 to {example_seconds:.2f} s, the example")


def _check_order(marks: Sequence[Mark]) -> None:
    for mark in marks:
        if not (isfinite(mark.start) and isfinite(mark.end) and 0 <= mark.start < mark.end):
            raise InvalidRequest("marks", (mark.start, mark.end), "0 <= start < end, in seconds")
    for before, after in pairwise(marks):
        if after.start < before.end - 1e-6:
            raise InvalidRequest("marks", (after.start, after.end), "marks in order, none overlapping")
