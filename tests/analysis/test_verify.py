"""Stored audio is compared with what was uploaded."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from analysis.models import Exercise, Patient, PracticeRecording
from analysis.verify import share, verify
from tests.conftest import record


@pytest.fixture
def path(recording: PracticeRecording) -> Path:
    return Path(recording.audio.path)


def test_what_is_as_it_was(path: Path) -> None:
    found = verify(shares=1)
    assert (found["ok"], found["due"], found["read"]) == (True, 1, 1)


def test_one_bit_that_turned(recording: PracticeRecording, path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    found = verify(shares=1)
    assert (found["ok"], found["wrong"]) == (False, ["changed"])
    assert found["changed"] == {"count": 1, "ids": [str(recording.pk)]}


def test_a_file_that_is_gone(recording: PracticeRecording, path: Path) -> None:
    path.unlink()
    assert verify(shares=1)["missing"]["ids"] == [str(recording.pk)]
    assert verify(shares=1, dry_run=True)["read"] == 0


def test_each_has_its_turn_once(amy: Patient, exercise: Exercise) -> None:
    everything = {record(amy, exercise).pk for _ in range(8)}
    turns = [
        set(share(7, date(2026, 3, 1) + timedelta(days=n)).values_list("pk", flat=True)) for n in range(7)
    ]
    assert set.union(*turns) == everything
    assert sum(map(len, turns)) == len(everything)


@pytest.mark.parametrize("shares", [0, 366, True, "30", None])
def test_shares_that_are_none(shares: Any) -> None:
    with pytest.raises(ValueError, match="shares is"):
        verify(shares=shares)
