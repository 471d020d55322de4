"""The web process of the harness: submits errands at a steady pace, and notes what it was told of each.

``python -m bench.chaos.web JOURNAL --jobs 220 --per-second 15``
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import django

from bench.chaos.journal import Entry, Journal

if TYPE_CHECKING:
    from bench.errands.models import Errand

OWNERS = 8
# How many rows the transaction makes whose process dies before it announces them.
UNANNOUNCED = 3


class Site:
    """Submits errands as a view does: a row in a transaction, announced on commit."""

    def __init__(self, journal: Journal, jobs: int, poison: str, poisoned: int) -> None:
        self.journal, self.jobs, self.poison = journal, jobs, poison
        self.poisoned = {int((each + 0.5) * jobs / poisoned) for each in range(poisoned)}

    def errand(self, number: int) -> Errand:
        from bench.errands.models import Errand

        owner = f"owner-{number % OWNERS}"
        if number in self.poisoned:
            return Errand.for_call(self.poison, owner_key=owner)
        return Errand.for_call(seconds=random.uniform(0.05, 0.2), owner_key=owner)  # noqa: S311

    def submit(self, number: int) -> bool:
        """Submit one; False where the caller got an error, as with PostgreSQL away."""
        from django.db import Error as DatabaseError
        from django.db import connection, transaction

        errand, began = self.errand(number), time.monotonic()
        try:
            with transaction.atomic():
                errand.submit()
        except DatabaseError as error:
            connection.close()
            self.journal.write(Entry("refused", kind=type(error).__name__))
            return False
        self.journal.write(Entry("submitted", str(errand.pk), time.monotonic() - began, errand.kind))
        return True

    def cancel(self, state: str) -> None:
        """Somebody changes their mind about an errand in this state. With PostgreSQL away, they are told so."""
        from django.db import Error as DatabaseError
        from django.db import connection

        from bench.errands.models import Errand

        try:
            errand = Errand.objects.filter(state=state, kind=Errand.Kind.NAP).order_by("-created_at").first()
            if errand:
                # Noted before: the answer may be lost although it was done.
                self.journal.write(Entry("cancel", str(errand.pk)))
                errand.cancel()
        except DatabaseError:
            connection.close()

    def die_after_commit(self, numbers: Iterable[int]) -> None:
        """Submit these in one transaction, and be killed once it is committed, before they are announced."""
        from django.db import transaction

        errands = [self.errand(number) for number in numbers]

        def die() -> None:
            self.journal.write(*(Entry("submitted", str(errand.pk), kind=errand.kind) for errand in errands))
            os.kill(os.getpid(), signal.SIGKILL)

        with transaction.atomic():
            transaction.on_commit(die)  # registered first, so it runs before the announcing
            for errand in errands:
                errand.submit()


def paced(numbers: range, per_second: float, submit: Callable[[int], bool]) -> None:
    """Submit each at its beat. What was refused is submitted at the next beat in its place."""
    began, beats = time.monotonic(), itertools.count()
    for number in numbers:
        accepted = False
        while not accepted:
            time.sleep(max(0.0, began + next(beats) / per_second - time.monotonic()))
            accepted = submit(number)


def live(site: Site, per_second: float, cancel_each: int) -> None:
    """A web process that lives on, and after every so many cancels what waits or what runs."""

    def submit(number: int) -> bool:
        accepted = site.submit(number)
        if accepted and cancel_each and number % cancel_each == cancel_each - 1:
            site.cancel(("queued", "running")[number // cancel_each % 2])
        return accepted

    paced(range(site.jobs), per_second, submit)


def die(site: Site, per_second: float, deaths: int) -> None:
    """One process after the other, each forked by a parent that keeps no connection, as gunicorn forks its own."""
    ends = [site.jobs * each // deaths for each in range(deaths + 1)]
    for first, end in itertools.pairwise(ends):
        child = os.fork()
        if child == 0:
            paced(range(first, end - UNANNOUNCED), per_second, site.submit)
            site.die_after_commit(range(end - UNANNOUNCED, end))
            os._exit(1)
        _pid, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, status


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("journal", type=Path)
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--per-second", type=float, required=True)
    parser.add_argument("--poison", default="nap")
    parser.add_argument("--poisoned", type=int, default=0)
    parser.add_argument("--deaths", type=int, default=0)
    parser.add_argument("--cancel-each", type=int, default=0)
    options = parser.parse_args()
    django.setup()
    site = Site(Journal(options.journal), options.jobs, options.poison, options.poisoned)
    if options.deaths:
        die(site, options.per_second, options.deaths)
    else:
        live(site, options.per_second, options.cancel_each)


if __name__ == "__main__":
    main()
