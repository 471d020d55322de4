"""What the actions print, and the codes they end with."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any, NoReturn

from django.core.management.base import CommandError
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from rich.console import Console

DONE = 0
NOT_DONE = 1
# Wrong arguments, or what was asked for is refused. argparse ends with it, too.
REFUSED = 2
# Redis or the database does not answer, so nobody can tell.
AWAY = 3

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def refuse(why: str) -> NoReturn:
    """End with the sentence on standard error: something is wrong with what was asked for."""
    raise CommandError(why, returncode=REFUSED)


def away(error: BaseException) -> CommandError:
    """To be raised where Redis does not answer."""
    return CommandError(_("Redis does not answer: %(error)s") % {"error": error}, returncode=AWAY)


def warn(what: str) -> None:
    """Say it on standard error, and go on."""
    err.print(_("[yellow]Warning:[/] %(warning)s") % {"warning": what}, soft_wrap=True)


def print_json(found: Any) -> None:
    """For scripts: standard output carries this and nothing else."""
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2, default=plain) + "\n")


def print_line(found: Any) -> None:
    """One line of JSON, at once: somebody waits at the other end of the pipe."""
    sys.stdout.write(json.dumps(found, ensure_ascii=False, default=plain) + "\n")
    sys.stdout.flush()


def plain(value: Any) -> str:
    """A moment as ISO 8601 with its zone; anything else as it prints."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def moment(value: datetime | None) -> str:
    """A moment for people, in the installation's time zone and to the second."""
    if value is None:
        return "–"
    local = timezone.localtime(value)
    return f"{formats.date_format(local)} {local:%H:%M:%S}"


def mark(ok: bool) -> str:
    return "[green]ok[/]" if ok else "[red]!![/]"
