"""What was put into a recording beside what was found in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.models import AnalysisResult

Mistake = Mapping[str, Any]

# Points that a sub-score must have lost for a mistake to count as found.
FELT = 2.0


def put_in(mistake: Mistake, text: str) -> str:
    """The mistake, in words."""
    where = "、".join(_spoken(text)[at] for at in mistake["syllables"]) if mistake["syllables"] else ""
    match mistake["kind"]:
        case "wrong_syllable" | "wrong_tone":
            kind = _("wrong syllable") if mistake["kind"] == "wrong_syllable" else _("wrong tone")
            return f"{kind}: {where} ({', '.join(mistake['said'])})"
        case "slow":
            return _("slow, %(tempo)s times as long") % {"tempo": mistake["tempo"]}
        case "pauses":
            return _("%(pauses)s pauses of %(pause_seconds)s s") % mistake
        case _ if "movement" in mistake:
            return _("pitch moves %(percent)d %% of its way") % {"percent": 100 * mistake["movement"]}
        case _:
            return _("flat pitch")


def is_found(mistake: Mistake, result: AnalysisResult) -> bool:
    """Whether the result shows it: points lost where it belongs, or the syllables named or ranked lowest."""
    return _FOUND[mistake["kind"]](mistake, result)


def _lost(result: AnalysisResult, *evidences: str) -> float:
    return float(sum(cost["points"] for cost in result.costs if cost["evidence"] in evidences))


def _lowest(score: str) -> Callable[[Mistake, AnalysisResult], bool]:
    """The wrong syllables have the lowest scores of all, where enough are scored for that to mean something."""

    def ranked(mistake: Mistake, result: AnalysisResult) -> bool:
        scored = [(each[score], each["index"]) for each in result.syllables if each[score] is not None]
        lowest = {index for _score, index in sorted(scored)[: len(mistake["syllables"])]}
        return len(scored) >= 2 * len(lowest) + 2 and lowest == set(mistake["syllables"])

    return ranked


_FOUND: dict[str, Callable[[Mistake, AnalysisResult], bool]] = {
    "wrong_syllable": _lowest("segment_score"),
    "wrong_tone": _lowest("tone_score"),
    "slow": lambda mistake, result: _lost(result, "slow") >= FELT,
    "pauses": lambda mistake, result: _lost(result, "pauses") >= FELT,
    "flat_pitch": lambda mistake, result: _lost(result, "range_loss", "contour_mismatch") >= FELT,
}


def _spoken(text: str) -> list[str]:
    """The syllables of a text as the manifest counts them: characters, or words of one syllable."""
    return text.replace(".", "").split() if text.isascii() else list(text)
