"""A result as a therapist reads it: sentences instead of codes, in the language in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from analysis import wording
from analysis.models import AnalysisResult
from analysis.wording import sentence

SCORE_FIELDS = {
    "overall": "overall_score",
    "pronunciation": "pronunciation_accuracy",
    "fluency": "fluency_score",
    "rhythm": "rhythm_score",
    "pitch": "pitch_score",
}
# Less than half a point lost rounds to nothing, and would only be noise on the page.
WORTH_SAYING = 0.5


@dataclass(frozen=True, slots=True)
class Flag:
    """A quality flag: shown before any score."""

    text: str
    unfit: bool


@dataclass(frozen=True, slots=True)
class Score:
    """A score, 0 to 100 or absent with the reason, and what cost how many points."""

    name: str
    value: float | None
    reason: str
    costs: list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure with its unit, or the reason why it is not there."""

    name: str
    value: float | None
    unit: str
    reason: str
    norm: str = ""  # the reference range, where one holds
    position: str = ""  # where the value lies in it


@dataclass(frozen=True, slots=True)
class Syllable:
    """One syllable of the text, and what was wrong with it in words."""

    text: str
    pinyin: str
    zhuyin: str
    segment_score: float | None
    tone_score: float | None
    length_ratio: float | None
    findings: list[str]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the result page shows."""

    flags: list[Flag]
    scores: list[Score]
    syllables: list[Syllable]
    measures: list[Measure]
    suggestions: list[str]
    caveats: list[str]


def report(result: AnalysisResult) -> Report:
    """Read a result."""
    return Report(
        flags=[
            Flag(sentence(wording.FLAG_TEXTS, flag["code"], flag["figures"]), flag["severity"] == "unfit")
            for flag in result.quality_flags
        ],
        scores=[_score(result, name, field) for name, field in SCORE_FIELDS.items()],
        syllables=[_syllable(each) for each in result.syllables],
        measures=[*_measured(result.measures), *_unmeasured(result.absent)],
        suggestions=[
            sentence(wording.SUGGESTION_TEXTS, said["code"], said["figures"]) for said in result.suggestions
        ],
        caveats=_sentences(wording.CAVEAT_TEXTS, result.caveats),
    )


def _score(result: AnalysisResult, name: str, field: str) -> Score:
    reason = result.unscored.get(name)
    return Score(
        name=sentence(wording.SCORE_TEXTS, name),
        value=getattr(result, field),
        reason=sentence(wording.ABSENCE_TEXTS, reason) if reason else "",
        costs=[
            (sentence(wording.EVIDENCE_TEXTS, cost["evidence"]), cost["points"])
            for cost in result.costs
            if cost["score"] == name and cost["points"] >= WORTH_SAYING
        ],
    )


def _syllable(each: Mapping[str, Any]) -> Syllable:
    return Syllable(
        text=each["text"],
        pinyin=each["pinyin"],
        zhuyin=each["zhuyin"],
        segment_score=each["segment_score"],
        tone_score=each["tone_score"],
        length_ratio=each["length_ratio"],
        findings=_syllable_findings(each),
    )


def _syllable_findings(each: Mapping[str, Any]) -> list[str]:
    """What was off, and beside a tone that was off which one was heard."""
    found = _sentences(wording.SYLLABLE_TEXTS, each["findings"])
    said = wording.heard_tone(each) if "tone_off" in each["findings"] else ""
    return [*found, said] if said else found


def _measured(measures: Mapping[str, Mapping[str, Any]]) -> list[Measure]:
    return [
        Measure(
            sentence(wording.MEASURE_TEXTS, name),
            each["value"],
            sentence(wording.UNIT_TEXTS, each["unit"]),
            "",
            wording.norm(each["norm"]) if "norm" in each else "",
            sentence(wording.POSITION_TEXTS, each["norm"]["position"]) if "norm" in each else "",
        )
        for name, each in measures.items()
    ]


def _unmeasured(absent: Mapping[str, str]) -> list[Measure]:
    return [
        Measure(sentence(wording.MEASURE_TEXTS, name), None, "", sentence(wording.ABSENCE_TEXTS, reason))
        for name, reason in absent.items()
        # What belongs to another kind of exercise is not missing here.
        if name in wording.MEASURE_TEXTS and reason != "not_for_this_exercise"
    ]


def _sentences(texts: wording.Texts, codes: Iterable[str]) -> list[str]:
    return [sentence(texts, code) for code in codes]
