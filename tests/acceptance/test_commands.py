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
from tests.acceptance.running import here
from tests.conftest import ROOT

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
def test_analyze_refuses_what_it_cannot_read(arguments: list[str | Path], said: str) -> None:
    found = here("analyze", *map(str, arguments))
    assert found.returncode == 2
    assert said in found.stderr
    assert "Traceback" not in found.stderr
    assert found.stdout == ""


def test_the_demonstration_is_refused_outside_debug(environment: dict[str, str], tmp_path: Path) -> None:
    production: dict[str, Any] = {
        "DEBUG": "false", "SECRET_KEY": "k" * 60, "ALLOWED_HOSTS": "x", "REDIS_HOST": "127.0.0.1", "REDIS_URL": "",
    }  # fmt: skip
    found = run(environment | production, "demo", "--exit")
    assert found.returncode == 1
    assert "DEBUG" in found.stderr
