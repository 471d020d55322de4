"""A folder of recordings that people have rated, heard as an analysis hears them."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from analysis.acoustics.alignment import align
from analysis.acoustics.arrays import Floats
from analysis.acoustics.decoding import decode
from analysis.acoustics.errors import UnusableRecording
from analysis.acoustics.evidence import gather
from analysis.acoustics.many import in_order
from analysis.acoustics.phone_match import match
from analysis.acoustics.phones import Heard, hear, recogniser
from analysis.acoustics.pitch import track_pitch
from analysis.acoustics.spectrum import spectrum
from analysis.acoustics.speech import find_speech
from analysis.acoustics.utterance import Utterance, evened, utterance

RATED = {"pronunciation": "accuracy", "fluency": "fluency", "rhythm": "prosodic"}
_STRANGERS = 4  # every fourth recording is also held against another sentence: listening is slow


@dataclass(frozen=True, slots=True)
class Rated:
    """What is known of each recording, as columns (n,): evidences, ratings 0-100, speakers.

    `other` holds the evidences of every fourth of them against the example of another sentence.
    """

    same: Mapping[str, Floats]
    ratings: Mapping[str, Floats]
    speakers: Sequence[str]
    other: Mapping[str, Floats]
    other_speakers: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class _Example:
    utterance: Utterance
    heard: Heard | None


@dataclass(frozen=True, slots=True)
class _Task:
    """A row to hear: its recording, its example, and for some the example of another sentence."""

    row: Mapping[str, str]
    folder: Path
    other: str | None


def listen(path: Path) -> Utterance:
    """One file as the pipeline sees it."""
    sound = decode(path)
    frames = spectrum(sound.samples)
    return utterance(sound, frames, find_speech(frames), track_pitch(sound, len(frames)))


def only(folder: Path, name: str) -> Path:
    """The one file of that name, whatever its kind.

    Raises
    ------
    FileNotFoundError
        There is none, or more than one.
    """
    found = sorted(folder.glob(f"{name}.*"))
    if len(found) != 1:
        raise FileNotFoundError(f"{folder}: {len(found)} files are called {name}.*, and one is needed")
    return found[0]


def rated_rows(folder: Path) -> list[dict[str, str]]:
    """The rows of scores.csv."""
    with (folder / "scores.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def sentence_of(row: Mapping[str, str]) -> str:
    """What tells one sentence from another."""
    return row.get("text") or row.get("example") or row["utterance"]


def heard_rows(folder: Path) -> Iterator[dict[str, str]]:
    """Each row of scores.csv, and its evidences: `same_` its own example, `other_` that of another sentence.

    On all cores. A row whose files are no use is left out, and told on stderr.
    """
    rated = rated_rows(folder)
    lengths = in_order(_length, [(folder, row["utterance"]) for row in rated])
    # Without an example of known length a row is left out below, and is nobody's neighbour.
    known = [
        (seconds, row) for seconds, row in zip(lengths, rated, strict=True) if isinstance(seconds, float)
    ]
    ordered = [row for _, row in sorted(known, key=lambda each: each[0])]
    tasks = [
        _Task(row, folder, _neighbour(ordered, row) if index % _STRANGERS == 0 else None)
        for index, row in enumerate(rated)
    ]
    for task, found in zip(tasks, in_order(_heard_row, tasks), strict=True):
        if isinstance(found, dict):
            yield found
        else:
            print(f"left out: {task.row['utterance']}: {found or 'its process ended'}", file=sys.stderr)


def _length(of: tuple[Path, str]) -> float | None:
    """Seconds of speech in an example; None where it is no use."""
    folder, name = of
    try:
        return listen(only(folder / "example", name)).speech.seconds
    except (UnusableRecording, OSError):
        return None


def _heard_row(task: _Task) -> dict[str, str] | str:
    name, folder = task.row["utterance"], task.folder
    try:
        recording = listen(only(folder / "audio", name))
        found = _cells("same_", _evidences(recording, _example(folder, name)))
        if task.other:
            found |= _cells("other_", _evidences(recording, _example(folder, task.other)))
    except (UnusableRecording, OSError) as error:
        return str(error)
    return dict(task.row) | found


def _cells(start: str, evidences: Mapping[str, float]) -> dict[str, str]:
    return {f"{start}{name}": f"{value:.5g}" for name, value in evidences.items()}


def _example(folder: Path, name: str) -> _Example:
    spoken = listen(only(folder / "example", name))
    by = recogniser()
    return _Example(spoken, hear(by, spoken) if by else None)


def _neighbour(ordered: Sequence[Mapping[str, str]], row: Mapping[str, str]) -> str | None:
    """The example of another sentence that comes next in length: length alone must not give it away."""
    at = next((index for index, each in enumerate(ordered) if each is row), 0)
    others = (
        each for each in (*ordered[at:], *reversed(ordered[:at])) if sentence_of(each) != sentence_of(row)
    )
    found = next(others, None)
    if found is None:
        raise SystemExit("scores.csv has one sentence only: another is needed to tell it from")
    return found["utterance"]


def _evidences(recording: Utterance, example: _Example) -> dict[str, float]:
    pair = evened(recording, example.utterance)
    by = recogniser()
    heard = None
    if by and example.heard:
        there = example.heard if pair[1] is example.utterance else hear(by, pair[1])
        heard = match(hear(by, pair[0], pair[1].speech.seconds), there)
    found = gather(*pair, align(*pair), heard)
    return {name: 1.0 if value is None else value for name, value in found.values.items()}


def read(folder: Path, kept: Path | None = None) -> Rated:
    """All that a fit needs; from the file of evidences where there is one, else by listening, which takes long."""
    if kept and kept.exists():
        with kept.open(encoding="utf-8", newline="") as file:
            found = list(csv.DictReader(file))
    else:
        found = list(heard_rows(folder))
        if not found:
            raise SystemExit(f"{folder}: not one recording could be used")
        if kept:
            with kept.open("w", encoding="utf-8", newline="") as file:
                _write_rows(file, found)
    strange = [row for row in found if row.get("other_segments")]
    return Rated(
        same=_columns(found, "same_"),
        ratings={
            name: 10 * np.array([float(row[name]) for row in found]) for name in (*RATED.values(), "total")
        },
        speakers=[row["speaker"] for row in found],
        other=_columns(strange, "other_"),
        other_speakers=[row["speaker"] for row in strange],
    )


def _write_rows(file: TextIO, found: Sequence[Mapping[str, str]]) -> None:
    writer = csv.DictWriter(file, list(dict.fromkeys(name for row in found for name in row)))
    writer.writeheader()
    writer.writerows(found)


def _columns(found: Sequence[Mapping[str, str]], start: str) -> dict[str, Floats]:
    return {
        name.removeprefix(start): np.array([float(row[name]) for row in found])
        for name in (found[0] if found else ())
        if name.startswith(start)
    }
