"""Make the demonstration speech and its manifest: ``python -m analysis.demo.make_speech [--out FOLDER]``.

Only a developer runs this, and needs espeak-ng for it. The files it makes are in the repository, so that
installing and testing need no synthesiser. Every file was spoken by espeak-ng (a program under GPL-3.0) and
contains no person's voice: the patients are invented, and showing the files exposes nobody.

The manifest names the exercises with the therapist's example, and the patients' recordings with the mistakes
that were put into them; `analysis.demo.truth.Mistake` describes its fields. The same espeak-ng and codecs
give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from analysis.demo import containers, room, synthesis
from analysis.demo.cast import EXERCISES, TAKES, THERAPIST, Exercise, Take
from analysis.demo.containers import Container
from analysis.demo.room import Recorded
from analysis.demo.truth import Mistake, mistakes

SPEECH = Path(__file__).parent / "speech"
LARGEST_FILE, LARGEST_TOTAL = 100_000, 600_000
CODEC_DELAY_SECONDS = 0.1


class ExerciseEntry(TypedDict):
    """An exercise in the manifest.

    ``pinyin`` is what was given to the synthesiser; for an English exercise, its words.
    """

    key: str
    language: str
    text: str
    pinyin: str
    example: str


class Truth(TypedDict):
    """What is known about a recording."""

    mistakes: list[Mistake]


class RecordingEntry(TypedDict):
    """A patient's recording in the manifest."""

    key: str
    exercise: str
    patient: str
    file: str
    truth: Truth


class UnusableFileError(Exception):
    """A file that was written is too large or does not decode to what was put in."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Make the demonstration speech with espeak-ng.")
    parser.add_argument("--out", type=Path, default=SPEECH, help="folder to write to (default: %(default)s)")
    folder: Path = parser.parse_args(arguments).out
    try:
        make(folder)
    except (synthesis.SynthesiserMissingError, UnusableFileError) as error:
        sys.exit(str(error))


def make(folder: Path) -> None:
    """Write all speech files and ``manifest.json`` to ``folder``, which is created when it is missing.

    Raises
    ------
    SynthesiserMissingError
        espeak-ng is not on PATH; nothing is written.
    UnusableFileError
        A file is too large for the repository, or does not decode.
    """
    synthesis.require_synthesiser()
    folder.mkdir(parents=True, exist_ok=True)
    exercises = [_make_example(folder, exercise) for exercise in EXERCISES]
    recordings = [_make_recording(folder, take) for take in TAKES]
    files = [entry["example"] for entry in exercises] + [entry["file"] for entry in recordings]
    _check_total(folder, files)
    manifest = {"exercises": exercises, "recordings": recordings}
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def _example(exercise: Exercise) -> Take:
    return Take(f"{exercise.key}-example", exercise, THERAPIST, exercise.container)


def _make_example(folder: Path, exercise: Exercise) -> ExerciseEntry:
    take = _example(exercise)
    recorded = room.record(synthesis.phrases(take, example_seconds=0.0), take.key)
    return {
        "key": exercise.key,
        "language": exercise.language,
        "text": exercise.text,
        "pinyin": exercise.spoken,
        "example": _save(folder, take.key, recorded, take.container),
    }


def _make_recording(folder: Path, take: Take) -> RecordingEntry:
    example = synthesis.phrases(_example(take.exercise), example_seconds=0.0)
    recorded = room.record(synthesis.phrases(take, synthesis.seconds(example)), take.key)
    return {
        "key": take.key,
        "exercise": take.exercise.key,
        "patient": take.speaker.name,
        "file": _save(folder, take.key, recorded, take.container),
        "truth": {"mistakes": mistakes(take, recorded)},
    }


def _save(folder: Path, key: str, recorded: Recorded, container: Container) -> str:
    path = folder / f"{key}.{container.value.suffix}"
    containers.write(path, recorded.samples, synthesis.SAMPLE_RATE, container)
    _check(path, recorded.samples.size / synthesis.SAMPLE_RATE)
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB", file=sys.stderr)
    return path.name


def _check(path: Path, seconds: float) -> None:
    decoded = containers.read_seconds(path)
    if abs(decoded - seconds) > CODEC_DELAY_SECONDS:
        raise UnusableFileError(f"{path.name} decodes to {decoded:.2f} s, and {seconds:.2f} s were put in")
    if path.stat().st_size > LARGEST_FILE:
        raise UnusableFileError(f"{path.name} has {path.stat().st_size} bytes, more than {LARGEST_FILE}")


def _check_total(folder: Path, files: Sequence[str]) -> None:
    total = sum((folder / name).stat().st_size for name in files)
    if total > LARGEST_TOTAL:
        raise UnusableFileError(f"the files have {total} bytes together, more than {LARGEST_TOTAL}")


if __name__ == "__main__":
    main()
