"""From evidences to scores: 100 minus the points that each evidence costs, every one of them told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.acoustics.codes import EVIDENCE_CODES, SCORES, SUB_SCORES
from analysis.acoustics.curves import score_curves
from analysis.acoustics.evidence import Evidence

_LEAST_POINTS = 0.05  # what rounds to nothing is not told


@dataclass(frozen=True, slots=True)
class Scores:
    """0 to 100 each; None where it cannot be given, and `Scored.unscored` says why."""

    overall: float | None = None
    pronunciation: float | None = None
    fluency: float | None = None
    rhythm: float | None = None
    pitch: float | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """Points that a sub-score lost for one evidence, and the evidence's own value."""

    score: str
    evidence: str
    points: float
    value: float

    def __post_init__(self) -> None:
        if self.evidence not in EVIDENCE_CODES or self.score not in SUB_SCORES:
            raise ValueError(f"unknown code in {self!r}")


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores, why some are missing, and what each lost points for (most first)."""

    scores: Scores
    unscored: Mapping[str, str]
    costs: tuple[Cost, ...]


def no_scores(reason: str) -> Scored:
    """None of the scores, all for the same reason."""
    return Scored(Scores(), dict.fromkeys(SCORES, reason), ())


def score(evidence: Evidence) -> Scored:
    """Sub-scores, each from its own evidences only, and their weighted mean as the overall score.

    A sub-score with an evidence that has no value is not given. Without pitch (a voice that does not sound)
    the overall score is the weighted mean of the other three; without any of those there is none.
    """
    curves = score_curves(recogniser=evidence.match is not None)
    costs: list[Cost] = []
    given: dict[str, float] = {}
    unscored: dict[str, str] = {}
    for name in SUB_SCORES:
        values = {code: evidence.values[code] for code in curves.points_lost[name]}
        if any(value is None for value in values.values()):
            unscored[name] = "no_voicing" if name == "pitch" else "not_measurable"
            continue
        lost = [
            Cost(name, code, curves.points_lost[name][code](value), value)
            for code, value in values.items()
            if value is not None
        ]
        given[name] = max(0.0, 100.0 - sum(cost.points for cost in lost))
        costs += [cost for cost in lost if cost.points >= _LEAST_POINTS]
    overall = _overall(given, curves.weights)
    if overall is None:
        unscored["overall"] = "not_measurable"
    ordered = tuple(sorted(costs, key=lambda cost: -cost.points))
    return Scored(Scores(overall=overall, **given), unscored, ordered)


def _overall(given: Mapping[str, float], weights: Mapping[str, float]) -> float | None:
    if any(name not in given for name in SUB_SCORES if name != "pitch"):
        return None
    return sum(weights[name] * value for name, value in given.items()) / sum(weights[name] for name in given)
