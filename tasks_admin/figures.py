"""How long jobs waited and ran, from their rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import F, FloatField, Func, QuerySet

from tasks_admin.jobs import Job, JobState

RAN = (JobState.SUCCEEDED, JobState.FAILED)


class Took(NamedTuple):
    """One ended job: ``wait`` until its first and only attempt began (None after retries) and ``run``, in seconds."""

    ended_at: datetime
    wait: float | None
    run: float


class Spread(NamedTuple):
    """Percentiles in seconds; None where nothing was measured."""

    p50: float | None
    p95: float | None


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Of sorted values: the smallest that is not below ``percent`` of them. None without values."""
    return values[max(0, math.ceil(len(values) * percent / 100) - 1)] if values else None


def spread(values: Iterable[float | None]) -> Spread:
    """The percentiles of what was measured."""
    known = sorted(value for value in values if value is not None)
    return Spread(percentile(known, 50), percentile(known, 95))


def ended(model: type[Job], since: Any, until: Any = None) -> QuerySet[Any]:
    """Jobs that ended from ``since`` on, and before ``until``."""
    rows = model.objects.filter(finished_at__gte=since).order_by()
    return rows.filter(finished_at__lt=until) if until is not None else rows


def times(rows: QuerySet[Any], most: int | None = None, count: int | None = None) -> list[Took]:
    """What the rows that ran took; of more than ``most`` rows a random part of about that size.

    Ids are random, so a range of them is a fair sample. ``count`` is how many rows there are, for who knows.
    """
    ran = rows.filter(state__in=RAN).exclude(started_at=None)
    count = ran.count() if count is None and most is not None else count
    if most is not None and count is not None and count > most:
        ran = ran.filter(pk__lte=UUID(int=int(2**128 * most / count)))
    columns = ran.values_list("created_at", "started_at", "finished_at", "attempt")
    return [
        Took(end, (start - made).total_seconds() if attempt == 1 else None, (end - start).total_seconds())
        for made, start, end, attempt in columns.iterator(chunk_size=5000)
    ]


class SliceNumber(Func):
    """Which slice of time a moment falls into, counted where the rows are: the first begins at ``since``.

    Not made of Django's own functions of time, which SQLite calls back into Python for, once for each row.
    """

    template = "FLOOR((EXTRACT(EPOCH FROM %(expressions)s) - %(since)r) / %(width)r)"
    output_field = FloatField()

    def __init__(self, column: str, since: datetime, width: timedelta) -> None:
        super().__init__(F(column), since=since.timestamp(), width=width.total_seconds())

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        seconds = "(julianday(%(expressions)s) - 2440587.5) * 86400.0"
        template = f"CAST(({seconds} - %(since)r) / %(width)r AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, **context)
