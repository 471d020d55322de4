"""The demonstration's speech: what the manifest says is what lies in the folder, and what was planned."""

from __future__ import annotations

import io

import pytest

from analysis.acoustics import UnusableRecording, analyze, decode
from analysis.demo.cast import EXERCISES
from analysis.demo.findings import put_in
from analysis.demo.manifest import SPEECH, Mishap, read
from analysis.demo.mishaps import spoil
from analysis.demo.takes import PRACTICE, SPOILT, TAKES

MADE_FROM = SPEECH / "p1-week-7.webm"


def test_the_manifest_names_every_file_and_every_file_is_small() -> None:
    manifest = read()
    named = {each["example"] for each in manifest["exercises"] if "example" in each}
    named |= {each["file"] for each in manifest["recordings"]}
    sizes = {path.name: path.stat().st_size for path in SPEECH.iterdir()}
    assert set(sizes) == named | {"manifest.json"}
    assert sum(sizes.values()) < 1_000_000
    assert {each["made_from"] for each in manifest["spoilt"]} <= named


def test_the_manifest_is_the_one_of_these_takes() -> None:
    manifest = read()
    assert [each["key"] for each in manifest["exercises"]] == [each.key for each in EXERCISES]
    made = [(each["key"], each["patient"], each["recorded"]["weeks_ago"]) for each in manifest["recordings"]]
    assert made == [(take.key, take.speaker.name, take.weeks_ago) for take in (*TAKES, *PRACTICE)]
    assert [each["in_table"] for each in manifest["recordings"]].count(True) == len(TAKES) == 10
    spoilt = [(each["key"], each["mishap"], each["ending"]) for each in manifest["spoilt"]]
    assert spoilt == [(each.key, each.mishap, each.ending) for each in SPOILT]


def test_every_mistake_can_be_said_in_words() -> None:
    manifest = read()
    texts = {each["key"]: each["text"] for each in manifest["exercises"]}
    said = {
        put_in(mistake, texts[each["exercise"]])
        for each in manifest["recordings"]
        for mistake in each["truth"]["mistakes"]
    }
    assert len(said) >= 12
    assert all(said)


@pytest.mark.parametrize(
    ("mishap", "code"), [("silent", "silent"), ("too_short", "too_short"), ("not_sound", "unreadable")]
)
def test_a_spoilt_recording_is_refused_for_its_own_reason(mishap: Mishap, code: str) -> None:
    with pytest.raises(UnusableRecording) as refused:
        analyze(io.BytesIO(spoil(mishap, MADE_FROM)))
    assert refused.value.code == code


def test_the_clipped_one_is_scored_with_a_warning() -> None:
    found = analyze(
        io.BytesIO(spoil("clipped", MADE_FROM)), SPEECH / "park-example.webm", text="今天我們去公園散步"
    )
    assert [(flag.code, flag.severity) for flag in found.flags] == [("clipping", "doubtful")]
    assert found.scores.overall is not None


def test_the_cancelled_one_sounds_like_its_take() -> None:
    made = decode(io.BytesIO(spoil("cancelled", MADE_FROM))).samples
    assert made == pytest.approx(decode(MADE_FROM).samples, abs=1e-3)
