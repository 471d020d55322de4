"""`purge`: empties a queue, and leaves no job behind that waits for a message."""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tasks_admin.commands.action import Action, Options
from tasks_admin.commands.jobs import actor_of, add_user
from tasks_admin.commands.output import DONE, NOT_DONE, away, err, out, print_json, refuse
from tasks_admin.commands.running import check_queues
from tasks_admin.monitor import Unavailable, monitor
from tasks_admin.purge import Purged


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--queue", required=True, help=_("the queue to empty"))
    parser.add_argument("--yes", metavar="QUEUE", help=_("the queue's name once more, in place of typing it"))
    parser.add_argument(
        "--requeue", action="store_true", help=_("queue the jobs again and do not cancel them")
    )
    add_user(parser)


def purge(options: Options) -> int:
    """Throw away what waits in a queue; its jobs are cancelled, or announced anew."""
    queue = options["queue"]
    check_queues([queue])
    actor = actor_of(options)
    try:
        if not _confirmed(queue, options["yes"]):
            err.print(_("That is not the queue's name. Nothing was done."))
            return NOT_DONE
        purged = monitor.purge(queue, again=options["requeue"], actor=actor)
    except Unavailable as error:
        raise away(error) from error
    _tell(options, purged)
    return DONE


def _confirmed(queue: str, given: str | None) -> bool:
    if given is not None:
        if given != queue:
            refuse(_("--yes must name the queue %(queue)s.") % {"queue": queue})
        return True
    if not sys.stdin.isatty():
        refuse(_("Nobody is here to confirm it: give --yes %(queue)s.") % {"queue": queue})
    count = monitor.get_queue_length(queue)
    said = ngettext("%(count)d message waits in %(queue)s.", "%(count)d messages wait in %(queue)s.", count)
    err.print(said % {"count": count, "queue": queue})
    err.print(_("Type the queue's name to throw them away:"), end=" ")
    try:
        return input().strip() == queue
    except EOFError:
        return False


def _tell(options: Options, purged: Purged) -> None:
    rest = purged.messages - purged.jobs
    if options["json"]:
        print_json({
            "queue": options["queue"], "messages": purged.messages, "jobs": purged.jobs, "no_jobs": rest,
            "left": purged.left, "requeued": options["requeue"],
        })  # fmt: skip
        return
    count = {"messages": purged.messages, "jobs": purged.jobs, "rest": rest}
    jobs = (_("jobs queued again: %(jobs)d") if options["requeue"] else _("jobs cancelled: %(jobs)d")) % count
    said = _("Messages thrown away: %(messages)d; %(what)s; without a waiting job: %(rest)d")
    out.print(said % (count | {"what": jobs}))
    if purged.left:
        out.print(_("Jobs that wait for this queue still: %(left)d") % {"left": purged.left})


PURGE = Action(
    "purge", gettext_lazy("throw away what waits in a queue, and cancel its jobs or queue them again"), purge,
    _arguments,
    codes={0: gettext_lazy("its messages are gone; jobs that waited for their turn to be announced wait on"),
           1: gettext_lazy("not confirmed: nothing was done")},
)  # fmt: skip
