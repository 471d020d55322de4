"""Which of several beats sends the schedules: the one that holds the lease, a single row.

Every move is one conditional UPDATE by the database's clock, so that any number of beats may try. Whoever edits the
row by hand can delay the schedules by a lease at most: a row that is missing is made again, a holder that nobody
knows does not renew, and an end further ahead than a lease can reach counts as lapsed.
"""

from __future__ import annotations

import os
import socket
import uuid

from django.conf import settings
from django.db.models import Exists, Q, QuerySet

from tasks_admin import clock
from tasks_admin.models import BeatLease

LEASE_SECONDS = 30.0


class Lease:
    """One beat's hold on the row.

    Attributes
    ----------
    holder : str
        Host, process and a random part: a process started later must not pass for one that was frozen.
    seconds : float
        How long the others wait for a holder that is not heard of.
    """

    def __init__(self) -> None:
        self.holder = f"{socket.gethostname()}:{os.getpid()}/{uuid.uuid4().hex[:8]}"
        self.seconds = float(settings.TASKS_ADMIN.get("BEAT_LEASE_SECONDS", LEASE_SECONDS))

    def take(self) -> bool:
        """True where the lease was free and is ours now."""
        BeatLease.objects.get_or_create(pk=BeatLease.ONLY, defaults={"until": clock.now()})
        free = (
            Q(holder__in=["", self.holder])  # ours: an answer of the database that was lost
            | Q(until__lt=clock.now())
            | Q(until__gt=clock.after(self.seconds))
        )
        return self._write(BeatLease.objects.filter(free))

    def renew(self) -> bool:
        """False where another beat has it, or somebody took it away.

        A lease that lapsed is renewed as long as nobody took it: nobody else has sent anything.
        """
        return self._write(self._mine())

    def give_back(self) -> None:
        """Let another beat take it at once. Nothing where it is not ours."""
        self._mine().update(holder="", until=clock.now())

    def is_held(self) -> Exists:
        """A condition for the UPDATE that claims a run: a beat that woke from a freeze must not send."""
        return Exists(self._mine())

    @staticmethod
    def known_holder() -> str:
        """Who has it, for a log: empty where nobody does."""
        return BeatLease.objects.filter(pk=BeatLease.ONLY).values_list("holder", flat=True).first() or ""

    def _mine(self) -> QuerySet[BeatLease]:
        return BeatLease.objects.filter(pk=BeatLease.ONLY, holder=self.holder)

    def _write(self, rows: QuerySet[BeatLease]) -> bool:
        changed = rows.filter(pk=BeatLease.ONLY).update(
            holder=self.holder, until=clock.after(self.seconds), ticked_at=clock.now()
        )
        return bool(changed)
