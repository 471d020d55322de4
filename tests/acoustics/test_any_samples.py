"""Whatever the samples are, the answer is a result without a NaN or a refusal by name, and memory stays bounded.

The suite draws a bounded number, always the same. ``HOSTILE_INPUTS=10000 pytest tests/acoustics/test_any_samples.py``
draws so many others, which takes about a quarter of an hour.
"""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from analysis.acoustics import (
    EXERCISES,
    LANGUAGES,
    InvalidRequest,
    Mark,
    Sound,
    Speaker,
    UnusableRecording,
    analyze,
)
from tests.acoustics.hostile import SPEECH, Memory, Samples, as_given, recordings
from tests.acoustics.voices import sound

EXAMPLE = sound(SPEECH)
ASKED = int(os.environ.get("HOSTILE_INPUTS", "0"))
MOST_AT_ONCE, MOST_KEPT = 600.0, 60.0  # MB: held by one analysis of at most 30 s; left behind by thirty

settings.register_profile(
    "hostile",
    max_examples=ASKED or 250,
    derandomize=not ASKED,
    print_blob=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
pytestmark = pytest.mark.timeout(0 if ASKED else 180)

TEXTS = st.one_of(st.sampled_from(["", "三題哭寫破華疊四", "一", "a walk in the park"]), st.text(max_size=40))
STRANGE = st.fixed_dictionaries(
    {},
    optional={
        "speaker": st.builds(Speaker, st.sampled_from([None, "male", "female"]), st.floats(-1, 140)),
        "marks": st.lists(st.builds(Mark, st.floats(), st.floats()), max_size=3),
        "exercise": st.sampled_from(["song", ""]),
    },
)
SENSIBLE = st.fixed_dictionaries({"exercise": st.sampled_from(["sentence", "sentence", *EXERCISES])})
REQUESTS = st.integers(0, 9).flatmap(lambda die: STRANGE if die == 0 else SENSIBLE)


@settings(settings.get_profile("hostile"))
@given(
    samples=recordings(),
    filed=st.booleans(),
    other=st.integers(0, 9).flatmap(
        lambda die: recordings() if die > 7 else st.just(EXAMPLE if die else None)
    ),
    text=TEXTS,
    language=st.sampled_from(LANGUAGES),
    request=REQUESTS,
)
def test_any_input_gives_a_result_or_a_named_refusal(
    samples: Samples, filed: bool, other: Any, text: str, language: str, request: dict[str, Any]
) -> None:
    memory = Memory()
    try:
        recording = as_given(samples, "recording", filed=filed)
        example = other if other is None or other is EXAMPLE else as_given(other, "example", filed=filed)
        analysis = analyze(recording, example, text=text, language=language, **request)
    except (UnusableRecording, InvalidRequest) as error:
        event(str(error.args[0]))
        return
    finally:
        assert memory.at_most() < MOST_AT_ONCE

    event("scored" if analysis.scores.overall is not None else analysis.unscored["overall"])
    json.dumps(analysis.to_dict(), allow_nan=False)
    assert analysis.scores.overall is None or 0 <= analysis.scores.overall <= 100
    assert all(0 <= each <= 100 for each in _points(analysis.to_dict()))


def _points(found: dict[str, Any]) -> list[float]:
    names = ("overall_score", "pronunciation_accuracy", "fluency_score", "rhythm_score", "pitch_score")
    parts = ("segment_score", "initial_score", "final_score", "tone_score")
    given_points = [found[name] for name in names] + [
        each[part] for each in found["syllables"] for part in parts
    ]
    return [points for points in given_points if points is not None]


def test_nothing_piles_up() -> None:
    _varied(16)  # the models are loaded, what compiles is compiled, the remembered examples are full
    before = Memory.now()
    _varied(32)
    assert Memory.now() - before < MOST_KEPT


def _varied(count: int) -> None:
    """So many recordings of any length against ever new examples."""
    draw = np.random.default_rng(count)
    for _ in range(count):
        length = int(draw.integers(8_000, 64_000))
        samples = np.resize(SPEECH, length) + draw.normal(0, 10 ** draw.uniform(-5, -2), length)
        analyze(Sound.of(samples), Sound.of(samples[::-1]), text="三題哭寫破華疊四")


def test_the_refusal_says_which_of_the_two() -> None:
    with pytest.raises(UnusableRecording) as refused:
        as_given(0 * SPEECH, "example", filed=True)
    assert refused.value.role == "example"
