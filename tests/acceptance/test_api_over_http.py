"""The API over a real connection: uvicorn, a worker, Redis; uploads, the stream, and curl as the README tells it."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from analysis.demo.people import SPEECH
from analysis.manager import TaskManager
from analysis.models import AccessToken, AnalysisJob, Exercise, Patient, PracticeRecording
from tests.conftest import ROOT, Worker, wait_for
from vocalborn.celery import app

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("api_over_http")]


class Site:
    """uvicorn in a process of its own, on the tests' database, Redis and files."""

    def __init__(self, environment: dict[str, str], port: int) -> None:
        self.port = port
        self.log = settings.DATA_DIR / f"site-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "uvicorn", "vocalborn.asgi:application", "--port", str(port),
                 "--timeout-graceful-shutdown", "2"],
                cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        wait_for(lambda: "running on" in self.said(), 60, self.said)

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture
def site(redis: Any, transactional_db: None, environment: dict[str, str], unused: int) -> Iterator[Site]:
    """One for each test: emptying the tables between them gives content types new ids, which a site remembers."""
    site = Site(environment, unused)
    yield site
    site.end()
    assert "Traceback" not in site.said()


@pytest.fixture
def secret(alice: User) -> str:
    return AccessToken.issue(alice, "phone")[1]


def headers(secret: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}", "Accept-Language": "en", **more}


@contextmanager
def answer(site: Site, path: str, secret: str, **more: str) -> Iterator[http.client.HTTPResponse]:
    line = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    try:
        line.request("GET", f"/api/v1{path}", headers=headers(secret, **more))
        with line.getresponse() as response:
            yield response
    finally:
        line.close()


def events(response: http.client.HTTPResponse) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each event's id and data, until the stream ends."""
    lines: dict[str, str] = {}
    for raw in response:
        line = raw.decode().rstrip("\n")
        name, _colon, value = line.partition(": ")
        lines[name] = value
        if not line and "data" in lines:
            assert lines["event"] == "state"
            yield int(lines["id"]), json.loads(lines["data"])
            lines = {}


def subscriptions() -> int:
    """Of streams: Celery's own are on the broker's database."""
    client = app.backend.client
    database = str(client.connection_pool.connection_kwargs["db"])
    return sum(each["db"] == database and each["psub"] != "0" for each in client.client_list(_type="pubsub"))


def waiting(recording: PracticeRecording) -> AnalysisJob:
    """A job that no worker takes yet."""
    job = AnalysisJob.for_call(recording.pk)
    job.queue, job.run_at = "ai_analysis", timezone.now() + timedelta(hours=1)
    job.save()
    return job


def test_a_stream_tells_the_state_then_each_change_then_ends(
    site: Site, worker: Worker, recording: PracticeRecording, secret: str
) -> None:
    job = waiting(recording)
    with answer(site, f"/jobs/{job.pk}/events", secret) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        assert stream.headers["X-Accel-Buffering"] == "no"
        assert "no-cache" in stream.headers["Cache-Control"]
        told = events(stream)
        seen = [next(told)]
        assert (seen[0][1]["state"], seen[0][1]["task_id"]) == ("queued", str(job.pk))
        AnalysisJob.objects.update(run_at=None)
        job.announce_on_commit()
        seen += told
    ids = [number for number, _state in seen]
    states = [state for _number, state in seen]
    assert ids == sorted(set(ids))
    assert all(
        set(state) == {"task_id", "state", "status", "progress", "current_step", "error"} for state in states
    )
    assert {state["current_step"] for state in states} >= {"decode", "alignment", "scores"}
    assert [(state["state"], state["status"], state["progress"]) for state in states[-1:]] == [
        ("succeeded", "SUCCESS", 100)
    ]
    wait_for(lambda: subscriptions() == 0)

    with answer(site, f"/jobs/{job.pk}/events", secret) as again:
        assert [state["state"] for _id, state in events(again)] == ["succeeded"]
    # An EventSource that connects again after the end is told to stop.
    with answer(site, f"/jobs/{job.pk}/events", secret, **{"Last-Event-ID": str(ids[-1])}) as stopped:
        assert stopped.status == 204


def test_many_streams_share_one_subscription_and_leave_nothing(
    site: Site, recording: PracticeRecording, secret: str
) -> None:
    job = waiting(recording)
    with ExitStack() as stays, ExitStack() as leave:
        streams = [
            events(stack.enter_context(answer(site, f"/jobs/{job.pk}/events", secret)))
            for stack in (stays, leave, leave, leave, leave)
        ]
        assert [next(told)[1]["state"] for told in streams] == ["queued"] * 5
        assert subscriptions() == 1
        leave.close()
        TaskManager().cancel(job.pk)  # no worker says so: whoever cancels does
        assert [state["state"] for _id, state in streams[0]] == ["cancelled"]
    wait_for(lambda: subscriptions() == 0)


def test_a_stream_goes_on_while_its_subscription_is_broken(
    site: Site, recording: PracticeRecording, secret: str
) -> None:
    job = waiting(recording)
    with answer(site, f"/jobs/{job.pk}/events", secret) as stream:
        told = events(stream)
        next(told)
        app.backend.client.client_kill_filter(_type="pubsub")
        TaskManager().cancel(job.pk)
        assert [state["state"] for _id, state in told] == ["cancelled"]


def test_an_upload_that_breaks_off_leaves_neither_row_nor_file(
    site: Site, amy: Patient, exercise: Exercise, secret: str
) -> None:
    audio = (SPEECH / "park-faithful.webm").read_bytes()
    fields = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("patient", amy.pk), ("exercise", exercise.pk))
    )
    body = (
        fields.encode()
        + b'--x\r\nContent-Disposition: form-data; name="audio"; filename="a.webm"\r\n\r\n'
        + audio
    )
    head = (
        "POST /api/v1/recordings HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        f"Authorization: Bearer {secret}\r\nContent-Length: {len(body) + 9}\r\n\r\n"
    )
    before = set((settings.MEDIA_ROOT / "recordings").glob("*"))
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as line:
        line.sendall(head.encode() + body[: len(body) // 2])
    with answer(site, "/recordings", secret) as listed:  # the site goes on
        assert json.load(listed) == {"items": [], "count": 0}
    time.sleep(0.3)
    assert not PracticeRecording.objects.exists()
    assert set((settings.MEDIA_ROOT / "recordings").glob("*")) == before


def test_audio_comes_in_ranges(site: Site, recording: PracticeRecording, secret: str) -> None:
    whole = (SPEECH / "park-faithful.webm").read_bytes()
    path = f"/recordings/{recording.pk}/audio"
    with answer(site, path, secret) as all_of_it:
        assert all_of_it.read() == whole
    with answer(site, path, secret, Range="bytes=-1000") as end:
        assert (end.status, end.read()) == (206, whole[-1000:])


def test_the_readmes_example_goes_from_upload_to_result(
    site: Site, worker: Worker, amy: Patient, exercise: Exercise, secret: str
) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    section = (ROOT / "README.md").read_text().split("## HTTP API")[1].split("\n## ")[0]
    script = re.findall(r"```bash\n(.*?)```", section, re.DOTALL)[0]
    env = os.environ | {
        "TOKEN": secret,
        "PATIENT": str(amy.pk),
        "EXERCISE": str(exercise.pk),
        "RECORDING": str(SPEECH / "park-faithful.webm"),
        "SITE": f"http://127.0.0.1:{site.port}",
        "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}",  # noqa: PTH120
        "PYTHONWARNINGS": "ignore",
    }
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr + site.said()
    assert '"succeeded"' in ran.stdout
    result = json.loads(ran.stdout.splitlines()[-1])
    assert result["overall_score"] > 80
    assert result["suggestions"][0]["text"]


def test_the_site_stops_with_a_stream_open(site: Site, recording: PracticeRecording, secret: str) -> None:
    job = waiting(recording)
    with answer(site, f"/jobs/{job.pk}/events", secret) as stream:
        next(events(stream))
        site.process.send_signal(signal.SIGTERM)
        assert site.process.wait(10) in (0, -signal.SIGTERM)


def test_the_log_is_one_json_object_a_request_without_its_query(
    redis: Any, transactional_db: None, environment: dict[str, str], unused: int, recording: PracticeRecording,
    secret: str,
) -> None:  # fmt: skip
    site = Site(environment | {"LOG_FORMAT": "json"}, unused)
    try:
        job = waiting(recording)
        with answer(
            site, f"/jobs/{job.pk}?token=of-nobody", secret, **{"X-Request-ID": "from-the-proxy"}
        ) as seen:
            assert (seen.status, seen.headers["X-Request-ID"]) == (200, "from-the-proxy")
        with answer(site, "/no%0aline?name=Amy", secret) as seen:
            assert seen.status == 404
        with answer(site, f"/jobs/{job.pk}/events", secret) as stream:
            next(events(stream))
    finally:
        site.end()
    lines = [json.loads(line) for line in site.said().splitlines()]
    assert all({"asctime", "levelname", "name", "message"} <= line.keys() for line in lines)
    assert any("running on" in line["message"] for line in lines)
    told = [line for line in lines if line["name"] == "vocalborn.access"]
    paths = [f"/api/v1/jobs/{job.pk}", "/api/v1/no%0Aline", f"/api/v1/jobs/{job.pk}/events"]
    assert [(line["method"], line["path"], line["status"]) for line in told] == [
        ("GET", path, status) for path, status in zip(paths, (200, 404, 200), strict=True)
    ]
    assert told[0]["request_id"] == "from-the-proxy"
    assert all(0 < line["seconds"] < 60 and line["request_id"] for line in told)
    assert not re.search(f"of-nobody|Amy|{secret}", site.said())
