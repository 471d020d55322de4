"""The tables of the task system."""

from tasks_admin.models.alerts import Alert, AlertDelivery, AlertRule, Severity, Silence
from tasks_admin.models.leases import BeatLease, Trouble, Turn
from tasks_admin.models.purges import Purge
from tasks_admin.models.runs import DailyFigures, JobAttempt
from tasks_admin.models.workers import WorkerBeat

__all__ = [
    "Alert", "AlertDelivery", "AlertRule", "BeatLease", "DailyFigures", "JobAttempt", "Purge", "Severity",
    "Silence", "Trouble", "Turn", "WorkerBeat",
]  # fmt: skip
