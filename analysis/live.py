"""Progress as server-sent events: the state as it is, then each change, until the job has ended.

Each event loop holds one Redis subscription, shared by all its streams. It only hurries them: what is sent comes
from the job's row, or for progress from the message that followed the row. Without Redis the row is read again
every second, so a stream is at worst as quick as polling.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import redis.asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.models import User
from django.db import DatabaseError, connections
from django.utils import translation
from redis.exceptions import RedisError

from analysis.manager import TaskManager
from analysis.models import AnalysisJob
from tasks_admin.jobs import ACTIVE, JobState

CHANNEL = "celery-task-meta-"
KEEP_ALIVE_SECONDS = 15.0
LOOK_AGAIN_SECONDS = 1.0  # while Redis is away
READY_SECONDS = 1.0  # for the subscription, before the first look at the row
# After this the client connects again and is asked anew who it is: no stream long outlives a revoked token.
LONGEST_SECONDS = 600.0
# Of a process, at the database: when a job ends, all who watch it want to see the row at the same moment.
LOOKS_AT_ONCE = 8
HEADERS = {"Cache-Control": "no-cache, no-store", "X-Accel-Buffering": "no"}
KEEP_ALIVE = ": keep-alive\n\n"
OPENAPI: dict[str, Any] = {
    "responses": {
        200: {
            "description": "Events named `state`",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        204: {"description": "Last-Event-ID was the last event: the job has ended, do not connect again"},
        404: {"description": "Not there, or not yours to see"},
        406: {"description": "This server cannot stream: poll"},
    }
}

log = logging.getLogger(__name__)
Message = dict[str, Any] | None  # None: look for yourself


@dataclass(frozen=True, slots=True)
class Seen:
    """One state of a job."""

    attempt: int
    told: dict[str, Any]

    @property
    def has_ended(self) -> bool:
        return self.told["state"] not in ACTIVE

    @property
    def rank(self) -> int:
        return rank(self.attempt, self.told["state"], self.told["progress"])

    def after(self, message: Message) -> Seen | None:
        """What a message says by itself: more progress of the attempt that is known to run. Else None."""
        if not message or message.get("status") != "PROGRESS" or self.told["state"] != JobState.RUNNING:
            return None
        info = message.get("result") or {}
        if info.get("progress", -1) < self.told["progress"]:  # another attempt
            return None
        news = {name: info[name] for name in ("progress", "current_step") if name in info}
        return replace(self, told=self.told | news)


def rank(attempt: int, state: str, progress: int) -> int:
    """Rises with the job: by attempt, then by progress, then waiting for the next attempt, then the end."""
    if state == JobState.RUNNING:
        return attempt * 1000 + progress
    return attempt * 1000 + (500 if state == JobState.QUEUED else 999)


def has_seen_the_end(job: AnalysisJob, last_event_id: str) -> bool:
    """Whether a client that connects again was told how the job ended."""
    return job.state not in ACTIVE and last_event_id == str(rank(job.attempt, job.state, job.progress))


async def events(user: User, job_id: UUID, *, language: str | None = None) -> AsyncGenerator[str]:
    """The job's states as text/event-stream, in this language, for as long as the user may see them."""
    async with hub().listen(str(job_id)) as inbox:
        yield "retry: 2000\n\n"
        last_id = -1
        async with aclosing(_states(user, job_id, inbox, language)) as states:
            async for state in states:
                if state is None:
                    yield KEEP_ALIVE
                    continue
                last_id = max(last_id + 1, state.rank)  # a step may begin at the percentage of the one before
                told = json.dumps(state.told, ensure_ascii=False)
                yield f"id: {last_id}\nevent: state\ndata: {told}\n\n"


async def _states(
    user: User, job_id: UUID, inbox: Inbox, language: str | None
) -> AsyncGenerator[Seen | None]:
    """Each state once; None for a sign of life."""
    ends = time.monotonic() + LONGEST_SECONDS
    quiet_since = time.monotonic()
    last: Seen | None = None
    message: Message = None
    while time.monotonic() < ends:
        now = last and last.after(message)
        try:
            now = now or await _look(user, job_id, language)
        except DatabaseError as error:  # the client can do no more about it than wait with us
            log.warning("live progress: job %s cannot be read: %s", job_id, type(error).__name__)
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            continue
        if now is None:
            return
        if last is None or now.told != last.told:
            yield now
            last, quiet_since = now, time.monotonic()
        elif time.monotonic() - quiet_since >= KEEP_ALIVE_SECONDS:
            yield None
            quiet_since = time.monotonic()
        if now.has_ended:
            return
        message = await inbox.next()


async def _look(user: User, job_id: UUID, language: str | None) -> Seen | None:
    """The row as it is; None where the user may not see it, or no longer."""
    async with hub().looks:
        return await sync_to_async(_read_row)(user, job_id, language)


def _read_row(user: User, job_id: UUID, language: str | None) -> Seen | None:
    try:
        with translation.override(language):
            rows = AnalysisJob.objects.visible_to(User.objects.get(pk=user.pk))
            attempt = rows.values_list("attempt", flat=True).get(pk=job_id)
            told = TaskManager(user).status(job_id)
            return Seen(attempt, {name: value for name, value in told.items() if name != "result"})
    except (AnalysisJob.DoesNotExist, User.DoesNotExist):
        return None
    finally:
        let_go_of_the_database()


def let_go_of_the_database() -> None:
    """Close this thread's connections: a stream waits for minutes and asks for milliseconds."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


# --- the subscription


class Inbox:
    """What arrives for one stream."""

    def __init__(self, shared: Hub) -> None:
        self._hub = shared
        self._messages: asyncio.Queue[Message] = asyncio.Queue()

    def put(self, message: Message) -> None:
        self._messages.put_nowait(message)

    async def next(self) -> Message:
        """The next message; None once it is time to look at the row."""
        patience = KEEP_ALIVE_SECONDS if self._hub.is_listening else LOOK_AGAIN_SECONDS
        try:
            async with asyncio.timeout(patience):
                return await self._messages.get()
        except TimeoutError:
            return None


class Hub:
    """One subscription to the changes of all jobs, held while anybody streams."""

    def __init__(self, url: str | None) -> None:
        self.looks = asyncio.Semaphore(LOOKS_AT_ONCE)
        self._url = url
        self._inboxes: dict[str, set[Inbox]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._subscribed = asyncio.Event()

    @property
    def is_listening(self) -> bool:
        return self._subscribed.is_set()

    @property
    def streams(self) -> int:
        """How many streams there are."""
        return sum(len(inboxes) for inboxes in self._inboxes.values())

    @asynccontextmanager
    async def listen(self, job_id: str) -> AsyncIterator[Inbox]:
        """An inbox for what happens to the job from now on."""
        with self._inbox(job_id) as inbox:
            if self._url:
                await self._wait_for_subscription()
            yield inbox

    @contextmanager
    def _inbox(self, job_id: str) -> Iterator[Inbox]:
        inbox = Inbox(self)
        self._inboxes.setdefault(job_id, set()).add(inbox)
        try:
            yield inbox
        finally:
            self._inboxes[job_id].discard(inbox)
            if not self._inboxes[job_id]:
                del self._inboxes[job_id]
            if not self._inboxes and self._reader:
                self._reader.cancel()
                self._reader = None

    async def _wait_for_subscription(self) -> None:
        if self._reader is None:
            self._subscribed.clear()
            self._reader = asyncio.create_task(self._read_for_ever())
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._subscribed.wait()
        except TimeoutError:
            pass  # Redis is away: the rows are read until it is back

    async def _read_for_ever(self) -> None:
        while True:
            try:
                await self._read()
            except (RedisError, OSError) as error:
                log.warning("live progress: Redis is away: %s", type(error).__name__)
            self._subscribed.clear()
            self._wake_all()  # so that none waits for a message that nobody will bring
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _read(self) -> None:
        assert self._url  # noqa: S101  (see listen)
        client = redis.asyncio.Redis.from_url(self._url, socket_connect_timeout=2, health_check_interval=25)
        async with client, client.pubsub() as subscription:
            await subscription.psubscribe(f"{CHANNEL}*")
            while True:
                message = await subscription.get_message(timeout=KEEP_ALIVE_SECONDS)
                if message is None:
                    await subscription.ping()  # a connection that died in silence is noticed here
                elif message["type"] == "psubscribe":
                    self._subscribed.set()
                    self._wake_all()  # whoever came in between looks at the row once more
                elif message["type"] == "pmessage":
                    self._hand_out(message)

    def _hand_out(self, message: dict[str, Any]) -> None:
        job_id = message["channel"].decode().removeprefix(CHANNEL)
        if inboxes := self._inboxes.get(job_id):
            said = json.loads(message["data"])
            for inbox in inboxes:
                inbox.put(said)

    def _wake_all(self) -> None:
        for inboxes in self._inboxes.values():
            for inbox in inboxes:
                inbox.put(None)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The running loop's: a server's process has one loop, so one subscription."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub(redis_url())
    return _hubs[loop]


def redis_url() -> str | None:
    """Where states are published. None behind Sentinel, where the rows alone are read."""
    _backend, _plus, url = str(settings.CELERY_RESULT_BACKEND).rpartition("+")
    return url if url.startswith(("redis://", "rediss://")) else None
