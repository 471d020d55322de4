"""How figures move over time, and the small pictures that the server draws."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from analysis.drawing import gauge, pitch_picture
from analysis.models import SCORES, Exercise, Patient
from analysis.trends import trend
from tests.analysis.conftest import found
from tests.conftest import record

pytestmark = pytest.mark.usefixtures("redis")


def test_scores_run_from_the_oldest_recording_to_the_newest(
    alice: User, bob: User, amy: Patient, exercise: Exercise
) -> None:
    for day, score in ((8, 90.0), (1, 70.0), (15, None)):
        recording = record(amy, exercise)
        recording.recorded_at = datetime(2025, 11, day, tzinfo=UTC)
        recording.save()
        found(recording, overall_score=1.0)  # replaced by the next
        found(recording, overall_score=score)
    moves = trend(alice, amy, exercise)
    assert moves.names == SCORES
    assert [point.values[0] for point in moves.points] == [70.0, 90.0, None]
    assert moves.moved[:2] == (20.0, None)
    assert trend(bob, amy, exercise).points == ()


def test_a_vowel_is_followed_by_its_measures(alice: User, amy: Patient, exercise: Exercise) -> None:
    exercise.kind = Exercise.Kind.SUSTAINED_VOWEL
    exercise.save()
    for value in (8.5, 12.0):
        found(record(amy, exercise), measures={"maximum_phonation_time": {"value": value, "unit": "s"}})
    moves = trend(alice, amy, exercise)
    assert moves.names[0] == "maximum_phonation_time"
    assert [point.values[0] for point in moves.points] == [8.5, 12.0]
    assert moves.moved[:2] == (3.5, None)


@pytest.mark.parametrize(
    ("value", "low", "high", "at", "beyond"),
    [
        (15, 10, 20, 50, False), (10, 10, 20, 100 / 3, False), (99, 10, 20, 100, True), (-5, 10, 20, 0, True),
        (1.0, None, 1.0, 50, False), (5.0, 10.0, None, 25, False), (0.5, 0.0, None, 25, False),
    ],
)  # fmt: skip
def test_a_gauge_shows_where_a_value_lies(
    value: float, low: float | None, high: float | None, at: float, beyond: bool
) -> None:
    drawn = gauge(value, low, high)
    assert drawn is not None
    assert drawn.value == pytest.approx(at)
    assert drawn.beyond is beyond
    assert 0 <= drawn.start < drawn.start + drawn.length <= 100 + 1e-9


def test_without_a_limit_there_is_no_gauge() -> None:
    assert gauge(1.0, None, None) is None


def test_pitch_is_drawn_by_syllable() -> None:
    syllables: list[dict[str, Any]] = [
        {"text": "哥", "contour": [0.0, 2.0], "example_contour": None},
        {"text": "去", "contour": [4.0, -4.0], "example_contour": [0.0, 0.0]},
    ]
    picture = pitch_picture(syllables, width=100, height=80)
    assert picture is not None
    assert picture.recording == ("0.0,40.0 50.0,20.0", "50.0,0.0 100.0,80.0")
    assert picture.example == ("50.0,40.0 100.0,40.0",)
    assert picture.columns == ((25.0, "哥"), (75.0, "去"))
    assert pitch_picture([{"text": "a"}]) is None
