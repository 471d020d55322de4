"""Which pool can do a queue's work, and what about a worker would be dangerous."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from celery import current_app
from django.conf import settings
from django.utils.translation import gettext as _

from tasks_admin.broker import REDIS_AWAY
from tasks_admin.health import Unfit, check_redis_keeps_messages

POOLS = ["prefork", "threads", "solo", "gevent", "eventlet"]
_GREEN = {"gevent", "eventlet"}
# A child with the libraries of a native task loaded and one piece of work in hand.
CHILD_BYTES = 400 * 2**20


def unfit(pool: str, queues: list[str]) -> str:
    """Why the pool cannot serve these queues, in words; empty where it can.

    ``TASKS_ADMIN["NATIVE_QUEUES"]`` names the queues whose tasks spend long in native code.
    """
    if pool in _GREEN:
        return _(
            "The pool %(pool)s runs all tasks in one thread that changes hands only where Python waits. Native code "
            "and database drivers do not let go of it: heartbeats would stop, and running jobs be taken for lost. "
            "Use prefork."
        ) % {"pool": pool}  # fmt: skip
    native = [queue for queue in queues if queue in settings.TASKS_ADMIN.get("NATIVE_QUEUES", [])]
    if pool == "solo" and native:
        return _(
            "The pool solo works in the worker's own process, which answers nobody meanwhile, and a crash in native "
            "code would end the worker. It cannot serve %(queues)s: use prefork."
        ) % {"queues": ", ".join(native)}  # fmt: skip
    return ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A worker as it is about to be started, and the machine it is to run on."""

    pool: str
    concurrency: int
    asked_max_tasks: bool
    soft_limit: float | None
    hard_limit: float | None
    visibility: float
    debug: bool
    cores: int
    memory: int

    @classmethod
    def of(cls, options: dict[str, Any]) -> Self:
        """By the command's options, and the settings for what they leave open."""
        conf = current_app.conf
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return cls(
            pool=options["pool"],
            concurrency=options["concurrency"] or conf.worker_concurrency or cores,
            asked_max_tasks=bool(options["max_tasks_per_child"]),
            soft_limit=conf.task_soft_time_limit,
            hard_limit=conf.task_time_limit,
            visibility=float(conf.broker_transport_options.get("visibility_timeout", 3600)),
            debug=settings.DEBUG,
            cores=cores,
            memory=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        )


def dangers(plan: Plan) -> list[str]:
    """What may go wrong with this worker, each in a sentence."""
    return [*_of_pool(plan), *_of_size(plan), *_of_limits(plan), *_of_surroundings(plan)]


def _of_pool(plan: Plan) -> Iterator[str]:
    if plan.pool == "prefork":
        return
    if plan.asked_max_tasks:
        yield _("--max-tasks-per-child does nothing with %(pool)s: memory that tasks lose stays lost.") % {
            "pool": plan.pool
        }
    if plan.soft_limit or plan.hard_limit:
        yield _(
            "Time limits do nothing with %(pool)s: a task that hangs keeps its place until a restart."
        ) % {"pool": plan.pool}


def _of_size(plan: Plan) -> Iterator[str]:
    if plan.concurrency > plan.cores:
        yield _("%(count)d at once on %(cores)d cores: each analysis takes longer, and none comes sooner.") % {
            "count": plan.concurrency, "cores": plan.cores,
        }  # fmt: skip
    if plan.pool == "prefork" and plan.concurrency * CHILD_BYTES > plan.memory:
        yield _(
            "%(count)d processes may need %(need).1f GB, the machine has %(memory).1f GB: the system would kill some."
        ) % {
            "count": plan.concurrency, "need": plan.concurrency * CHILD_BYTES / 2**30, "memory": plan.memory / 2**30,
        }  # fmt: skip


def _of_limits(plan: Plan) -> Iterator[str]:
    if not plan.hard_limit:
        yield _("There is no task_time_limit: a task that hangs keeps its process for ever.")
        return
    if plan.soft_limit and plan.soft_limit >= plan.hard_limit:
        yield _(
            "task_soft_time_limit is not below task_time_limit: tasks are killed before they can clean up."
        )
    if plan.visibility <= plan.hard_limit:
        yield _("visibility_timeout is not above task_time_limit: long tasks would be delivered twice.")


def _of_surroundings(plan: Plan) -> Iterator[str]:
    if plan.debug:
        yield _("DEBUG is on: Django keeps each query in memory. Not for production.")
    try:
        check_redis_keeps_messages()
    except Unfit as finding:
        yield str(finding)
    except REDIS_AWAY as error:
        yield _("Redis does not answer yet: %(error)s") % {"error": error}
