"""What a process takes up when it starts."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.conftest import ROOT

# What only pages, the API or an analysis need. They were more than half of `manage.py tasks status`.
HEAVY = {
    "librosa",
    "numba",
    "numpy",
    "scipy",
    "parselmouth",
    "av",
    "pypinyin",
    "onnxruntime",
    "ninja",
    "pydantic",
}
LOOK = "import django, json, sys; django.setup(); import tasks_admin.commands; print(json.dumps(list(sys.modules)))"


def test_a_command_loads_neither_signal_processing_nor_the_admins_pages(bare: dict[str, str]) -> None:
    found = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=ROOT, env=bare, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=60, check=True,
    )  # fmt: skip
    modules = set(json.loads(found.stdout))
    assert not HEAVY & modules
    assert not {
        name for name in modules if name.startswith(("analysis.admin", "tasks_admin.admin", "analysis.api"))
    }
