"""Who did what to a job or a schedule, for the project's audit log, where it has one.

``TASKS_ADMIN["AUDIT"]`` names a function of the actor (a user or None), the row and what was done: a short word such
as "cancel". Without it the log alone tells.
"""

from __future__ import annotations

import logging

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Model
from django.utils.module_loading import import_string

log = logging.getLogger(__name__)


def record(actor: AbstractBaseUser | None, row: Model, what: str) -> None:
    """Note that ``actor``, or whoever has a shell, has done ``what``."""
    log.info(
        "%s %s: %s by %s", row._meta.label, row.pk, what, f"user {actor.pk}" if actor else "the command line"
    )
    if path := settings.TASKS_ADMIN.get("AUDIT"):
        import_string(path)(actor, row, what)
