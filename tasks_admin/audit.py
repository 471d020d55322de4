"""Who did what to a job or a schedule, for the project's audit log, where it has one.

``TASKS_ADMIN["AUDIT"]`` names a function of the actor (a user or None), the row, what was done (a short word such as
"cancel") and, by name, what more there is to tell. Without it the log alone tells.
"""

from __future__ import annotations

import logging
import os
import pwd
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Model
from django.utils.module_loading import import_string

from tasks_admin import trail

log = logging.getLogger(__name__)


def record(actor: AbstractBaseUser | None, row: Model, what: str, **more: Any) -> None:
    """Note that ``actor`` has done ``what``. In a shell, where any name can be given, ``by`` is the system's user."""
    if not trail.here().get("request_id"):
        more = {"by": system_user()} | more
    who = f"user {actor.pk}" if actor else system_user()
    log.info("%s %s: %s by %s", row._meta.label, row.pk, what, who)
    if path := settings.TASKS_ADMIN.get("AUDIT"):
        import_string(path)(actor, row, what, **more)


def system_user() -> str:
    """Whose process this is, by the system's own word: the environment's can be set by anybody."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # in a container, say
        return f"uid {os.getuid()}"
