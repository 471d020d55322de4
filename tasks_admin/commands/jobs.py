"""`task`, `cancel` and `retry`: one job of any kind, by its id."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from celery import states
from celery.result import AsyncResult
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_celery_results.models import TaskResult
from rich.markup import escape
from rich.table import Table

from tasks_admin.broker import REDIS_AWAY
from tasks_admin.commands.action import Action, Options
from tasks_admin.commands.output import DONE, NOT_DONE, away, err, moment, out, print_json, refuse
from tasks_admin.job_kinds import find_job
from tasks_admin.jobs import Job
from tasks_admin.models import JobAttempt

# --- looking


def _task_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help=_("of a job of any kind, or of a task"))


def task(options: Options) -> int:
    """Show a job, or what is known of a task that is no job."""
    job = find_job(options["id"])
    found = _of_job(job) if job else _of_task(options["id"])
    if found is None:
        err.print(_("Nothing is known of %(id)s.") % {"id": options["id"]}, markup=False)
        return NOT_DONE
    if options["json"]:
        print_json(found)
    else:
        _show(found)
    return DONE


def _of_job(job: Job) -> dict[str, Any]:
    attempts = JobAttempt.objects.filter(job_id=job.pk).order_by("attempt")
    return {
        "id": str(job.pk), "kind": job._meta.label, "task": job.task_name, "state": str(job.state),
        "queue": job.queue,
        "progress": job.progress, "current_step": job.current_step, "attempt": job.attempt,
        "failures": job.failures, "max_failures": job.max_failures, "worker": job.worker,
        "cancel_requested": job.cancel_requested, "error_code": job.error_code, "error": job.error_text,
        "created_at": job.created_at, "run_at": job.run_at, "started_at": job.started_at,
        "finished_at": job.finished_at, "attempts": [_of_attempt(job, each) for each in attempts],
    }  # fmt: skip


def _of_attempt(job: Job, attempt: JobAttempt) -> dict[str, Any]:
    return {
        "attempt": attempt.attempt, "outcome": attempt.outcome, "worker": attempt.worker,
        "started_at": attempt.started_at, "ended_at": attempt.ended_at, "error_code": attempt.error_code,
        "error": _in_words(job, attempt.error_code), "traceback": attempt.traceback,
    }  # fmt: skip


def _in_words(job: Job, code: str) -> str:
    """The sentence for an attempt's code: it has no figures of its own."""
    if not code:
        return ""
    return job.error_text if code == job.error_code else str(job.error_texts.get(code, code))


def _of_task(task_id: str) -> dict[str, Any] | None:
    """A task that is no job: from the history, or, while it runs, from Redis."""
    row = TaskResult.objects.filter(task_id=task_id).first()
    if row is None:
        return _live(task_id)
    return {
        "id": task_id, "kind": "", "task": row.task_name, "state": row.status, "worker": row.worker or "",
        "created_at": row.date_created, "started_at": row.date_started, "finished_at": row.date_done,
        "error": _error_of(row), "traceback": row.traceback or "", "attempts": [],
    }  # fmt: skip


def _error_of(row: TaskResult) -> str:
    """Its traceback's last line."""
    return (row.traceback or "").strip().rpartition("\n")[2] if row.status == states.FAILURE else ""


def _live(task_id: str) -> dict[str, Any] | None:
    try:
        result: AsyncResult[Any] = AsyncResult(task_id)
        state, info = result.state, result.info
    except REDIS_AWAY as error:
        raise away(error) from error
    if state == states.PENDING:  # what Celery says of what it does not know
        return None
    said = info if state == "PROGRESS" and isinstance(info, dict) else {}
    return {"id": task_id, "kind": "", "task": result.name or "", "state": state, "attempts": [], **said}


def _show(found: dict[str, Any]) -> None:
    table = Table(show_header=False)
    for name, label in _labels().items():
        value = found.get(name)
        if name in {"created_at", "started_at", "finished_at", "run_at"}:
            value = moment(value) if value else ""
        if value not in {None, ""}:
            table.add_row(label, escape(str(value)))
    out.print(table)
    if found["attempts"]:
        out.print(_attempts(found["attempts"]))
    for each in [*found["attempts"], found]:
        if each.get("traceback"):
            out.print(each["traceback"], markup=False)


def _labels() -> dict[str, str]:
    return {
        "id": _("id"), "kind": _("kind"), "task": _("task"), "state": _("state"), "queue": _("queue"),
        "progress": _("progress"), "current_step": _("current step"), "attempt": _("attempt"),
        "failures": _("failures"), "worker": _("worker"), "created_at": _("created"), "run_at": _("not before"),
        "started_at": _("started"), "finished_at": _("finished"), "error": _("error"),
    }  # fmt: skip


def _attempts(attempts: list[dict[str, Any]]) -> Table:
    table = Table(_("attempt"), _("outcome"), _("worker"), _("started"), _("ended"), _("error"))
    for each in attempts:
        table.add_row(
            str(each["attempt"]), str(JobAttempt.Outcome(each["outcome"]).label), escape(each["worker"]),
            moment(each["started_at"]), moment(each["ended_at"]), escape(each["error"]),
        )  # fmt: skip
    return table


# --- doing


def _ids_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("ids", metavar="ID", nargs="+", help=_("of a job of any kind"))
    add_user(parser)


def add_user(parser: ArgumentParser) -> None:
    parser.add_argument("--user", metavar="NAME", help=_("the account to name in the audit log"))


def actor_of(options: Options) -> AbstractBaseUser | None:
    """Who does it, where that is said."""
    if not options["user"]:
        return None
    users = get_user_model()
    try:
        found: AbstractBaseUser = users._default_manager.get_by_natural_key(options["user"])
    except users.DoesNotExist:
        refuse(_("There is no account %(name)s.") % {"name": options["user"]})
    return found


def cancel(options: Options) -> int:
    """Cancel jobs: at once where they wait; who runs is asked to stop."""
    return _each(options, _cancelled)


def retry(options: Options) -> int:
    """Queue failed and cancelled jobs again."""
    return _each(options, _retried)


def _cancelled(job: Job, actor: AbstractBaseUser | None) -> tuple[bool, str]:
    if not job.cancel(actor):
        return False, _("had ended already: %(state)s") % {"state": job.get_state_display()}
    return True, _("cancelled") if job.state == job.State.CANCELLED else _("its worker was asked to stop")


def _retried(job: Job, actor: AbstractBaseUser | None) -> tuple[bool, str]:
    try:
        again = job.retry(actor)
    except IntegrityError:  # as its kind allows one at a time
        return False, _("another job is at this work already")
    return again, _("queued again") if again else _(
        "is %(state)s: only what failed or was cancelled can be"
    ) % {"state": job.get_state_display()}


def _each(options: Options, act: Callable[[Job, AbstractBaseUser | None], tuple[bool, str]]) -> int:
    actor, found = actor_of(options), []
    for job_id in options["ids"]:
        job = find_job(job_id)
        done, said = act(job, actor) if job else (False, _("there is no such job"))
        found.append({"id": job_id, "done": done, "state": str(job.state) if job else None, "said": said})
        if not options["json"]:
            (out if done else err).print(f"{job_id}: {said}", markup=False)
    if options["json"]:
        print_json(found)
    return DONE if all(each["done"] for each in found) else NOT_DONE


TASK = Action(
    "task", gettext_lazy("show a job or task: state, attempts, times and error"), task, _task_arguments,
    codes={0: gettext_lazy("shown"), 1: gettext_lazy("nothing is known of this id")},
)  # fmt: skip
CANCEL = Action(
    "cancel", gettext_lazy("cancel jobs"), cancel, _ids_arguments,
    codes={0: gettext_lazy("all are cancelled, or their workers asked to stop"),
           1: gettext_lazy("at least one had ended already, or is not there")},
)  # fmt: skip
RETRY = Action(
    "retry", gettext_lazy("queue failed and cancelled jobs again"), retry, _ids_arguments,
    codes={0: gettext_lazy("all are queued again"), 1: gettext_lazy("at least one could not be, or is not there")},
)  # fmt: skip
