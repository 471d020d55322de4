"""A manifest: a CSV file that names recordings to analyse, one a row."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from django.utils.translation import gettext as _

# All but the first may be absent; `defaults` stand in for a column or a cell that is not there.
COLUMNS = ("recording", "example", "text", "language", "exercise", "marks", "sex", "age", "birth_year")


class InvalidManifest(Exception):
    """No row of it can be trusted; the message says why, in the reader's language."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes
    ----------
    cells : Mapping[str, str]
        Every cell by its column's name, as it stands there; missing ones of `COLUMNS` from the defaults.
    folder : Path
        What its paths are relative to.
    fits : bool
        False where it has more cells than the manifest has columns: nobody knows which is which.
    """

    cells: Mapping[str, str]
    folder: Path
    fits: bool = True

    def path(self, column: str) -> Path | None:
        """The file that a cell names, None for an empty one."""
        return self.folder / self.cells[column] if self.cells.get(column) else None


def read(path: Path, defaults: Mapping[str, str]) -> list[Row]:
    """Every row that is not blank. A byte order mark, as Excel writes it, is no part of the first name.

    Raises
    ------
    InvalidManifest
        It is not UTF-8, not CSV, or lacks a column.
    OSError
        It cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(_rows(csv.reader(file, strict=True), path.parent, defaults))
    except UnicodeDecodeError as error:
        raise InvalidManifest(
            _('The manifest is not UTF-8. In Excel, save it as "CSV UTF-8 (comma delimited)".')
        ) from error
    except csv.Error as error:
        raise InvalidManifest(_("The manifest is not CSV: %(why)s.") % {"why": error}) from error


def _rows(lines: Iterator[list[str]], folder: Path, defaults: Mapping[str, str]) -> Iterator[Row]:
    names = [name.strip() for name in next(lines, [])]
    _check(names)
    for line in lines:
        if any(cell.strip() for cell in line):
            given = dict(zip(names, (cell.strip() for cell in line), strict=False))
            standing_in = {name: value for name, value in defaults.items() if not given.get(name)}
            yield Row(dict.fromkeys(names, "") | given | standing_in, folder, len(line) <= len(names))


def _check(names: Sequence[str]) -> None:
    if "recording" not in names:
        known = ", ".join(names)
        raise InvalidManifest(
            _("The manifest lacks the column “recording”. It has: %(columns)s.") % {"columns": known}
        )
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise InvalidManifest(
            _("The manifest has the column “%(name)s” twice.") % {"name": ", ".join(sorted(twice))}
        )
    # A mistyped "exampel" would be passed through, and every recording go without scores.
    for name in set(names) - set(COLUMNS):
        for meant in get_close_matches(name.lower(), set(COLUMNS) - set(names), 1, cutoff=0.8):
            raise InvalidManifest(
                _("The manifest has a column “%(name)s”, but none called “%(meant)s”. Please rename it.")
                % {"name": name, "meant": meant}
            )
