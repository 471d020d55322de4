"""The actions of `manage.py tasks`: a room for each group.

An action has a sentence for `--help`, says what arguments it takes, and is a function of its options that returns
an exit code (:mod:`tasks_admin.commands.output`).
"""

from __future__ import annotations

from tasks_admin.commands import cleanup, flower, jobs, live, look, queues, running, schedules
from tasks_admin.commands.action import Action

ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        running.WORKER, running.BEAT, flower.FLOWER, look.STATUS, look.HEALTH, look.TEST, live.MONITOR,
        jobs.TASK, jobs.CANCEL, jobs.RETRY, queues.PURGE, cleanup.CLEANUP, schedules.SCHEDULES,
    )
}  # fmt: skip
