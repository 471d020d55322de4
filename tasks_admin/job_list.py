"""Jobs of every kind in one list, the newest first: a page of it costs the same however many there are."""

from __future__ import annotations

import heapq
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.db.models import Count, Q
from django.utils.dateparse import parse_datetime

from tasks_admin.jobs import Job, JobQuerySet, JobState

PAGE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs: of these kinds, and where given in this state, queue, and with this id, owner or worker."""

    kinds: list[type[Job]]
    state: str = ""
    queue: str = ""
    text: str = ""

    def rows(self, model: type[Job], *, any_state: bool = False) -> JobQuerySet:
        """Of one kind, without an order."""
        rows = model.objects.order_by()
        if self.state and not any_state:
            rows = rows.filter(state=self.state)
        if self.queue:
            rows = rows.filter(queue=self.queue)
        return rows.filter(_said(self.text)) if self.text else rows


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after the job that was made at this moment and has this id."""

    made: datetime
    key: uuid.UUID

    def __str__(self) -> str:
        return f"{self.made.isoformat()}_{self.key}"

    @classmethod
    def read(cls, text: str) -> Place | None:
        """None for what is no place: the list then begins with the newest."""
        made, _underscore, key = text.partition("_")
        try:
            moment = parse_datetime(made)
            return cls(moment.astimezone(UTC), uuid.UUID(key)) if moment and moment.tzinfo else None
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of jobs, and where the next begins: None on the last."""

    jobs: list[Any]
    next: Place | None = None
    counts: dict[str, int] = field(default_factory=dict)


def listed(wanted: Wanted, after: Place | None = None) -> Listed:
    """One page, and how many jobs there are in each state. Two queries a kind."""
    found = [_page(wanted.rows(model), after) for model in wanted.kinds]
    jobs = list(islice(heapq.merge(*found, key=_order, reverse=True), PAGE + 1))
    last = jobs[PAGE - 1] if len(jobs) > PAGE else None
    return Listed(jobs[:PAGE], Place(last.created_at, last.pk) if last else None, _counts(wanted))


def matching(wanted: Wanted) -> Iterator[Job]:
    """All that match now, each kind's oldest first. Whoever changes them meanwhile meets none twice."""
    for model in wanted.kinds:
        keys = list(wanted.rows(model).order_by("created_at").values_list("pk", flat=True))
        for batch in batched(keys, 100):
            yield from model.objects.filter(pk__in=batch).order_by("created_at")


def batched(keys: list[Any], size: int) -> Iterator[list[Any]]:
    for at in range(0, len(keys), size):
        yield keys[at : at + size]


def _page(rows: JobQuerySet, after: Place | None) -> list[Job]:
    if after:
        # The first condition alone says where to begin in the index.
        rows = rows.filter(created_at__lte=after.made).exclude(created_at=after.made, pk__gte=after.key)
    return list(rows.select_related("created_by").order_by("-created_at", "-pk")[: PAGE + 1])


def _order(job: Any) -> tuple[datetime, uuid.UUID]:
    return job.created_at, job.pk


def _counts(wanted: Wanted) -> dict[str, int]:
    found = Counter[str]()
    for model in wanted.kinds:
        states = wanted.rows(model, any_state=True).values_list("state")
        found.update(dict(states.annotate(Count("pk"))))
    return {state: found[state] for state in JobState.values}


def _said(text: str) -> Q:
    """A job's id, or else its owner or the beginning of its worker's name."""
    try:
        return Q(pk=uuid.UUID(text))
    except ValueError:
        return Q(owner_key=text) | Q(worker__startswith=text)
