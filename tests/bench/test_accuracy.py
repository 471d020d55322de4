"""`python -m bench.accuracy` on a folder that was never seen, and the statistics under it."""

from __future__ import annotations

import csv
import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.accuracy.__main__ import main
from bench.accuracy.figure import Figure, interval, mean_of
from tests.acoustics.speech import EXAMPLES, TAKES
from tests.conftest import ROOT

SPEECH = ROOT / "analysis" / "demo" / "speech"
# Said again, and worse: recording by the example's name, and the rating.
WORSE = {
    "bread": ("bread-slow-pauses.webm", 5.0),
    "horse": ("horse-wrong-syllable.wav", 7.0),
    "milk": ("milk-slow.webm", 6.0),
    "park": ("park-pauses.m4a", 6.5),
    "turtle": ("turtle-two-wrong-syllables.mp3", 6.0),
}


@pytest.fixture
def rated(tmp_path: Path) -> Path:
    """Ten takes of the demonstration's sentences by three speakers, and a file that is no sound."""
    for part in ("audio", "example"):
        (tmp_path / part).mkdir()
    takes = [(name, file, 9.5) for name, file in TAKES.items()]
    takes += [(name, *said) for name, said in WORSE.items()]
    rows = []
    for at, (name, file, rating) in enumerate(takes):
        shutil.copy(SPEECH / file, (tmp_path / "audio" / f"u{at}").with_suffix(Path(file).suffix))
        example = (tmp_path / "example" / f"u{at}").with_suffix(Path(EXAMPLES[name]).suffix)
        shutil.copy(SPEECH / EXAMPLES[name], example)
        rows.append([f"u{at}", f"s{at % 3}", name, *[rating + 0.1 * at] * 4])
    for part in ("audio", "example"):
        (tmp_path / part / "bad.wav").write_text("not sound")
    rows.append(["bad", "s1", "bad", 5, 5, 5, 5])
    with (tmp_path / "scores.csv").open("w", encoding="utf-8-sig", newline="") as out:
        csv.writer(out).writerows(
            [["utterance", "speaker", "text", "accuracy", "fluency", "prosodic", "total"], *rows]
        )
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    return {each["figure"]: each for each in map(json.loads, capsys.readouterr().out.splitlines())}


def test_rated_recordings_that_were_never_seen(rated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--data", str(rated), "--limit", "2", "--language", "zh", "--name", "demo"])

    found = printed(capsys)
    fluency = found["fluency: Pearson's r with the raters, curves of the repository"]
    assert fluency["value"] > 0.5
    assert fluency["ci95"][0] <= fluency["value"] <= fluency["ci95"][1]
    assert (fluency["trials"], fluency["speakers"], fluency["data"]) == (10, 3, "demo")
    assert (fluency["recordings"], fluency["left_out"]) == (10, 1)
    for name in ("slow x1.5: fluency", "flat pitch: pitch"):
        assert found[f"{name} tells it from the same recording"]["value"] == 1.0
    assert found["another sentence: refused"]["value"] == 1.0
    assert found["20 dB softer: median of the change of overall"]["value"] < 3
    assert found["noise 10 dB below: flagged as noise"]["value"] == 1.0
    assert all(line["value"] is None or math.isfinite(line["value"]) for line in found.values())


def test_a_bad_file_is_told_by_name(rated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--data", str(rated), "--limit", "0", "--language", "zh"])

    told = capsys.readouterr().err.splitlines()
    assert [line for line in told if line.startswith("left out: bad: ")]
    assert len(told) == 1


def test_a_folder_of_neither_kind_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "scores.csv").touch()
    with pytest.raises(SystemExit, match=r"lacks audio, example of .*lacks pairs.csv, word, syllable of"):
        main(["--data", str(tmp_path)])
    with pytest.raises(SystemExit, match="no folder"):
        main(["--data", str(tmp_path / "nowhere")])


def test_one_voice_is_not_enough(tmp_path: Path) -> None:
    for part in ("word", "syllable"):
        (tmp_path / part).mkdir()
    (tmp_path / "pairs.csv").write_text("character,base,tone,word_file\n媽,ma,1,ma1.mp3\n")
    (tmp_path / "word" / "ma1.mp3").write_text("not sound")
    with pytest.raises(SystemExit, match="no recording that can be used"):
        main(["--data", str(tmp_path)])


def test_an_interval_is_drawn_over_speakers_and_not_over_recordings() -> None:
    values = np.repeat([0.0, 1.0, 0.0, 1.0, 0.0, 1.0], 100)
    whose = [str(at // 100) for at in range(600)]
    wide = interval(mean_of(values), whose)
    narrow = interval(mean_of(values), [str(at) for at in range(600)])
    assert wide is not None
    assert narrow is not None
    assert wide[1] - wide[0] > 0.5
    assert narrow[1] - narrow[0] < 0.1


def test_two_speakers_have_no_interval() -> None:
    assert interval(mean_of([0.0, 1.0]), ["a", "b"]) is None


@pytest.mark.parametrize(("most", "ok"), [(True, True), (False, False)])
def test_a_line_says_whether_the_aim_is_reached(most: bool, ok: bool) -> None:
    assert Figure("x", 1.0, "points", 3, 2, aim=2.0, most=most).line()["ok"] is ok


def test_what_is_no_number_is_null() -> None:
    line = Figure("x", float("nan"), "r", 0, 0, aim=0.5).line()
    assert line["value"] is None
    assert "ok" not in line
