"""What a person does to jobs of any kind: each is done, and noted in the audit log, one by one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError

from tasks_admin.jobs import Job

# A person waits for the answer.
PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Done:
    """How many it was done to; how many could not be; and whether time ran out before the last."""

    count: int
    refused: int
    is_all: bool


def cancel(job: Job, actor: AbstractBaseUser) -> bool:
    """Cancel it, or ask its worker to. False where it had ended."""
    return job.cancel(actor)


def retry(job: Job, actor: AbstractBaseUser) -> bool:
    """Queue it again. False where it neither failed nor was cancelled, or its work is in other hands already."""
    try:
        return job.retry(actor)
    except IntegrityError:  # as its kind allows one at a time
        return False


def each(jobs: Iterable[Job], act: Callable[[Job, AbstractBaseUser], bool], actor: AbstractBaseUser) -> Done:
    """Do it to each of them, as long as somebody can be expected to wait."""
    until = time.monotonic() + PATIENCE_SECONDS
    count = refused = 0
    for job in jobs:
        if time.monotonic() > until:
            return Done(count, refused, is_all=False)
        done = act(job, actor)
        count, refused = count + done, refused + (not done)
    return Done(count, refused, is_all=True)
