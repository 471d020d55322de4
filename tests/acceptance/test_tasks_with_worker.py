"""`manage.py tasks`, Flower and Celery's own commands, with a worker running."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from base64 import b64encode
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from tasks_admin.models import WorkerBeat
from tasks_admin.tasks import test_task as answer_task
from tests.acceptance.running import AWAY, DONE, NOT_DONE, Terminal, celery, tasks, told, without_redis
from tests.conftest import ROOT, Worker, free_port, wait_for
from vocalborn import celery_app

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("tasks_with_worker")]


def test_status_with_a_worker(worker: Worker, environment: dict[str, str]) -> None:
    said = told(environment, DONE, "status")
    assert said["queues"] == {"ai_analysis": 0, "maintenance": 0, "health": 0}
    assert [each["queues"] for each in said["workers"].values()] == [["ai_analysis", "maintenance", "health"]]
    assert (said["redis"], said["database"]) == ("ok", "ok")


def test_health(worker: Worker, environment: dict[str, str]) -> None:
    # The tables were emptied before this test; a worker writes its row again at its next look.
    wait_for(WorkerBeat.objects.exists, 30)
    said = told(environment, NOT_DONE, "health")
    assert {each["name"] for each in said["checks"] if not each["ok"]} == {"beat"}, "none runs here"
    unfit = told(without_redis(environment), NOT_DONE, "health")
    assert {each["name"] for each in unfit["checks"] if not each["ok"]} >= {"broker", "result_backend"}


def test_test_gets_an_answer_or_says_why_not(worker: Worker, environment: dict[str, str]) -> None:
    assert told(environment, DONE, "test", "--message", "您好")["message"] == "您好"
    found = tasks(without_redis(environment), "test", "--timeout", "2")
    assert found.returncode == AWAY
    assert "Redis" in found.stderr
    assert "Traceback" not in found.stderr


def test_monitor_is_left_by_q(worker: Worker, environment: dict[str, str]) -> None:
    screen = Terminal(environment, "monitor")
    wait_for(lambda: "ai_analysis" in screen.said(), 30, screen.said)
    screen.type("q")
    assert screen.end() == DONE
    assert "\x1b[?1049l" in screen.said(), "what was on the screen before is there again"


def test_monitor_without_a_terminal_prints_one_frame(worker: Worker, environment: dict[str, str]) -> None:
    found = tasks(environment, "monitor")
    assert found.returncode == DONE, found.stderr
    assert found.stdout.count("ai_analysis") >= 1
    assert "\x1b" not in found.stdout


def test_task_shows_what_is_no_job(worker: Worker, environment: dict[str, str]) -> None:
    sent = answer_task.delay("x")
    sent.get(timeout=30)
    said = wait_for(lambda: told(environment, DONE, "task", sent.id))
    assert (said["task"], said["state"]) == ("tasks_admin.tasks.test_task", "SUCCESS")


@pytest.mark.skipif(importlib.util.find_spec("flower") is None, reason="flower is not installed")
def test_flower_shows_our_worker(worker: Worker, environment: dict[str, str]) -> None:
    port = free_port()
    flower = subprocess.Popen(
        [sys.executable, "manage.py", "tasks", "flower", "--port", str(port)], cwd=ROOT,
        env=environment | {"FLOWER_BASIC_AUTH": "admin:correct horse battery"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"

    def answer(path: str, secret: str = "") -> tuple[int, str]:
        headers = {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"} if secret else {}
        try:
            with urlopen(Request(url + path, headers=headers), timeout=5) as found:  # noqa: S310 - our own
                return found.status, found.read().decode()
        except HTTPError as refused:
            return refused.code, ""
        except URLError:
            return 0, ""

    known = "admin:correct horse battery"
    try:
        wait_for(lambda: answer("/workers", known)[0] == 200, 60)
        assert answer("/workers")[0] == 401
        assert answer("/workers", "admin:wrong")[0] == 401
        wait_for(lambda: "worker" in answer("/workers?json=1", known)[1], 30)
        # Flower asks for them too, every few seconds.
        assert celery(environment, "control", "enable_events").returncode == 0
        sent = answer_task.delay("x")
        sent.get(timeout=30)
        wait_for(
            lambda: sent.id in answer("/tasks", known)[1] or answer(f"/task/{sent.id}", known)[0] == 200, 30
        )
    finally:
        flower.terminate()
        flower.wait(20)


# In one process: each start of it costs seconds.
SEVERAL = """
import json, sys
from celery.bin.celery import celery
for words in json.loads(sys.argv[1]):
    celery.main(["-A", "vocalborn", *words], standalone_mode=False)
"""


def test_celerys_inspect_and_control_work(worker: Worker, environment: dict[str, str]) -> None:
    (name,) = celery_app.control.inspect(limit=1, timeout=10).ping()
    asked = ("ping", "active", "stats", "registered", "active_queues")
    # By its name: whoever asks everybody waits for more answers.
    to = ["--timeout", "10", "--destination", name]
    words = [*(["inspect", what, "--json", *to] for what in asked), ["control", "enable_events", *to]]
    found = subprocess.run(
        [sys.executable, "-c", SEVERAL, json.dumps(words)], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    *told, control = found.stdout.split("\n", len(asked))
    ping, active, stats, registered, queues = (next(iter(json.loads(line).values())) for line in told)
    assert ping == {"ok": "pong"}
    assert active == []
    assert stats["pool"]["max-concurrency"] == 1
    assert {"analysis.tasks.analyze_audio_task", "tasks_admin.tasks.health_check"} <= set(registered)
    assert [queue["name"] for queue in queues] == ["ai_analysis", "maintenance", "health"]
    assert "OK" in control


def test_celerys_events_come(worker: Worker, environment: dict[str, str]) -> None:
    events = subprocess.Popen(
        [sys.executable, "-u", "-m", "celery", "-A", "vocalborn", "events", "--dump"], cwd=ROOT, env=environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert events.stdout is not None
        for line in events.stdout:
            if "heartbeat" in line:
                break
        else:
            pytest.fail("it ended without an event")
    finally:
        events.kill()
        events.wait()
        if events.stdout is not None:
            events.stdout.close()
