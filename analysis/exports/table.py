"""A result as a table for a spreadsheet: one row for each syllable."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from analysis.models import AnalysisResult, Review

# Codes and figures, not sentences: a table is read by programs too.
COLUMNS = (
    "index", "text", "zhuyin", "pinyin", "tone", "heard_tone", "start", "end", "example_start", "example_end",
    "segment_score", "initial_score", "final_score", "tone_score", "length_ratio",
)  # fmt: skip
HEAD = ("patient", "recorded_at", "exercise", "model_version", *COLUMNS, "findings", "verdict")
# A spreadsheet takes a cell that begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def table(result: AnalysisResult, review: Review) -> str:
    """CSV with a byte order mark, without which Excel does not read it as UTF-8."""
    recording = result.job.recording
    recorded = timezone.localtime(recording.recorded_at).isoformat(timespec="seconds")
    lead = [recording.patient.code, recorded, recording.exercise.title, result.model_version]
    content = io.StringIO()
    writer = csv.writer(content, lineterminator="\r\n")
    writer.writerow(HEAD)
    for index, each in enumerate(result.syllables):
        writer.writerow([_cell(value) for value in (*lead, *_row(each, review, index))])
    return "\ufeff" + content.getvalue()


def _row(each: Mapping[str, Any], review: Review, index: int) -> list[Any]:
    figures = [index if name == "index" else each.get(name) for name in COLUMNS]
    return [*figures, " ".join(each["findings"]), review.verdicts.get(str(index), "")]


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
