"""The commands, as a person or a script runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from analysis import acoustics
from analysis.demo.people import SPEECH
from tests.conftest import ROOT, Worker

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("commands")]


def run(environment: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_analyze_prints_one_json_object(environment: dict[str, str]) -> None:
    found = run(
        environment, "analyze", SPEECH / "park-pauses.m4a", "--example", SPEECH / "park-example.webm",
        "--text", "今天我們去公園散步", "--json",
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    result = json.loads(found.stdout)
    assert {name: each["unit"] for name, each in result["measures"].items()} == {
        info.name: info.unit for info in acoustics.MEASURES if info.name in result["measures"]
    }
    assert result["measures"]["pause_count"] == {"value": 3.0, "unit": "count"}
    assert result["fluency_score"] < result["pronunciation_accuracy"]
    assert [each["text"] for each in result["syllables"]] == list("今天我們去公園散步")
    assert result["quality_flags"] == []


def test_analyze_reads_well_on_a_terminal(environment: dict[str, str]) -> None:
    found = run(environment, "analyze", SPEECH / "park-faithful.webm")
    assert found.returncode == 0, found.stderr
    assert "f0_median" in found.stdout
    assert "Hz" in found.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.wav"], "nowhere.wav"),
        ([ROOT / "pyproject.toml"], "recording: unreadable"),
        ([SPEECH / "park-faithful.webm", "--example", ROOT / "pyproject.toml"], "example: unreadable"),
        ([SPEECH], "speech"),
        ([SPEECH / "park-faithful.webm", "--exercise", "song"], "sustained_vowel"),
    ],
)
def test_analyze_refuses_what_it_cannot_read(
    environment: dict[str, str], arguments: list[str | Path], said: str
) -> None:
    found = run(environment, "analyze", *arguments)
    assert found.returncode == 2
    assert said in found.stderr
    assert "Traceback" not in found.stderr
    assert found.stdout == ""


def test_status_shows_queues_and_workers(worker: Worker, environment: dict[str, str]) -> None:
    found = run(environment, "tasks", "status", "--json")
    assert found.returncode == 0, found.stderr
    said = json.loads(found.stdout)
    assert said["queues"] == {"ai_analysis": 0, "maintenance": 0, "health": 0}
    assert [each["queues"] for each in said["workers"].values()] == [["ai_analysis", "maintenance", "health"]]


def test_test_gets_an_answer_from_a_worker(worker: Worker, environment: dict[str, str]) -> None:
    found = run(environment, "tasks", "test", "--message", "你好", "--json")
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["message"] == "你好"


def test_health_finds_everything_well(worker: Worker, environment: dict[str, str]) -> None:
    found = run(environment, "tasks", "health", "--json")
    assert found.returncode == 0, found.stdout
    assert json.loads(found.stdout)["ok"]


def test_without_redis_status_and_test_say_so(environment: dict[str, str], unused: int) -> None:
    away = environment | {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(unused), "REDIS_URL": ""}
    found = run(away, "tasks", "status", "--json")
    assert found.returncode == 1
    assert json.loads(found.stdout)["redis"] != "ok"
    found = run(away, "tasks", "test", "--timeout", "2")
    assert found.returncode == 1
    assert "Redis" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_worker_refuses_a_queue_that_is_not_there(environment: dict[str, str]) -> None:
    found = run(environment, "tasks", "worker", "-Q", "ai_analysis,music")
    assert found.returncode == 1
    assert "music" in found.stderr


@pytest.mark.parametrize("arguments", [["worker", "--pool", "gevent"], ["worker", "-c", "0"], ["nothing"]])
def test_wrong_arguments_are_refused_by_name(environment: dict[str, str], arguments: list[str]) -> None:
    found = run(environment, "tasks", *arguments)
    assert found.returncode == 2
    assert arguments[-1] in found.stderr


def test_the_demonstration_is_refused_outside_debug(environment: dict[str, str], tmp_path: Path) -> None:
    production: dict[str, Any] = {
        "DEBUG": "false", "SECRET_KEY": "k" * 60, "ALLOWED_HOSTS": "x", "REDIS_HOST": "127.0.0.1", "REDIS_URL": "",
    }  # fmt: skip
    found = run(environment | production, "demo", "--exit")
    assert found.returncode == 1
    assert "DEBUG" in found.stderr
