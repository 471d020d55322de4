"""`manage.py analyze --manifest`: thousands in one go, and what goes wrong in some of them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from analysis.demo.people import SPEECH
from tests.acceptance.running import here
from tests.conftest import ROOT

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("commands")]
TEXT = "今天我們去公園散步"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("park-example.webm", "park-faithful.webm", "p1-vowel.webm"):
        shutil.copy(SPEECH / name, tmp_path)
    (tmp_path / "note.txt").write_text("not sound")
    return tmp_path


def start(folder: Path, *arguments: str, manifest: str = "pairs.csv") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "analyze", "--manifest", str(folder / manifest), *arguments],
        cwd=ROOT, env=os.environ | {"PYTHONWARNINGS": "ignore", "LANG": "C.UTF-8"}, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def run(folder: Path, rows: str, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    (folder / "pairs.csv").write_text(rows, encoding="utf-8")
    process = start(folder, *(arguments or ("--jsonl", "-")))
    out, said = process.communicate(timeout=120)
    return process.returncode, [json.loads(line) for line in out.splitlines()], said


def test_each_row_is_a_line_and_a_bad_file_a_bad_line(folder: Path) -> None:
    rows = [
        "recording,example,text,language,exercise,clinic,seconds",
        f"park-faithful.webm,park-example.webm,{TEXT},zh,sentence,台北,long",
        f"note.txt,park-example.webm,{TEXT},zh,sentence,台中,",
        f"nowhere.wav,park-example.webm,{TEXT},zh,sentence,,",
        f"park-faithful.webm,nowhere.wav,{TEXT},zh,sentence,,",
        "p1-vowel.webm,,,zh,sustained_vowel,高雄,",
        "p1-vowel.webm,,,zh,song,,",
        ".,,,zh,sentence,,",
        "p1-vowel.webm,,,zh,sentence,,,and more",
    ]
    code, lines, said = run(folder, "\ufeff" + "\r\n".join(rows))
    assert code == 0, said
    assert [line["recording"] for line in lines] == [row.split(",")[0] for row in rows[1:]]
    assert [line.get("error", {}).get("code") for line in lines] == [
        None, "recording_unreadable", "recording_missing", "example_missing", None, "invalid_request", "cannot_read",
        "invalid_request",
    ]  # fmt: skip
    assert lines[0]["overall_score"] > 80
    assert (lines[0]["clinic"], lines[0]["manifest_seconds"], lines[0]["text"]) == ("台北", "long", TEXT)
    assert lines[0]["seconds"] == pytest.approx(3.64, abs=0.1)
    assert lines[1]["clinic"] == "台中"
    assert lines[1]["error"]["message"] != "recording_unreadable"  # but a sentence
    assert lines[4]["exercise"] == "sustained_vowel"
    assert lines[4]["measures"]["maximum_phonation_time"]["value"] > 1
    assert "8" in said.splitlines()[-1]
    assert "Traceback" not in said


def test_options_stand_in_for_columns(folder: Path) -> None:
    code, (line,), said = run(
        folder, "recording\npark-faithful.webm\n", "--jsonl", "-", "--text", TEXT, "--no-progress-bar",
        "--example", str(folder / "park-example.webm"),
    )  # fmt: skip
    assert code == 0
    assert line["overall_score"] > 80
    assert len(said.splitlines()) == 1  # the sum


def test_sex_age_and_marks_are_used(folder: Path) -> None:
    rows = (
        "recording,example,text,sex,birth_year,marks\n"
        'park-faithful.webm,park-example.webm,今天,f,1980,"[[0.3, 0.5], [0.5, 0.8]]"\n'
        "park-faithful.webm,park-example.webm,今天,,old,\n"
        "park-faithful.webm,park-example.webm,今天,x,,\n"
        "park-faithful.webm,park-example.webm,今天,,,here\n"
    )
    _, lines, _ = run(folder, rows)
    assert [each["example_start"] for each in lines[0]["syllables"]] == [0.3, 0.5]
    assert "norm" in lines[0]["measures"]["f0_median"]
    assert [line["error"]["figures"]["parameter"] for line in lines[1:]] == [
        "speaker.age", "speaker.sex", "marks",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"wav\na.wav\n", "recording"), ("recording\n媽.wav\n".encode("big5"), "UTF-8")],
)
def test_a_manifest_that_cannot_be_trusted_is_refused(folder: Path, content: bytes, said: str) -> None:
    (folder / "pairs.csv").write_bytes(content)
    refused(folder, "--jsonl", str(folder / "out.jsonl"), said=said)
    assert not (folder / "out.jsonl").exists()


@pytest.mark.parametrize("arguments", [[], ["--jsonl", "/nowhere/out.jsonl"]])
def test_it_says_where_the_lines_cannot_go(folder: Path, arguments: list[str]) -> None:
    (folder / "pairs.csv").write_text("recording\np1-vowel.webm\n")
    refused(folder, *arguments, said="jsonl")


def refused(folder: Path, *arguments: str, said: str) -> None:
    found = here("analyze", "--manifest", str(folder / "pairs.csv"), *arguments)
    assert found.returncode == 2
    assert said in found.stderr
    assert "Traceback" not in found.stderr
    assert found.stdout == ""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_is_done(folder: Path, ending: signal.Signals) -> None:
    (folder / "pairs.csv").write_text("recording\n" + "park-faithful.webm\n" * 500)
    process = start(folder, "--jsonl", str(folder / "out.jsonl"), "--processes", "2")
    assert process.stderr is not None
    process.stderr.readline()  # a fiftieth is done
    process.send_signal(ending)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    lines = (folder / "out.jsonl").read_text().splitlines()
    assert 10 <= len(lines) < 500
    assert all(json.loads(line)["measures"] for line in lines)
