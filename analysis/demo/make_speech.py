"""Make the demonstration speech and its manifest: ``python -m analysis.demo.make_speech [--out FOLDER]``.

Only a developer runs this, and needs espeak-ng for it. The files it makes are in the repository, so that
installing and testing need no synthesiser. Every file was spoken by espeak-ng (a program under GPL-3.0), the
held vowel by NumPy. None contains a person's voice: the patients are invented, and showing the files exposes
nobody.

The manifest names the exercises with the therapist's example, the patients' recordings with the mistakes that
were put into them, and those that went wrong; `analysis.demo.manifest` and `analysis.demo.truth.Mistake`
describe its fields. The same espeak-ng and codecs give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

from analysis.demo import containers, room, synthesis
from analysis.demo.cast import EXERCISES, THERAPIST, Exercise, Speaker
from analysis.demo.containers import SAMPLE_RATE, Container
from analysis.demo.manifest import SPEECH, ExerciseEntry, Manifest, RecordingEntry, SpoiltEntry, When
from analysis.demo.room import Recorded
from analysis.demo.takes import PRACTICE, SPOILT, TAKES, Spoilt, Take
from analysis.demo.truth import mistakes

LARGEST_FILE, LARGEST_TOTAL = 100_000, 1_000_000
CODEC_DELAY_SECONDS = 0.1


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
    manifest: Manifest = {
        "exercises": [_make_exercise(folder, exercise) for exercise in EXERCISES],
        "recordings": [_make_recording(folder, take) for take in (*TAKES, *PRACTICE)],
        "spoilt": [_spoilt(spoilt) for spoilt in SPOILT],
    }
    _check_total(folder, manifest)
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def _make_exercise(folder: Path, exercise: Exercise) -> ExerciseEntry:
    entry: ExerciseEntry = {
        "key": exercise.key,
        "kind": exercise.kind,
        "language": exercise.language,
        "text": exercise.text,
        "pinyin": exercise.spoken,
    }
    if exercise.title:
        entry["title"] = exercise.title
    if exercise.container:
        take = _example(exercise, exercise.container)
        recorded = room.record(synthesis.phrases(take, example_seconds=0.0), take.key)
        entry["example"] = _save(folder, take.key, recorded, take.container)
    return entry


def _example(exercise: Exercise, container: Container) -> Take:
    return Take(f"{exercise.key}-example", exercise, THERAPIST, container)


def _make_recording(folder: Path, take: Take) -> RecordingEntry:
    recorded = room.record(synthesis.phrases(take, _example_seconds(take.exercise)), take.key)
    return {
        "key": take.key,
        "exercise": take.exercise.key,
        "patient": take.speaker.name,
        "file": _save(folder, take.key, recorded, take.container),
        "recorded": _when(take.key, take.speaker, take.weeks_ago),
        "in_table": take in TAKES,
        "truth": {"mistakes": mistakes(take, recorded)},
    }


def _example_seconds(exercise: Exercise) -> float:
    if exercise.container is None:
        return 0.0
    return synthesis.seconds(synthesis.phrases(_example(exercise, exercise.container), example_seconds=0.0))


def _spoilt(spoilt: Spoilt) -> SpoiltEntry:
    take = spoilt.take
    return {
        "key": spoilt.key,
        "exercise": take.exercise.key,
        "patient": take.speaker.name,
        "made_from": _file_name(take.key, take.container),
        "mishap": spoilt.mishap,
        "recorded": _when(spoilt.key, take.speaker, spoilt.weeks_ago),
        "ending": spoilt.ending,
    }


def _when(key: str, speaker: Speaker, weeks_ago: int) -> When:
    """The minute is drawn from the key, since nobody practises on the hour and it must not change."""
    minute = zlib.crc32(key.encode()) % 60
    return {"weeks_ago": weeks_ago, "weekday": speaker.weekday, "time": f"{speaker.hour:02}:{minute:02}"}


def _save(folder: Path, key: str, recorded: Recorded, container: Container) -> str:
    path = folder / _file_name(key, container)
    containers.write(path, recorded.samples, SAMPLE_RATE, container)
    _check(path, recorded.samples.size / SAMPLE_RATE)
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB", file=sys.stderr)
    return path.name


def _file_name(key: str, container: Container) -> str:
    return f"{key}.{container.value.suffix}"


def _check(path: Path, seconds: float) -> None:
    decoded = containers.read_seconds(path)
    if abs(decoded - seconds) > CODEC_DELAY_SECONDS:
        raise UnusableFileError(f"{path.name} decodes to {decoded:.2f} s, and {seconds:.2f} s were put in")
    if path.stat().st_size > LARGEST_FILE:
        raise UnusableFileError(f"{path.name} has {path.stat().st_size} bytes, more than {LARGEST_FILE}")


def _check_total(folder: Path, manifest: Manifest) -> None:
    files = [entry["example"] for entry in manifest["exercises"] if "example" in entry]
    files += [entry["file"] for entry in manifest["recordings"]]
    total = sum((folder / name).stat().st_size for name in files)
    if total > LARGEST_TOTAL:
        raise UnusableFileError(f"the files have {total} bytes together, more than {LARGEST_TOTAL}")


if __name__ == "__main__":
    main()
