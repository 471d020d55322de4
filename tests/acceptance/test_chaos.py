"""The shortest faults of `make chaos`, with fewer jobs: nothing is lost, stuck or done twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.servers import Missing, Postgres, Redis
from tests.conftest import ROOT

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.xdist_group("chaos"),
    pytest.mark.timeout(240),  # the first test waits for the faults of all three
]

FAULTS = ("twice", "redis-kill", "child-kill")
JOBS = 60


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the harness prints, by fault; one run for all, since starting its servers takes the most time."""
    folder = tmp_path_factory.mktemp("chaos")
    require_servers(folder)
    command = [sys.executable, "-m", "bench.chaos", "--jobs", str(JOBS), *FAULTS]
    with (folder / "progress").open("wb") as progress:
        harness = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {"PYTHONWARNINGS": "ignore"}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=progress, text=True,
        )  # fmt: skip
    try:
        printed, _ = harness.communicate()
    finally:
        harness.terminate()  # politely: it ends what it has started
        harness.wait(30)
    found = {line["fault"]: line for line in map(json.loads, printed.splitlines())}
    assert set(found) == set(FAULTS), (folder / "progress").read_text()
    return found


def require_servers(folder: Path) -> None:
    """Skip where this machine lacks PostgreSQL or Redis, with what it lacks."""
    try:
        Postgres(folder / "postgres")
        Redis(folder / "redis")
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_loses_nothing_and_does_nothing_twice(fault: str, lines: dict[str, dict[str, Any]]) -> None:
    line = lines[fault]
    assert line["submitted"] >= JOBS
    assert line["succeeded"] + line["cancelled"] == line["submitted"], line
    assert line["missed"] == []
