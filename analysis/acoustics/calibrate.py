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
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from analysis.acoustics.arrays import Bools, Floats, Indices
from analysis.acoustics.codes import LANGUAGES
from analysis.acoustics.curves import CURVES_FILE, Curve, read_curves
from analysis.acoustics.fitting import (
    EVIDENCES,
    GATE_EVIDENCES,
    GIVEN,
    NONE_GIVEN,
    fit_curves,
    fit_gate,
    folds,
    gate_limit,
    held_out,
    points_left,
    rows,
    strangeness,
)
from analysis.acoustics.rated import RATED, Rated, read

_DIVISIONS = 3  # into speakers fitted and held out; the mean of their figures is told
_WEIGHTS = {"pronunciation": 0.5, "fluency": 0.25, "rhythm": 0.25}  # of the overall score, pitch left out


def _correlation(left: Floats, right: Floats) -> float:
    return float(np.corrcoef(left, right)[0, 1])


def divisions(rated: Rated, used: Mapping[str, Sequence[str]]) -> list[dict[str, Floats]]:
    """Sub-scores (n,) by curves that never saw the speaker, for each division into fitted and held out."""
    return [
        {
            name: held_out(
                {code: rated.same[code] for code in codes},
                100 - rated.ratings[RATED[name]],
                rated.speakers,
                seed,
                GIVEN.get(name, NONE_GIVEN),
            )
            for name, codes in used.items()
        }
        for seed in range(_DIVISIONS)
    ]


def figures(rated: Rated, used: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Pearson's r with the raters on held-out speakers, for each sub-score and the overall score."""
    found = [agreement(scores, rated) for scores in divisions(rated, used)]
    return {name: round(float(np.mean([each[name] for each in found])), 3) for name in found[0]}


def agreement(scores: Mapping[str, Floats], rated: Rated, chosen: Indices | None = None) -> dict[str, float]:
    """Pearson's r of sub-scores and of the overall score with the raters; of some recordings only."""
    total = np.sum([weight * scores[name].clip(0, 100) for name, weight in _WEIGHTS.items()], axis=0)
    pairs = {name: (scores[name], rated.ratings[RATED[name]]) for name in scores}
    pairs |= {"overall": (total, rated.ratings["total"])}
    some = slice(None) if chosen is None else chosen
    return {name: _correlation(mine[some], theirs[some]) for name, (mine, theirs) in pairs.items()}


@dataclass(frozen=True, slots=True)
class GateTrial:
    """What gates did that never saw the speakers: refused or not, and how far beyond the limit.

    Of the right sentence (n,) and of another (m,).
    """

    wrongly: Bools
    rightly: Bools
    right_excess: Floats
    other_excess: Floats


def gate_trial(rated: Rated) -> GateTrial:
    """By gates whose fit never saw the speakers."""
    same, other = ({name: each[name] for name in GATE_EVIDENCES} for each in (rated.same, rated.other))
    right, strangers = np.zeros(len(rated.speakers)), np.zeros(len(rated.other_speakers))
    for out in folds(rated.speakers):
        strange = np.isin(rated.other_speakers, np.array(rated.speakers)[out])
        weights = fit_gate(rows(same, ~out), rows(other, ~strange))
        limit = gate_limit(weights, rows(same, ~out))
        right[out] = strangeness(weights, rows(same, out)) - limit
        strangers[strange] = strangeness(weights, rows(other, strange)) - limit
    return GateTrial(right > 0, strangers > 0, right, strangers)


def refused(rated: Rated) -> dict[str, float]:
    """Shares of right and of other sentences that a gate refuses whose fit never saw their speakers."""
    trial = gate_trial(rated)
    return {
        "another sentence refused": round(float(trial.rightly.mean()), 3),
        "right sentence refused": round(float(trial.wrongly.mean()), 3),
    }


def fitted(rated: Rated, before: Mapping[str, Any], name: str, language: str) -> dict[str, Any]:
    """A new curves.json: what is fitted here, and of the old one what is not (pitch, the weights)."""
    able = "phone_error" in rated.same
    new = dict(before) | {"fitted": date.today().isoformat(), "data": name}
    new["recordings"], new["speakers"] = len(rated.speakers), len(set(rated.speakers))
    held: dict[str, Any] = {}
    for key, used in evidence_sets(able).items():
        curves = {
            score: fit_curves(
                {code: rated.same[code] for code in codes},
                100 - rated.ratings[RATED[score]],
                GIVEN.get(score, NONE_GIVEN),
            )
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


def evidence_sets(able: bool) -> dict[str, dict[str, tuple[str, ...]]]:
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
    found = agreement(present_scores(rated, curves, able=able), rated)
    return {name: round(r, 3) for name, r in found.items()}


def present_scores(rated: Rated, curves: Mapping[str, Any], *, able: bool) -> dict[str, Floats]:
    """Sub-scores (n,) by the curves of the repository."""
    known = read_curves(curves, recogniser=able).points_lost
    return {score: points_left(known[score], rated.same) for score in RATED}


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
    for key in evidence_sets("phone_error" in rated.same):
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
