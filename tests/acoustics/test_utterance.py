"""What is speech in a recording, and what only comes before it."""

from __future__ import annotations

import pytest

from analysis.acoustics import analyze
from bench.disturbing import after_a_cough
from tests.acoustics.speech import EXAMPLES, example, take


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_cough_before_is_neither_speech_nor_a_pause(name: str) -> None:
    clean, coughed = (analyze(each, example(name)) for each in (take(name), after_a_cough(take(name))))

    assert (clean.scores.fluency, clean.scores.rhythm) == pytest.approx(
        (coughed.scores.fluency, coughed.scores.rhythm), abs=3
    )
    assert _named(coughed, "pause_count") == _named(clean, "pause_count")


def _named(analysis: object, name: str) -> float:
    return next(float(each.value) for each in analysis.measures if each.name == name)  # type: ignore[attr-defined]
