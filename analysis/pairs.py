"""Many recordings against their examples, on all cores, without database or queue: one dictionary a row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy

from analysis import acoustics
from analysis.acoustics.many import Died, in_order
from analysis.manifest import Row
from analysis.wording import UNUSABLE_TEXTS, Texts, sentence

# Beside `UNUSABLE_TEXTS`: what is wrong with a row rather than with a sound.
ROW_TEXTS: Texts = {
    "invalid_request": gettext_lazy(
        "This row asks for something that does not exist, or is not well formed."
    ),
    "recording_missing": gettext_lazy("There is no such file for the recording."),
    "example_missing": gettext_lazy("There is no such file for the example."),
    "cannot_read": gettext_lazy("A file of this row cannot be read."),
    "out_of_memory": gettext_lazy("There was not enough memory for this recording."),
    "process_died": gettext_lazy("The process ended on this recording; perhaps there was not enough memory."),
    "unexpected": gettext_lazy("The analysis failed in a way that nobody foresaw. Please report it."),
}
_SEX = {
    "male": "male",
    "m": "male",
    "男": "male",
    "female": "female",
    "f": "female",
    "女": "female",
    "": None,
}

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Wrong:
    """Why a row has no result."""

    code: str
    detail: str
    figures: Mapping[str, Any]


def lines(rows: Sequence[Row], limits: acoustics.Limits, processes: int | None = None) -> Iterator[Line]:
    """One line for each row, in their order: its cells and either the result's keys or ``error``.

    A cell whose name is also a key of the result is there as ``manifest_NAME``.
    """
    found = in_order(partial(_analysed, limits=limits), rows, processes=processes)
    for row, each in zip(rows, found, strict=True):
        yield _line(row, _Wrong("process_died", "", {}) if isinstance(each, Died) else each)


def _line(row: Row, found: Line | _Wrong) -> Line:
    if isinstance(found, _Wrong):
        return dict(row.cells) | {"error": _error(found)}
    hidden = found.keys() & row.cells.keys() - {"exercise", "language"}
    return dict(row.cells) | {f"manifest_{name}": row.cells[name] for name in sorted(hidden)} | found


def _error(wrong: _Wrong) -> Line:
    message = sentence({**UNUSABLE_TEXTS, **ROW_TEXTS}, wrong.code, wrong.figures)
    return {
        "code": wrong.code,
        "message": message,
        "detail": wrong.detail,
        "figures": dict(wrong.figures),
    }


def _analysed(row: Row, limits: acoustics.Limits) -> Line | _Wrong:
    """In a process of its own: the result as a dictionary, or what was wrong."""
    try:
        return _analysis(row, limits).to_dict()
    except acoustics.UnusableRecording as error:
        return _Wrong(f"{error.role}_{error.code}", str(error), error.figures)
    except acoustics.InvalidRequest as error:
        return _Wrong("invalid_request", str(error), {"parameter": error.parameter})
    except (OSError, MemoryError) as error:
        return _Wrong(_code(row, error), str(error), {})
    except Exception as error:  # noqa: BLE001 - one row of thousands, and the others are to be done all the same
        return _Wrong("unexpected", f"{type(error).__name__}: {error}", {})


def _code(row: Row, error: OSError | MemoryError) -> str:
    if isinstance(error, MemoryError):
        return "out_of_memory"
    if not isinstance(error, FileNotFoundError):
        return "cannot_read"
    return "recording_missing" if str(error.filename) == str(row.path("recording")) else "example_missing"


def _analysis(row: Row, limits: acoustics.Limits) -> acoustics.Analysis:
    recording = row.path("recording")
    if not row.fits:
        raise acoustics.InvalidRequest("row", "more cells than columns", "a cell a column")
    if recording is None:
        raise acoustics.InvalidRequest("recording", "", "the name of a file")
    return acoustics.analyze(
        recording,
        row.path("example"),
        exercise=row.cells["exercise"],
        text=row.cells.get("text", ""),
        language=row.cells["language"],
        speaker=acoustics.Speaker(_sex(row), _age(row)),  # type: ignore[arg-type]
        marks=_marks(row),
        limits=limits,
    )


def _sex(row: Row) -> str | None:
    """What is neither sex goes through, and is refused by name."""
    said = row.cells.get("sex", "")
    return _SEX.get(said.lower(), said)


def _age(row: Row) -> float | None:
    try:
        if row.cells.get("age"):
            return float(row.cells["age"])
        born = row.cells.get("birth_year")
        return date.today().year - float(born) if born else None
    except ValueError as error:
        raise acoustics.InvalidRequest("speaker.age", str(error), "a number") from error


def _marks(row: Row) -> list[acoustics.Mark] | None:
    """A cell such as ``[[0.12, 0.31], [0.31, 0.55]]``, seconds of the example."""
    said = row.cells.get("marks")
    try:
        return [acoustics.Mark(float(start), float(end)) for start, end in json.loads(said)] if said else None
    except (TypeError, ValueError) as error:
        raise acoustics.InvalidRequest("marks", said, "[[start, end], ...] in seconds") from error
