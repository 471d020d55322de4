"""Files without rows and rows without files: found and reported; a file is removed only where nothing is lost by it.

A row is never removed. A file without a row may be an upload in progress, or all that is left of a recording whose
row was lost with a database that came from a backup. So nothing is removed unless that is asked for; then only
files that this system made, that nothing has touched for hours, and none of them where they are suspiciously many.
"""

from __future__ import annotations

import errno
import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.db.models import Model, QuerySet
from django.utils import timezone

from analysis.files import INCOMING, PART, named
from analysis.models import Exercise, PracticeRecording
from analysis.models.exercise import EXAMPLES
from analysis.models.recording import RECORDINGS

FOLDERS = (RECORDINGS, EXAMPLES)
COLUMNS: tuple[tuple[type[Model], str], ...] = ((PracticeRecording, "audio"), (Exercise, "example"))
BATCH = 500
MOST_HOURS, MOST_NAMED = 24 * 365, 1000
# A UUID, perhaps with what Django adds to a name that is taken; or an upload on its way. Whatever else lies there
# was put there by somebody, and its name may be a person's.
OURS = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(_[0-9A-Za-z]{7})?(\.[0-9a-z]{1,5})?"
    rf"|{INCOMING}[0-9a-z_]+{re.escape(PART)}"
)

OnStep = Callable[[int, str], None]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be removed.

    Raises
    ------
    ValueError
        For a value that is not what it should be: a schedule's arguments are written by hand.
    """

    remove: bool = False
    hours: int = 24
    limit: int = 100

    def __post_init__(self) -> None:
        if not isinstance(self.remove, bool):
            raise ValueError(f"remove is {self.remove!r}: true or false")
        for name, most in (("hours", MOST_HOURS), ("limit", MOST_NAMED)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
                raise ValueError(f"{name} is {value!r}: a whole number, 1 to {most}")


@dataclass(slots=True)
class Tally:
    """How many there are, and which: the first so many of them."""

    limit: int
    count: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        self.count += 1
        if len(self.names) < self.limit:
            self.names.append(name)

    def as_dict(self) -> dict[str, Any]:
        return {"count": self.count, "names": self.names}


class Report:
    """What was found. Files are named by their path in the storage and rows by their id: neither holds a name."""

    def __init__(self, limit: int) -> None:
        self.files = self.rows = self.not_ours = 0
        self.not_walked: list[str] = []
        self.without_row, self.left_behind, self.removed = (Tally(limit) for _ in range(3))
        self.without_file = {model: Tally(limit) for model, _column in COLUMNS}

    @property
    def too_many(self) -> bool:
        """More than the limit could be removed: likelier that rows are missing than that files are left over."""
        return self.left_behind.count > self.left_behind.limit

    @property
    def well(self) -> bool:
        """Every row has its file, and every file that is old enough to judge has its row."""
        lost = sum(tally.count for tally in self.without_file.values())
        return not lost and not self.not_walked and self.left_behind.count == self.removed.count

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe."""
        return {
            "files": self.files,
            "rows": self.rows,
            "files_without_rows": self.without_row.as_dict(),
            "left_behind": self.left_behind.as_dict(),
            "removed": self.removed.as_dict(),
            "too_many_to_remove": self.too_many,
            "recordings_without_files": self.without_file[PracticeRecording].as_dict(),
            "exercises_without_files": self.without_file[Exercise].as_dict(),
            "not_ours": self.not_ours,
            "not_walked": self.not_walked,
        }


def check(
    *,
    remove: bool = False,
    hours: int = 24,
    limit: int = 100,
    now: datetime | None = None,
    on_step: OnStep = lambda percent, step: None,
) -> Report:
    """Compare the folders of recordings and examples with the rows. It may run twice at once.

    Parameters
    ----------
    remove : bool
        Also remove the files that are left behind: without a row, ours, and older than ``hours``.
    hours : int, 1 to 8760
        How long nothing has happened to a file before it counts as left behind.
    limit : int, 1 to 1000
        So many of each kind are named; where more files than that are left behind, none is removed.
    now : datetime, optional
        From where ``hours`` are counted back.
    on_step : callable, optional
        Called with the percentage done and the step.

    Raises
    ------
    ValueError
        For arguments outside these ranges.
    OSError
        Where the storage cannot be read.
    """
    rules = Rules(remove, hours, limit)
    before = ((now or timezone.now()) - timedelta(hours=hours)).timestamp()
    report = Report(limit)
    expected = max(1, sum(_rows(model, column).count() for model, column in COLUMNS))
    for folder in FOLDERS:
        for files in _walk(folder, before, report):
            report.files += files
            on_step(min(49, 50 * report.files // expected), folder)
    for model, column in COLUMNS:
        for rows in _compare(model, column, report):
            report.rows += rows
            on_step(min(99, 50 + 50 * report.rows // expected), "rows")
    if rules.remove and not report.too_many:
        _remove(report)
    _tell(report)
    return report


# --- files without rows


@contextmanager
def _opened(folder: str) -> Iterator[int | None]:
    """The folder, held open, so that no link can lead elsewhere; None where there is none.

    Raises NotADirectoryError for a link in its place.
    """
    try:
        opened = os.open(default_storage.path(folder), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        yield None
        return
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise NotADirectoryError(folder) from error
        raise
    try:
        yield opened
    finally:
        os.close(opened)


def _walk(folder: str, before: float, report: Report) -> Iterator[int]:
    """Note the folder's files that no row names; yields how many files were looked at, batch by batch."""
    try:
        with _opened(folder) as opened:
            if opened is None:
                return
            with os.scandir(opened) as entries:
                while batch := list(islice(entries, BATCH)):
                    yield _judge(folder, batch, before, report)
    except NotADirectoryError:
        report.not_walked.append(folder)


def _judge(folder: str, batch: list[os.DirEntry[str]], before: float, report: Report) -> int:
    files = {f"{folder}/{entry.name}": entry for entry in batch if entry.is_file(follow_symlinks=False)}
    report.not_ours += len(batch) - len(files)
    for name in sorted(files.keys() - named(files)):
        if not OURS.fullmatch(files[name].name):
            report.not_ours += 1
        elif (changed := _changed(files[name])) is not None:
            report.without_row.add(name)
            if changed < before:
                report.left_behind.add(name)
    return len(files)


def _changed(entry: os.DirEntry[str]) -> float | None:
    """When something last happened to the file; None where it has gone.

    Bringing a file back from a backup sets the one time, and cannot set the other.
    """
    try:
        times = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return max(times.st_mtime, times.st_ctime)


def _remove(report: Report) -> None:
    """Remove what is left behind, asking for its row once more."""
    for path in sorted(set(report.left_behind.names) - named(report.left_behind.names)):
        folder, name = path.split("/")
        with _opened(folder) as opened:
            if opened is not None and _unlinked(name, opened):
                log.info("files: %s removed: no row names it", path)
                report.removed.add(path)


def _unlinked(name: str, folder: int) -> bool:
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:  # another run was quicker
        return False
    return True


# --- rows without files


def _rows(model: type[Model], column: str) -> QuerySet[Any]:
    return model._default_manager.exclude(**{column: ""}).order_by("pk")


def _compare(model: type[Model], column: str, report: Report) -> Iterator[int]:
    """Note the rows whose file is not there; yields how many were looked at, batch by batch."""
    rows = _rows(model, column).values_list("pk", column)
    batch = list(rows[:BATCH])
    while batch:
        missing = {pk: name for pk, name in batch if not _is_there(name)}
        # Removed or replaced since, row and file: then nothing is missing.
        for pk, name in rows.filter(pk__in=missing):
            if name == missing[pk]:
                report.without_file[model].add(str(pk))
        yield len(batch)
        batch = list(rows.filter(pk__gt=batch[-1][0])[:BATCH])


def _is_there(name: str) -> bool:
    try:
        return Path(default_storage.path(name)).is_file()
    except SuspiciousFileOperation:  # a row edited by hand, that names what is not in the storage
        return False


def _tell(report: Report) -> None:
    """Counts for the log."""
    lost = sum(tally.count for tally in report.without_file.values())
    level = logging.INFO if report.well else logging.WARNING
    log.log(
        level, "files: %d rows without files, %d files without rows, %d of them left behind, %d removed%s", lost,
        report.without_row.count, report.left_behind.count, report.removed.count,
        f", not walked: {', '.join(report.not_walked)}" if report.not_walked else "",
    )  # fmt: skip
