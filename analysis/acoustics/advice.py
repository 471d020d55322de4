"""What to practise: codes and figures, ordered by the points that each would win back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.acoustics.codes import SUB_SCORES, SUGGESTION_CODES
from analysis.acoustics.curves import score_curves
from analysis.acoustics.errors import Figure
from analysis.acoustics.evidence import Evidence, pitch_range
from analysis.acoustics.quality import Flag
from analysis.acoustics.scoring import Cost, Scored, Scores
from analysis.acoustics.syllables import Syllable
from analysis.acoustics.utterance import Utterance, longest_standstill

MOST = 5
_WORTH_SAYING = 3.0  # points of a sub-score; less is the spread between two takes of one healthy speaker
_PRAISE_FROM = 85.0  # overall
_AREA_BELOW = 70.0  # of a sub-score: where the experts' "understandable with effort" begins
_MOST_NAMED = 5  # syllables in one suggestion

# Several evidences may ask for the same thing.
_FOR_EVIDENCE = {
    "segments": "practise_sounds",
    "worst_place": "practise_place",
    "phone_error": "practise_sounds",
    "phone_distance": "practise_sounds",
    "worst_phones": "practise_place",
    "extra_nuclei": "avoid_repeating",
    "slow": "speak_faster",
    "pauses": "shorten_pauses",
    "hold": "avoid_prolonging",
    "interval_deviation": "even_rhythm",
    "tempo_deviation": "even_rhythm",
    "phone_tempo": "even_rhythm",
    "level_mismatch": "match_stress",
    "contour_mismatch": "follow_melody",
    "range_loss": "widen_pitch",
}
_FOR_FINDING = {
    "segment_off": "practise_syllables",
    "missing": "practise_syllables",
    "tone_off": "practise_tones",
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One thing to do, with the figures that its sentence needs."""

    code: str
    figures: Mapping[str, Figure]

    def __post_init__(self) -> None:
        if self.code not in SUGGESTION_CODES:
            raise ValueError(f"unknown code {self.code!r}")


def record_again(flags: Sequence[Flag]) -> tuple[Suggestion, ...]:
    """For an unfit recording: the first reason why."""
    unfit = [flag.code for flag in flags if flag.severity == "unfit"]
    if "another_sentence" in unfit:
        return (Suggestion("say_the_sentence", {}),)
    return tuple(Suggestion("record_again", {"flag": code}) for code in unfit[:1])


def suggest(
    scored: Scored,
    syllables: Sequence[Syllable],
    evidence: Evidence,
    recording: Utterance,
    example: Utterance,
) -> tuple[Suggestion, ...]:
    """At most five suggestions, the dearest first; praise where the overall score is 85 or more.

    A suggestion weighs the points of its evidences, each times its sub-score's weight in the overall score.
    Syllables that were off explain points already lost for sounds or pitch, and are named in their stead.
    """
    named = _named_syllables(syllables)
    worth = _worth(scored.costs, named)
    figures = _figures(evidence, recording, example) | {
        code: {"syllables": text} for code, text in named.items()
    }
    ordered = sorted(worth, key=lambda code: -worth[code])
    found = [Suggestion(code, figures.get(code, {})) for code in ordered]
    overall = scored.scores.overall
    if overall is not None and overall >= _PRAISE_FROM:
        found.insert(0, Suggestion("keep_it_up", {"overall": round(overall, 1)}))
    return tuple(found[:MOST])


def _worth(costs: Sequence[Cost], named: Mapping[str, str]) -> dict[str, float]:
    """Points of the overall score that each suggestion would win back."""
    weights = score_curves().weights
    points: dict[str, float] = {}
    total: dict[str, float] = {}
    for cost in costs:
        code = _FOR_EVIDENCE[cost.evidence]
        if code in ("practise_sounds", "practise_place") and "practise_syllables" in named:
            code = "practise_syllables"
        elif code == "follow_melody" and "practise_tones" in named:
            code = "practise_tones"
        points[code] = points.get(code, 0.0) + cost.points
        total[code] = total.get(code, 0.0) + cost.points * weights[cost.score]
    worth = {code: total[code] for code in total if points[code] >= _WORTH_SAYING}
    return worth | {code: worth.get(code, total.get(code, 0.0)) for code in named}


def _named_syllables(syllables: Sequence[Syllable]) -> dict[str, str]:
    """Up to five characters for each suggestion that names syllables."""
    named: dict[str, list[str]] = {}
    for syllable in syllables:
        for code in dict.fromkeys(_FOR_FINDING[each] for each in syllable.findings if each in _FOR_FINDING):
            named.setdefault(code, []).append(syllable.text)
    return {code: " ".join(texts[:_MOST_NAMED]) for code, texts in named.items()}


def _figures(evidence: Evidence, recording: Utterance, example: Utterance) -> dict[str, dict[str, Figure]]:
    pauses = recording.speech.pauses
    mine, goal = pitch_range(recording), pitch_range(example)
    figures: dict[str, dict[str, Figure]] = {
        "shorten_pauses": {"pauses": len(pauses), "longest_seconds": round(float(pauses.max(initial=0)), 2)},
        "speak_faster": {
            "speech_seconds": round(recording.speech.seconds, 2),
            "example_seconds": round(example.speech.seconds, 2),
        },
        "avoid_prolonging": {"longest_seconds": round(longest_standstill(recording), 2)},
        "avoid_repeating": {"syllables": len(recording.nuclei), "example_syllables": len(example.nuclei)},
        "practise_place": {
            "start_seconds": round(evidence.worst_start, 2),
            "end_seconds": round(evidence.worst_end, 2),
        },
    }
    if mine is not None and goal is not None:
        figures["widen_pitch"] = {
            "range_semitones": round(mine, 1),
            "example_range_semitones": round(goal, 1),
        }
    return figures


def improvement_areas(scores: Scores) -> tuple[str, ...]:
    """Sub-scores below 70, the lowest first."""
    given = {name: getattr(scores, name) for name in SUB_SCORES}
    low = {name: value for name, value in given.items() if value is not None and value < _AREA_BELOW}
    return tuple(sorted(low, key=lambda name: low[name]))
