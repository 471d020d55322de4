"""What an analysis found, and the dictionary that clients read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from analysis.acoustics.advice import Suggestion
from analysis.acoustics.codes import CAVEAT_CODES
from analysis.acoustics.formants import Formants
from analysis.acoustics.norms import Norm
from analysis.acoustics.quality import Flag
from analysis.acoustics.scoring import Cost, Scores
from analysis.acoustics.syllables import Syllable

_TIMING = (
    "speech_time",
    "pause_count",
    "pause_ratio",
    "pause_mean",
    "pause_longest",
    "syllable_nuclei",
    "speech_rate",
    "articulation_rate",
    "npvi",
    "maximum_phonation_time",
    "ddk_rate",
    "ddk_interval_cov",
)
_PITCH = ("f0_median", "f0_p05", "f0_p95", "f0_sd", "f0_range")


@dataclass(frozen=True, slots=True)
class Measured:
    """A number with a unit, defined in the table of measures."""

    name: str
    value: float
    unit: str
    norm: Norm | None = None  # where one holds for this exercise, speaker and recording

    def to_dict(self) -> dict[str, Any]:
        """JSON-safe; `norm` is only there where one holds, and says whether it was checked against its source."""
        found: dict[str, Any] = {"value": _rounded(self.value), "unit": self.unit}
        if self.norm is not None:
            norm = asdict(self.norm)
            shown = {name: norm[name] for name in ("low", "high", "group", "source", "checked")}
            found["norm"] = shown | {"position": self.norm.position(self.value)}
        return found


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that was found in one recording.

    Attributes
    ----------
    seconds : float
        Length of the recording.
    measures : tuple[Measured, ...]
        What could be measured.
    absent : Mapping[str, str]
        Why each other measure, and the list of syllables, is not there (`ABSENCE_CODES`).
    flags : tuple[Flag, ...]
        What makes the recording unfit or doubtful.
    scores : Scores
    unscored : Mapping[str, str]
        Why each missing score is missing (`ABSENCE_CODES`).
    costs : tuple[Cost, ...]
        What each sub-score lost points for, most first.
    syllables, suggestions, improvement_areas, caveats
        See their own types and codes.
    processing_seconds : float
    step_seconds : Mapping[str, float]
        By name of step.
    formants : tuple[Formants, ...]
        F1 and F2 at each voiced syllable nucleus of a sentence.
    """

    model_version: str
    exercise: str
    language: str
    seconds: float
    measures: tuple[Measured, ...]
    absent: Mapping[str, str]
    flags: tuple[Flag, ...]
    scores: Scores
    unscored: Mapping[str, str]
    costs: tuple[Cost, ...]
    syllables: tuple[Syllable, ...]
    suggestions: tuple[Suggestion, ...]
    improvement_areas: tuple[str, ...]
    caveats: tuple[str, ...]
    processing_seconds: float
    step_seconds: Mapping[str, float]
    formants: tuple[Formants, ...] = ()

    def __post_init__(self) -> None:
        if unknown := set(self.caveats) - set(CAVEAT_CODES):
            raise ValueError(f"unknown caveats {unknown}")

    def to_dict(self) -> dict[str, Any]:
        """JSON-safe, figures rounded to what they are good for.

        Of the exercise's text it holds only what the syllables need; a missing score is None.
        """
        measures = {each.name: each.to_dict() for each in self.measures}
        syllables = [_syllable(each) for each in self.syllables]
        return {
            "model_version": self.model_version,
            "exercise": self.exercise,
            "language": self.language,
            "seconds": round(self.seconds, 3),
            "overall_score": _score(self.scores.overall),
            "pronunciation_accuracy": _score(self.scores.pronunciation),
            "fluency_score": _score(self.scores.fluency),
            "rhythm_score": _score(self.scores.rhythm),
            "pitch_score": _score(self.scores.pitch),
            "unscored": dict(self.unscored),
            "costs": [_cost(each) for each in self.costs],
            "detailed_analysis": {
                "timing_analysis": self._part(measures, _TIMING, ("fluency", "rhythm")),
                "pitch_analysis": self._part(measures, _PITCH, ("pitch",)),
                "phoneme_analysis": self._part(measures, (), ("pronunciation",))
                | {"syllables": syllables, "formants": [_formants(each) for each in self.formants]},
            },
            "measures": measures,
            "absent": dict(self.absent),
            "quality_flags": [asdict(each) for each in self.flags],
            "syllables": syllables,
            "suggestions": [{"code": each.code, "figures": dict(each.figures)} for each in self.suggestions],
            "improvement_areas": list(self.improvement_areas),
            "caveats": list(self.caveats),
            "processing_time_seconds": round(self.processing_seconds, 4),
            "step_seconds": {name: round(value, 4) for name, value in self.step_seconds.items()},
        }

    def _part(
        self, measures: Mapping[str, Mapping[str, Any]], names: Iterable[str], scores: Iterable[str]
    ) -> dict[str, Any]:
        return {
            "measures": {name: measures[name] for name in names if name in measures},
            "costs": [_cost(each) for each in self.costs if each.score in scores],
        }


def _rounded(value: float) -> float:
    """Four significant digits: no measure here is good for more."""
    return float(f"{value:.4g}")


def _formants(found: Formants) -> dict[str, float]:
    return {"seconds": round(found.seconds, 2), "f1": _rounded(found.f1), "f2": _rounded(found.f2)}


def _score(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _cost(cost: Cost) -> dict[str, Any]:
    points, value = round(cost.points, 1), round(cost.value, 3)
    return {"score": cost.score, "evidence": cost.evidence, "points": points, "value": value}


def _syllable(syllable: Syllable) -> dict[str, Any]:
    figures = asdict(syllable)
    for name in ("start", "end", "example_start", "example_end", "length_ratio"):
        figures[name] = None if figures[name] is None else round(figures[name], 3)
    for name in ("segment_score", "initial_score", "final_score", "tone_score"):
        figures[name] = _score(figures[name])
    for name in ("contour", "example_contour"):
        figures[name] = None if figures[name] is None else [round(value, 2) for value in figures[name]]
    figures["findings"] = list(syllable.findings)
    return figures | {"expected_tone": syllable.tone}
