"""A recording and its example for Praat: WAV as it was analysed, and a TextGrid with the syllables.

The text format of a TextGrid is described in Praat's manual, "TextGrid file formats".
"""

from __future__ import annotations

import io
import wave
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from django.conf import settings
from django.db.models.fields.files import FieldFile

from analysis import acoustics, wording
from analysis.exports import stem
from analysis.models import AnalysisResult, Review, Verdict

if TYPE_CHECKING:
    from analysis.acoustics import Sound

RATE = 16_000  # Hz, of every decoded sound


@dataclass(frozen=True, slots=True)
class Interval:
    """A labelled stretch, seconds."""

    start: float
    end: float
    label: str


@dataclass(frozen=True, slots=True)
class Tier:
    """Labelled stretches one after another; what lies between them is left empty."""

    name: str
    intervals: tuple[Interval, ...]


def archive(result: AnalysisResult, review: Review) -> bytes:
    """A ZIP with two files for each of recording and example.

    Raises
    ------
    UnusableRecording
        Where a file can no longer be decoded.
    FileNotFoundError
        Where it is not there any more.
    """
    name = stem(result)
    recording = result.job.recording
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as files:
        _put(files, f"{name}-recording", _decoded(recording.audio, "recording"), _heard(result, review))
        if recording.exercise.example:
            example = _decoded(recording.exercise.example, "example")
            _put(files, f"{name}-example", example, _goal(result))
    return content.getvalue()


def textgrid(seconds: float, tiers: Sequence[Tier]) -> str:
    """The tiers as a TextGrid of this length, in Praat's long text format. Times are given to the microsecond."""
    seconds = round(seconds, 6)
    head = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {seconds:.6f}"]
    lines = [*head, "tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for number, tier in enumerate(tiers, 1):
        lines += _tier(number, tier, seconds)
    return "\n".join([*lines, ""])


def wav(sound: Sound) -> bytes:
    """The samples as 16-bit WAV, 16 kHz, mono; what lies beyond full scale is cut."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(sound.samples, -1, 1) * 32767).astype("<i2").tobytes())
    return content.getvalue()


def _put(files: zipfile.ZipFile, name: str, sound: Sound, tiers: Sequence[Tier]) -> None:
    files.writestr(f"{name}.wav", wav(sound))
    files.writestr(f"{name}.TextGrid", textgrid(sound.seconds, tiers))


def _decoded(file: FieldFile, role: str) -> Sound:
    limits = acoustics.Limits(max_bytes=settings.AUDIO_MAX_BYTES, max_seconds=settings.AUDIO_MAX_SECONDS)
    opened: IO[bytes]
    with file.storage.open(str(file.name), "rb") as opened:
        return acoustics.decode(opened, limits=limits, role=role)


def _heard(result: AnalysisResult, review: Review) -> list[Tier]:
    """What was found in the recording, and what the therapist says to it."""
    rows = result.syllables
    tiers = [
        *_said(rows, "start", "end"),
        _laid("heard tone", rows, "start", "end", [_text(each.get("heard_tone")) for each in rows]),
        _laid("findings", rows, "start", "end", [_findings(each) for each in rows]),
    ]
    if review.verdicts:
        verdicts = [_verdict(review, index) for index in range(len(rows))]
        tiers.append(_laid("verdict", rows, "start", "end", verdicts))
    return tiers


def _goal(result: AnalysisResult) -> list[Tier]:
    return list(_said(result.syllables, "example_start", "example_end"))


def _said(rows: Sequence[Mapping[str, Any]], start: str, end: str) -> Iterator[Tier]:
    for name, key in (("syllable", "text"), ("zhuyin", "zhuyin"), ("pinyin", "pinyin"), ("tone", "tone")):
        yield _laid(name, rows, start, end, [_text(each.get(key)) for each in rows])


def _laid(name: str, rows: Iterable[Mapping[str, Any]], start: str, end: str, labels: Iterable[str]) -> Tier:
    placed = zip(rows, labels, strict=True)
    return Tier(
        name,
        tuple(
            Interval(row[start], row[end], label)
            for row, label in placed
            if row.get(start) is not None and row.get(end) is not None
        ),
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _findings(each: Mapping[str, Any]) -> str:
    return "; ".join(wording.sentence(wording.SYLLABLE_TEXTS, code) for code in each["findings"])


def _verdict(review: Review, index: int) -> str:
    verdict = review.verdicts.get(str(index))
    return str(Verdict(verdict).label) if verdict else ""


def _tier(number: int, tier: Tier, seconds: float) -> list[str]:
    filled = list(_filled(tier.intervals, seconds))
    lines = [
        f"    item [{number}]:",
        '        class = "IntervalTier"',
        f"        name = {_quoted(tier.name)}",
        "        xmin = 0",
        f"        xmax = {seconds:.6f}",
        f"        intervals: size = {len(filled)}",
    ]
    for at, each in enumerate(filled, 1):
        lines += [
            f"        intervals [{at}]:",
            f"            xmin = {each.start:.6f}",
            f"            xmax = {each.end:.6f}",
            f"            text = {_quoted(each.label)}",
        ]
    return lines


def _filled(intervals: Iterable[Interval], seconds: float) -> Iterator[Interval]:
    """Praat wants a tier without gaps and without overlaps."""
    reached = 0.0
    for each in sorted(intervals, key=lambda interval: interval.start):
        start, end = round(max(each.start, reached), 6), round(min(each.end, seconds), 6)
        if end <= start:
            continue
        if start > reached:
            yield Interval(reached, start, "")
        yield Interval(start, end, each.label)
        reached = end
    if reached < seconds:
        yield Interval(reached, seconds, "")


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""').replace("\n", " ")
    return f'"{doubled}"'
