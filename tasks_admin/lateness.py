"""Whether a schedule is late: by its row alone, so that anybody can tell, also where beat is dead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from celery.schedules import BaseSchedule
from django_celery_beat.models import PeriodicTask

# Shorter intervals count as this long: a schedule of every second is not late after two.
SHORTEST = 60.0
# So many intervals without a run are late: one may be under way.
LATE_INTERVALS = 2


class NeverDue(ValueError):
    """Nobody can tell when it is to run next, such as on 31 February."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """``due_at`` is when it was or will be due by its last run; ``seconds`` is 0 where that is yet to come."""

    due_at: datetime | None
    seconds: float
    intervals: float

    @property
    def is_late(self) -> bool:
        return self.intervals >= LATE_INTERVALS


def lateness(row: PeriodicTask, now: datetime) -> Lateness:
    """How late the schedule is.

    A schedule that never ran counts from when it was last edited.

    Raises
    ------
    NeverDue
        Where no next run can be computed.
    """
    if row.clocked_id:
        return _of_once(row, now)
    base = max(filter(None, (row.last_run_at or row.date_changed, row.start_time)), default=now)
    try:
        schedule: BaseSchedule = row.schedule
        due = base + _wait(schedule, base)
        interval = max(_wait(schedule, due).total_seconds(), SHORTEST)
    except Exception as error:  # celery and its schedules raise what they like for a bad one
        raise NeverDue(row.name) from error
    late = max(0.0, (now - due).total_seconds())
    return Lateness(due, late, late / interval)


def _of_once(row: PeriodicTask, now: datetime) -> Lateness:
    due: datetime = row.clocked.clocked_time
    late = 0.0 if row.last_run_at else max(0.0, (now - due).total_seconds())
    return Lateness(due, late, late / SHORTEST)


def _wait(schedule: BaseSchedule, base: datetime) -> timedelta:
    """From ``base`` to the next run after it."""
    base = base.astimezone(getattr(schedule, "tz", None))  # a crontab speaks of its own zone
    schedule.nowfun = lambda: base
    wait: timedelta = schedule.remaining_estimate(base)
    return wait
