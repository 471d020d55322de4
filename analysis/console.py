"""An analysis on a terminal."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rich.console import Console, Group, RenderableType
from rich.table import Table

from analysis import wording
from analysis.acoustics import Analysis

SCORE_KEYS = {
    "overall": "overall_score",
    "pronunciation": "pronunciation_accuracy",
    "fluency": "fluency_score",
    "rhythm": "rhythm_score",
    "pitch": "pitch_score",
}


def print_analysis(analysis: Analysis) -> None:
    """Flags first, then scores with what they lost, syllables, measures and suggestions."""
    found = analysis.to_dict()
    parts = [_flags(found), _scores(found), _syllables(found), _measures(found), _advice(found)]
    Console(highlight=False).print(Group(*[part for part in parts if part]))


def end_as_by_ctrl_c() -> None:
    """Let SIGTERM, and a SIGINT that a shell's background job inherits as ignored, raise KeyboardInterrupt too."""
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)


def number(value: float | None) -> str:
    """A score as people read it; a dash where there is none."""
    return "–" if value is None else f"{value:.0f}"


def _flags(found: Mapping[str, Any]) -> RenderableType | None:
    lines = [
        wording.sentence(wording.FLAG_TEXTS, flag["code"], flag["figures"]) for flag in found["quality_flags"]
    ]
    return "\n".join(f"[yellow]! {line}[/]" for line in lines) if lines else None


def _scores(found: Mapping[str, Any]) -> RenderableType:
    table = Table(_("score"), _("points"), _("lost"))
    for name, key in SCORE_KEYS.items():
        why = wording.sentence(wording.ABSENCE_TEXTS, found["unscored"].get(name, ""))
        table.add_row(
            wording.sentence(wording.SCORE_TEXTS, name), number(found[key]), why or _lost(found, name)
        )
    return table


def _lost(found: Mapping[str, Any], score: str) -> str:
    costs = [cost for cost in found["costs"] if cost["score"] == score and cost["points"] >= 0.5]
    return ", ".join(
        f"{wording.sentence(wording.EVIDENCE_TEXTS, cost['evidence'])} −{cost['points']:.0f}"
        for cost in costs
    )


def _syllables(found: Mapping[str, Any]) -> RenderableType | None:
    if not found["syllables"]:
        return None
    table = Table("", "", _("from (s)"), _("to (s)"), _("sounds"), _("tone"), _("length"), _("finding"))
    for each in found["syllables"]:
        findings = ", ".join(wording.syllable_findings(each))
        table.add_row(
            each["text"], each["pinyin"] or "", _figure(each["start"]), _figure(each["end"]),
            number(each["segment_score"]), number(each["tone_score"]), _figure(each["length_ratio"]), findings,
        )  # fmt: skip
    return table


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _measures(found: Mapping[str, Any]) -> RenderableType:
    table = Table(_("measure"), _("value"), _("unit"), _("reference range"))
    for name, measured in found["measures"].items():
        table.add_row(name, f"{measured['value']:g}", measured["unit"], _reference(measured))
    for name, reason in found["absent"].items():
        table.add_row(name, "–", wording.sentence(wording.ABSENCE_TEXTS, reason))
    return table


def _reference(measured: Mapping[str, Any]) -> str:
    if "norm" not in measured:
        return ""
    where = wording.sentence(wording.POSITION_TEXTS, measured["norm"]["position"])
    return f"{wording.norm(measured['norm'])}: {where}"


def _advice(found: Mapping[str, Any]) -> RenderableType | None:
    lines = [
        wording.sentence(wording.SUGGESTION_TEXTS, said["code"], said["figures"])
        for said in found["suggestions"]
    ]
    lines += [f"[dim]{wording.sentence(wording.CAVEAT_TEXTS, code)}[/]" for code in found["caveats"]]
    return "\n".join(f"· {line}" for line in lines) if lines else None
