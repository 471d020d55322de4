"""Why a job did not succeed: codes for the database, sentences for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ERROR_TEXTS: dict[str, str | Promise] = {
    "worker_lost": _(
        "The worker ended in the middle of the work, again and again. An administrator should look."
    ),
    "timed_out": _("The work took longer than allowed. An administrator should look."),
    "out_of_memory": _("The worker ran out of memory. An administrator should look."),
    "no_such_job": _("The job was removed."),
    "internal_error": _(
        "Something went wrong in the system, not in what you sent. An administrator should look."
    ),
}


class PermanentError(Exception):
    """What was asked for cannot be done, and trying again would not help.

    Parameters
    ----------
    code : str
        A key of the job's error texts.
    figures : float, int or str
        What the text mentions, by name.
    """

    def __init__(self, code: str, **figures: Any) -> None:
        super().__init__(code, figures)
        self.code = code
        self.figures: Mapping[str, Any] = figures

    def __str__(self) -> str:
        return self.code


class JobFailed(Exception):
    """What ``AsyncResult(id).get()`` raises for a failed job: the code of the reason."""


class Stop(BaseException):
    """This attempt may write no more: the job was cancelled, or its lease went to another.

    It may be raised anywhere in a job's own code, whose ``except Exception`` is not meant for it.
    """


def code_of(error: BaseException) -> str:
    """The code under which an error of the world is kept."""
    if isinstance(error, MemoryError):
        return "out_of_memory"
    return "timed_out" if type(error).__name__ == "SoftTimeLimitExceeded" else "internal_error"
