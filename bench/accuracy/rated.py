"""Scores against people's ratings, and the gate against other sentences, speakers held out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from analysis.acoustics.arrays import Bools, Floats, Indices
from analysis.acoustics.calibrate import (
    agreement,
    divisions,
    evidence_sets,
    gate_trial,
    present_scores,
)
from analysis.acoustics.curves import CURVES_FILE, sentence_gate
from analysis.acoustics.fitting import strangeness
from analysis.acoustics.rated import Rated
from bench.accuracy.figure import Figure, area_of, interval

# The experts' name of each score, and what to reach.
AIMS = {
    "pronunciation": ("accuracy", 0.74),
    "fluency": ("fluency", 0.80),
    "rhythm": ("prosody", 0.76),
    "overall": ("total", 0.80),
}
_REFUSED, _FALSE_ALARMS = 0.98, 0.02
_LEAST_SPEAKERS = 2


def figures(rated: Rated, language: str) -> Iterator[Figure]:
    """All of them."""
    able = "phone_error" in rated.same
    before = json.loads(CURVES_FILE.read_text(encoding="utf-8"))
    for key, used in evidence_sets(able).items():
        how = "" if key == "points_lost" else ", without the recogniser"
        yield from _agreements(rated, f"curves fitted here{how}", divisions(rated, used), aimed=not how)
        shipped = [present_scores(rated, before, able=key == "points_lost")]
        yield from _agreements(
            rated, f"curves of the repository{how}", shipped, aimed=not how, note=_fitted_on(before)
        )
    if not able:
        yield Figure("another sentence refused", None, "share", 0, 0, note="there is no phone recogniser")
    elif len(set(rated.other_speakers)) < _LEAST_SPEAKERS:
        yield Figure("another sentence refused", None, "share", 0, 0, note="too few speakers to hold one out")
    else:
        yield from _gate(rated, language)


def _fitted_on(curves: Mapping[str, Any]) -> str:
    return f"fitted {curves['fitted']} on {curves['data']}: no held-out figure where these are the same"


def _agreements(
    rated: Rated, how: str, found: list[dict[str, Floats]], *, aimed: bool, note: str = ""
) -> Iterator[Figure]:
    for name, (said, aim) in AIMS.items():
        statistic = _mean_agreement(rated, found, name)
        yield Figure(
            f"{said}: Pearson's r with the raters, {how}",
            statistic(np.arange(len(rated.speakers))),
            "r",
            len(rated.speakers),
            len(set(rated.speakers)),
            aim=aim if aimed else None,
            interval=interval(statistic, rated.speakers),
            over="speakers",
            note=note,
        )


def _mean_agreement(rated: Rated, found: list[dict[str, Floats]], name: str) -> Callable[[Indices], float]:
    return lambda chosen: float(np.mean([agreement(each, rated, chosen)[name] for each in found]))


def _gate(rated: Rated, language: str) -> Iterator[Figure]:
    trial = gate_trial(rated)
    yield from _refusals(
        rated,
        "gate fitted on other speakers",
        (trial.wrongly, trial.rightly),
        (trial.right_excess, trial.other_excess),
    )
    gate = sentence_gate()
    right, other = (
        strangeness(gate.weights, each) - gate.limits[language] for each in (rated.same, rated.other)
    )
    yield from _refusals(rated, "gate of the repository", (right > 0, other > 0), (right, other))


def _refusals(
    rated: Rated, how: str, refused: tuple[Bools, Bools], excess: tuple[Floats, Floats]
) -> Iterator[Figure]:
    for said, share, speakers, aim, most in (
        ("another sentence refused", refused[1], rated.other_speakers, _REFUSED, False),
        ("right sentence refused", refused[0], rated.speakers, _FALSE_ALARMS, True),
    ):
        yield Figure(
            f"{said}, {how}",
            float(share.mean()),
            "share",
            len(share),
            len(set(speakers)),
            aim=aim,
            most=most,
            interval=interval(lambda chosen, of=share: float(of[chosen].mean()), speakers),  # type: ignore[misc]
            over="speakers",
        )
    both = np.concatenate(excess)
    strange = np.arange(len(both)) >= len(excess[0])
    whose = [*rated.speakers, *rated.other_speakers]
    yield Figure(
        f"another sentence stranger than a right one, {how}",
        area_of(both, strange),
        "AUC",
        len(both),
        len(set(whose)),
        interval=interval(lambda at: area_of(both[at], strange[at]), whose),
        over="speakers",
    )
