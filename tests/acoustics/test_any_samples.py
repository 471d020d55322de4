"""Whatever the samples are, the answer is a result without a NaN or a refusal by name."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from analysis.acoustics import EXERCISES, Sound, UnusableRecording, analyze
from tests.acoustics.voices import RATE, say, sound

PIECES = st.one_of(
    arrays(np.float64, st.integers(0, 60), elements=st.floats(allow_nan=True, allow_infinity=True)),
    arrays(np.float64, st.integers(0, 60), elements=st.floats(-1, 1)),
    st.floats(-2, 2).map(lambda value: np.array([value])),
)


@st.composite
def recordings(draw: st.DrawFn) -> NDArray[np.float64]:
    """Up to 4 s: patterns of any values repeated, stretched, with speech, noise or silence among them."""
    parts = []
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["pattern", "noise", "silence", "speech"]))
        length = draw(st.one_of(st.sampled_from([RATE // 3, RATE]), st.integers(0, RATE)))
        if kind == "pattern":
            piece = draw(PIECES)
            parts.append(np.resize(piece, length) if len(piece) else piece)
        elif kind == "noise":
            parts.append(draw(st.floats(1e-6, 1)) * np.random.default_rng(length).normal(size=length))
        elif kind == "silence":
            parts.append(np.zeros(length))
        else:
            parts.append(SPEECH[:length])
    return np.concatenate(parts) if parts else np.zeros(0)


SPEECH = say()
EXAMPLE = sound(SPEECH)


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(recordings(), st.sampled_from(EXERCISES), st.sampled_from(["", "三題哭寫破華疊四", "一"]))
def test_any_samples_give_a_result_or_a_named_refusal(
    samples: NDArray[np.float64], exercise: str, text: str
) -> None:
    try:
        analysis = analyze(Sound.of(samples), EXAMPLE, exercise=exercise, text=text)
    except UnusableRecording as error:
        assert error.role == "recording"
        return

    json.dumps(analysis.to_dict(), allow_nan=False)
    assert analysis.scores.overall is None or 0 <= analysis.scores.overall <= 100


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(recordings())
def test_any_example_does_too(samples: NDArray[np.float64]) -> None:
    try:
        example = Sound.of(samples, role="example")
        analysis = analyze(EXAMPLE, example, text="三題哭寫")
    except UnusableRecording as error:
        assert error.role == "example"
        return

    json.dumps(analysis.to_dict(), allow_nan=False)
