"""Is the audio that is kept still what was uploaded? A share of it is read each day."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from analysis.files import is_as_received, named
from analysis.models import PracticeRecording

BATCH = 100
MOST_NAMED = 100
MOST_SHARES = 365

OnStep = Callable[[int, str], None]

log = logging.getLogger(__name__)


def verify(
    *,
    shares: int = 30,
    day: date | None = None,
    dry_run: bool = False,
    on_step: OnStep = lambda percent, step: None,
) -> dict[str, Any]:
    """Read one day's share of the recordings and compare each with its SHA-256. Nothing is changed.

    Ids are random, so equal ranges of them are equal shares, and each recording has its turn in ``shares`` days.

    Returns
    -------
    dict
        ``ok``; how many were ``due`` and ``read``; ids (the first hundred) that are ``changed`` or ``missing``; and
        ``wrong``, in codes. With ``dry_run`` none is read.

    Raises
    ------
    ValueError
        For ``shares`` that are no whole number from 1 to 365.
    OSError
        Where the storage cannot be read.
    """
    rows = share(shares, day or timezone.localdate())
    due = rows.count()
    changed: list[str] = []
    missing: list[str] = []
    read = 0
    for recording in () if dry_run else rows.iterator(chunk_size=BATCH):
        found = _look(recording)
        {"changed": changed, "missing": missing, "": []}[found].append(str(recording.pk))
        read += 1
        on_step(100 * read // max(due, 1), "reading")
    wrong = [name for name, ids in (("changed", changed), ("missing", missing)) if ids]
    log.log(
        logging.ERROR if wrong else logging.INFO, "audio: %d of %d read, %d changed, %d missing", read, due,
        len(changed), len(missing),
    )  # fmt: skip
    return {
        "ok": not wrong, "wrong": wrong, "dry_run": dry_run, "due": due, "read": read,
        "changed": {"count": len(changed), "ids": changed[:MOST_NAMED]},
        "missing": {"count": len(missing), "ids": missing[:MOST_NAMED]},
    }  # fmt: skip


def share(shares: Any, day: date) -> QuerySet[PracticeRecording]:
    """The recordings whose turn it is on this day. Raises ValueError as :func:`verify`."""
    if isinstance(shares, bool) or not isinstance(shares, int) or not 1 <= shares <= MOST_SHARES:
        raise ValueError(f"shares is {shares!r}: a whole number, 1 to {MOST_SHARES}")
    turn = day.toordinal() % shares
    first, after = 2**128 * turn // shares, 2**128 * (turn + 1) // shares
    return PracticeRecording.objects.filter(pk__gte=UUID(int=first), pk__lte=UUID(int=after - 1)).order_by(
        "pk"
    )


def _look(recording: PracticeRecording) -> str:
    """Empty, ``changed`` or ``missing``. What was removed or replaced meanwhile is neither."""
    try:
        with recording.audio.open("rb") as file:
            same = is_as_received(file, recording)
    except FileNotFoundError:
        return "missing" if named([str(recording.audio.name)]) else ""
    return "" if same or not named([str(recording.audio.name)]) else "changed"
