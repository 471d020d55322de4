"""System checks for `manage.py check --deploy`."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning

from tasks_admin.broker import REDIS_AWAY
from tasks_admin.health import Unfit, check_redis_keeps_messages


@register(Tags.compatibility, deploy=True)
def redis_keeps_messages(**_: Any) -> list[CheckMessage]:
    """The broker must not evict or forget messages."""
    try:
        check_redis_keeps_messages()
    except Unfit as finding:
        return [Error(str(finding), id="tasks_admin.E001")]
    except REDIS_AWAY as error:
        return [CheckWarning(f"Redis could not be asked ({type(error).__name__})", id="tasks_admin.W001")]
    return []
