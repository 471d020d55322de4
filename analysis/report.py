"""A result as a therapist reads it: sentences instead of codes, in the language in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from analysis import wording
from analysis.drawing import Gauge, gauge
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
LEVELS = 5  # of 20 points each: a coarser word for a figure that is not good for more
DOUBTFUL = frozenset({"doubtful_recording", "doubtful_example"})

# What a therapist reads first of each kind of exercise.
CHIEF_MEASURES = {
    "sentence": ("speech_rate", "articulation_rate", "pause_ratio", "f0_median", "f0_sd"),
    "sustained_vowel": (
        "f0_median", "maximum_phonation_time", "jitter_local", "shimmer_local", "hnr", "cpps_utterance", "avqi",
    ),
    "syllable_repetition": ("ddk_rate", "ddk_interval_cov", "syllable_nuclei", "speech_time"),
}  # fmt: skip


UNSURE = 50.0  # as likely wrong as right


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

    @property
    def level(self) -> int | None:
        """1 to 5; None without a score."""
        return None if self.value is None else min(LEVELS, int(self.value // (100 / LEVELS)) + 1)


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure with its unit, or the reason why it is not there."""

    name: str
    value: float | None
    unit: str
    reason: str
    norm: str = ""  # the reference range, where one holds
    position: str = ""  # where the value lies in it
    code: str = ""
    outside: bool = False
    gauge: Gauge | None = None
    figure: str = ""  # the value as a person reads it


@dataclass(frozen=True, slots=True)
class Syllable:
    """One syllable of the text, and what was wrong with it in words.

    ``state`` is "good", "off", "missing", "unsure" (a low score that proves nothing: a person listens), or "plain"
    where nothing was scored. The tones are words, empty where there is none to name.
    """

    index: int
    text: str
    state: str
    expected_tone: str
    heard_tone: str
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
    chief: list[Measure]
    is_doubtful: bool
    is_scored: bool  # whether scores belong to this kind of exercise

    @property
    def rest(self) -> list[Measure]:
        """The measures that are not shown first."""
        first = {measure.code for measure in self.chief}
        return [measure for measure in self.measures if measure.code not in first]


def report(result: AnalysisResult) -> Report:
    """Read a result."""
    measures = [*_measured(result.measures), *_unmeasured(result.absent)]
    by_code = {measure.code: measure for measure in measures}
    kind = result.job.recording.exercise.kind
    return Report(
        flags=flags(result),
        scores=[_score(result, name, field) for name, field in SCORE_FIELDS.items()],
        syllables=[_syllable(index, each) for index, each in enumerate(result.syllables)],
        measures=measures,
        suggestions=[
            sentence(wording.SUGGESTION_TEXTS, said["code"], said["figures"]) for said in result.suggestions
        ],
        caveats=_sentences(wording.CAVEAT_TEXTS, result.caveats),
        chief=[by_code[code] for code in CHIEF_MEASURES.get(kind, ()) if code in by_code],
        is_doubtful=not DOUBTFUL.isdisjoint(result.caveats),
        is_scored=kind == "sentence",
    )


def flags(result: AnalysisResult) -> list[Flag]:
    """What makes the recording unfit or doubtful."""
    return [
        Flag(sentence(wording.FLAG_TEXTS, flag["code"], flag["figures"]), flag["severity"] == "unfit")
        for flag in result.quality_flags
    ]


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


def _syllable(index: int, each: Mapping[str, Any]) -> Syllable:
    return Syllable(
        index=index,
        text=each["text"],
        state=_state(each),
        expected_tone=_tone(each.get("tone")),
        heard_tone=_tone(each.get("heard_tone")),
        pinyin=each["pinyin"],
        zhuyin=each["zhuyin"],
        segment_score=each["segment_score"],
        tone_score=each["tone_score"],
        length_ratio=each["length_ratio"],
        findings=wording.syllable_findings(each),
    )


def _state(each: Mapping[str, Any]) -> str:
    """Only what was scored can be good: of an English word no more than the length is known."""
    if each["findings"]:
        return "missing" if "missing" in each["findings"] else "off"
    scores = [score for score in (each["segment_score"], each["tone_score"]) if score is not None]
    if not scores:
        return "plain"
    return "good" if min(scores) >= UNSURE else "unsure"


def _tone(number: int | None) -> str:
    return "" if number is None else sentence(wording.TONE_TEXTS, str(number))


def _measured(measures: Mapping[str, Mapping[str, Any]]) -> list[Measure]:
    return [_measure(name, each) for name, each in measures.items()]


def _measure(name: str, each: Mapping[str, Any]) -> Measure:
    plain = Measure(
        sentence(wording.MEASURE_TEXTS, name),
        each["value"],
        sentence(wording.UNIT_TEXTS, each["unit"]),
        "",
        code=name,
        figure=wording.figure(each["value"], each["unit"]),
    )
    if not (norm := each.get("norm")):
        return plain
    return replace(
        plain,
        norm=wording.norm(norm, each["unit"]),
        position=sentence(wording.POSITION_TEXTS, norm["position"]),
        outside=norm["position"] != "within",
        gauge=gauge(each["value"], norm["low"], norm["high"]),
    )


def _unmeasured(absent: Mapping[str, str]) -> list[Measure]:
    return [
        Measure(
            sentence(wording.MEASURE_TEXTS, name),
            None,
            "",
            sentence(wording.ABSENCE_TEXTS, reason),
            code=name,
        )
        for name, reason in absent.items()
        # What belongs to another kind of exercise is not missing here.
        if name in wording.MEASURE_TEXTS and reason != "not_for_this_exercise"
    ]


def _sentences(texts: wording.Texts, codes: Iterable[str]) -> list[str]:
    return [sentence(texts, code) for code in codes]
