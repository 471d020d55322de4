"""Fits the scores' curves again, from any folder of recordings that people have rated.

    python -m analysis.acoustics.calibrate FOLDER [--evidences FILE] [--write]

FOLDER holds `scores.csv` with the columns utterance, speaker, accuracy, fluency, prosodic and total (0-10, as the
raters' mean), and the files audio/UTTERANCE.* and example/UTTERANCE.*; a column `text` (or `example`) says which
recordings are of one sentence. 8 to 12 speakers with 20 recordings each suffice.

It says how well curves fitted here do on speakers that they never saw, and how well those of the repository do;
`--write` puts the new ones in their place. `--evidences` keeps what was heard, so that a second run takes seconds.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from analysis.acoustics.alignment import align
from analysis.acoustics.arrays import Floats
from analysis.acoustics.codes import LANGUAGES
from analysis.acoustics.curves import CURVES_FILE, Curve, read_curves
from analysis.acoustics.decoding import decode
from analysis.acoustics.evidence import gather
from analysis.acoustics.fitting import (
    EVIDENCES,
    GATE_EVIDENCES,
    fit_curves,
    fit_gate,
    folds,
    gate_limit,
    held_out,
    points_left,
    rows,
    strangeness,
)
from analysis.acoustics.phone_match import match
from analysis.acoustics.phones import Heard, hear, recogniser
from analysis.acoustics.pitch import track_pitch
from analysis.acoustics.spectrum import spectrum
from analysis.acoustics.speech import find_speech
from analysis.acoustics.utterance import Utterance, evened, utterance

RATED = {"pronunciation": "accuracy", "fluency": "fluency", "rhythm": "prosodic"}
_STRANGERS = 4  # every fourth recording is also held against another sentence: listening is slow
_DIVISIONS = 3  # into speakers fitted and held out; the mean of their figures is told
_WEIGHTS = {"pronunciation": 0.5, "fluency": 0.25, "rhythm": 0.25}  # of the overall score, pitch left out


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
    sentence: str
    utterance: Utterance
    heard: Heard | None


def listen(path: Path) -> Utterance:
    """One file as the pipeline sees it."""
    sound = decode(path)
    frames = spectrum(sound.samples)
    return utterance(sound, frames, find_speech(frames), track_pitch(sound, len(frames)))


def _only(folder: Path, name: str) -> Path:
    found = sorted(folder.glob(f"{name}.*"))
    if len(found) != 1:
        raise SystemExit(f"{folder}: {len(found)} files are called {name}.*, and one is needed")
    return found[0]


def heard_rows(folder: Path) -> Iterator[dict[str, str]]:
    """Each row of scores.csv, and its evidences: `same_` its own example, `other_` that of another sentence."""
    with (folder / "scores.csv").open(encoding="utf-8", newline="") as file:
        rated = list(csv.DictReader(file))
    examples = {row["utterance"]: _example(folder, row) for row in rated}
    ordered = sorted(examples.values(), key=lambda each: each.utterance.speech.seconds)
    for index, row in enumerate(rated):
        example = examples[row["utterance"]]
        recording = listen(_only(folder / "audio", row["utterance"]))
        found = _cells("same_", _evidences(recording, example))
        if index % _STRANGERS == 0:
            found |= _cells("other_", _evidences(recording, _neighbour(ordered, example)))
        yield row | found


def _cells(start: str, evidences: Mapping[str, float]) -> dict[str, str]:
    return {f"{start}{name}": f"{value:.5g}" for name, value in evidences.items()}


def _example(folder: Path, row: Mapping[str, str]) -> _Example:
    spoken = listen(_only(folder / "example", row["utterance"]))
    by = recogniser()
    sentence = row.get("text") or row.get("example") or row["utterance"]
    return _Example(sentence, spoken, hear(by, spoken) if by else None)


def _neighbour(ordered: Sequence[_Example], example: _Example) -> _Example:
    """The example of another sentence that comes next in length: length alone must not give it away."""
    at = next(index for index, each in enumerate(ordered) if each is example)
    others = (each for each in (*ordered[at:], *reversed(ordered[:at])) if each.sentence != example.sentence)
    found = next(others, None)
    if found is None:
        raise SystemExit("scores.csv has one sentence only: another is needed to tell it from")
    return found


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
    writer = csv.DictWriter(file, list(found[0]))
    writer.writeheader()
    writer.writerows(found)


def _columns(found: Sequence[Mapping[str, str]], start: str) -> dict[str, Floats]:
    return {
        name.removeprefix(start): np.array([float(row[name]) for row in found])
        for name in found[0]
        if name.startswith(start)
    }


def _correlation(left: Floats, right: Floats) -> float:
    return float(np.corrcoef(left, right)[0, 1])


def figures(rated: Rated, used: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Pearson's r with the raters on held-out speakers, for each sub-score and the overall score."""
    found: dict[str, list[float]] = {}
    for seed in range(_DIVISIONS):
        scores = {
            name: held_out(
                {code: rated.same[code] for code in codes},
                100 - rated.ratings[RATED[name]],
                rated.speakers,
                seed,
            )
            for name, codes in used.items()
        }
        for name, r in _agreement(scores, rated).items():
            found.setdefault(name, []).append(r)
    return {name: round(float(np.mean(values)), 3) for name, values in found.items()}


def _agreement(scores: Mapping[str, Floats], rated: Rated) -> dict[str, float]:
    total = np.sum([weight * scores[name].clip(0, 100) for name, weight in _WEIGHTS.items()], axis=0)
    found = {name: _correlation(scores[name], rated.ratings[RATED[name]]) for name in scores}
    return found | {"overall": _correlation(total, rated.ratings["total"])}


def refused(rated: Rated) -> dict[str, float]:
    """Shares of right and of other sentences that a gate refuses whose fit never saw their speakers."""
    same, other = ({name: each[name] for name in GATE_EVIDENCES} for each in (rated.same, rated.other))
    wrongly, rightly = np.zeros(len(rated.speakers)), np.zeros(len(rated.other_speakers))
    for out in folds(rated.speakers):
        strange = np.isin(rated.other_speakers, np.array(rated.speakers)[out])
        weights = fit_gate(rows(same, ~out), rows(other, ~strange))
        limit = gate_limit(weights, rows(same, ~out))
        wrongly[out] = strangeness(weights, rows(same, out)) > limit
        rightly[strange] = strangeness(weights, rows(other, strange)) > limit
    return {
        "another sentence refused": round(float(rightly.mean()), 3),
        "right sentence refused": round(float(wrongly.mean()), 3),
    }


def fitted(rated: Rated, before: Mapping[str, Any], name: str, language: str) -> dict[str, Any]:
    """A new curves.json: what is fitted here, and of the old one what is not (pitch, the weights)."""
    able = "phone_error" in rated.same
    new = dict(before) | {"fitted": date.today().isoformat(), "data": name}
    new["recordings"], new["speakers"] = len(rated.speakers), len(set(rated.speakers))
    held: dict[str, Any] = {}
    for key, used in _sets(able).items():
        curves = {
            score: fit_curves({code: rated.same[code] for code in codes}, 100 - rated.ratings[RATED[score]])
            for score, codes in used.items()
        }
        new[key] = {score: _readable(each) for score, each in curves.items()}
        new[key]["pitch"] = before["points_lost"]["pitch"]
        held[key] = figures(rated, used)
    if able:
        new["gate"] = _gate(rated, before["gate"], language)
        held["gate"] = refused(rated)
    new["held_out"] = {"unit": before["held_out"]["unit"]} | held
    return new


def _sets(able: bool) -> dict[str, dict[str, tuple[str, ...]]]:
    found = {"points_lost_without_recogniser": EVIDENCES[False]}
    return {"points_lost": EVIDENCES[True]} | found if able else found


def _readable(curves: Mapping[str, Curve]) -> dict[str, list[list[float]]]:
    return {
        code: [[round(at, 3), round(points, 2)] for at, points in zip(curve.at, curve.points, strict=True)]
        for code, curve in curves.items()
    }


def _gate(rated: Rated, before: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The gate with a limit of this language; its weights stay, or the other languages' limits would not hold."""
    limit = gate_limit(before["weights"], rated.same)
    return dict(before) | {"limit": before["limit"] | {language: round(limit, 3)}}


def present(rated: Rated, curves: Mapping[str, Any], *, able: bool) -> dict[str, float]:
    """The same figures for the curves of the repository, whatever they were fitted on."""
    known = read_curves(curves, recogniser=able).points_lost
    return {
        name: round(r, 3)
        for name, r in _agreement(
            {score: points_left(known[score], rated.same) for score in RATED}, rated
        ).items()
    }


def as_text(value: Any, depth: int = 0) -> str:
    """JSON in which a curve, or any list, stays on one line."""
    if not isinstance(value, dict) or depth == 3:
        return json.dumps(value, ensure_ascii=False)
    inner = "  " * (depth + 1)
    lines = [f"{inner}{json.dumps(key)}: {as_text(each, depth + 1)}" for key, each in value.items()]
    return "{\n" + ",\n".join(lines) + "\n" + "  " * depth + "}"


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="analysis.acoustics.calibrate", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--evidences", type=Path, help="a CSV file: written if it is not there, else read")
    parser.add_argument("--name", help="how the data are to be named in curves.json, with their licence")
    parser.add_argument("--language", choices=LANGUAGES, default="en")
    parser.add_argument("--write", action="store_true", help="put the new curves in place of the old")
    given = parser.parse_args(arguments)
    before = json.loads(CURVES_FILE.read_text(encoding="utf-8"))
    rated = read(given.folder, given.evidences)
    new = fitted(rated, before, given.name or given.folder.name, given.language)
    print(f"{new['recordings']} recordings of {new['speakers']} speakers; Pearson's r with the raters")
    for key in _sets("phone_error" in rated.same):
        print(f"{key}, curves fitted here, speakers held out: {new['held_out'][key]}")
        now = present(rated, before, able=key == "points_lost")
        print(f"{key}, curves of the repository:               {now}")
        if new["data"] == before["data"]:
            print("  those were fitted on these very recordings, so only the first figure says anything")
        else:
            better = new["held_out"][key]["overall"] > now["overall"]
            print("  the new curves are better" if better else "  the new curves are not better")
    print(f"gate: {new['held_out'].get('gate', 'needs a phone recogniser')}")
    if given.write:
        CURVES_FILE.write_text(as_text(new) + "\n", encoding="utf-8")
        print(f"written: {CURVES_FILE}")


if __name__ == "__main__":
    main()
