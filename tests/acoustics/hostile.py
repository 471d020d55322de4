"""Sounds that nobody would record on purpose, for hypothesis to draw, and what memory they may take."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from analysis.acoustics import Sound, decode
from tests.acoustics.files import wav
from tests.acoustics.voices import RATE, say

Samples = NDArray[np.float64]

SPEECH = say()
_LONG = 30 * RATE
_STATUS, _FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")

_LENGTHS = st.one_of(st.integers(RATE // 2, 4 * RATE), st.sampled_from([0, 1, 2, RATE // 3, RATE]))
_LOUDNESS = st.one_of(st.floats(0.01, 1), st.floats(-120, 40).map(lambda decibels: 10 ** (decibels / 20)))
_VALUES = st.one_of(
    arrays(np.float64, st.integers(1, 60), elements=st.floats(-1, 1)),
    st.floats(-2, 2).map(lambda value: np.array([value])),  # a constant
    arrays(np.float64, st.integers(0, 60), elements=st.floats(allow_nan=True, allow_infinity=True)),
)


def recordings() -> st.SearchStrategy[Samples]:
    """No sample to 16 s, now and then 30 s: of anything, or speech with something done to it."""
    return st.integers(0, 99).flatmap(
        lambda die: (
            _damaged() if die < 10 else _long() if die < 12 else _joined() if die < 55 else _spoilt_speech()
        )
    )


@st.composite
def _joined(draw: st.DrawFn) -> Samples:
    """Up to four pieces of anything, one after the other."""
    parts = draw(st.lists(_piece(), min_size=1, max_size=4))
    return np.concatenate(parts) + draw(st.sampled_from([0.0, 0.0, 0.3, -0.9]))  # a constant offset


@st.composite
def _piece(draw: st.DrawFn) -> Samples:
    kind = draw(st.sampled_from(["speech", "noise", "chirp", "silence", "click", "pattern"]))
    length = draw(_LENGTHS)
    if kind == "pattern":
        values = draw(_VALUES)
        return np.resize(values, length) if len(values) else values
    loudness = draw(_LOUDNESS)
    if kind == "noise":
        noise: Samples = loudness * np.random.default_rng(length).normal(size=length)
        return noise
    if kind == "chirp":
        return loudness * _chirp(length, draw(st.floats(0, RATE)), draw(st.floats(0, RATE)))
    if kind == "click":
        clicks: Samples = np.where(np.arange(length) % draw(st.integers(1, RATE)) == 0, loudness, 0.0)
        return clicks
    samples: Samples = 5 * SPEECH if kind == "speech" else np.zeros(length)
    return loudness * samples[:length]


def _chirp(length: int, first: float, last: float) -> Samples:
    """From one frequency, Hz, to another: beyond 8000 it folds back."""
    chirp: Samples = np.sin(2 * np.pi * np.cumsum(np.linspace(first, last, length)) / RATE)
    return chirp


@st.composite
def _spoilt_speech(draw: st.DrawFn) -> Samples:
    """Speech, cut, backwards, loud, clipped, with a piece of anything over it, or twice."""
    samples = SPEECH[draw(st.sampled_from([0, 0, 0, RATE // 4, RATE])) :]
    samples = draw(st.sampled_from([samples, samples, samples, samples[::-1], np.tile(samples, 2)]))
    over = draw(st.just(np.zeros(0)) | _piece())[: len(samples)]
    samples = draw(st.sampled_from([0.1, 1.0, 1.0, 2.0, 30.0])) * samples
    samples[: len(over)] += over
    return np.clip(samples, -1, 1) if draw(st.booleans()) else samples


@st.composite
def _damaged(draw: st.DrawFn) -> Samples:
    """Too few samples to hear anything in, or one of any value among good ones."""
    if draw(st.booleans()):
        return draw(
            arrays(np.float64, st.integers(0, 5000), elements=st.floats(width=32), fill=st.floats(width=32))
        )
    samples = SPEECH.copy()
    samples[draw(st.integers(0, len(samples) - 1))] = draw(st.floats(allow_nan=True, allow_infinity=True))
    return samples


def _long() -> st.SearchStrategy[Samples]:
    return (_joined() | _spoilt_speech()).map(lambda once: np.resize(once, _LONG) if len(once) else once)


def as_given(samples: Samples, role: str, *, filed: bool) -> Sound:
    """As samples, or by way of a file of 32-bit floats.

    Raises
    ------
    UnusableRecording
        Already here, for what no analysis can make sense of.
    """
    if not filed:
        return Sound.of(samples, role=role)
    with np.errstate(over="ignore"):
        file: io.BytesIO = wav([samples], floating=True)
    return decode(file, role=role)


class Memory:
    """What this process holds, in MB, as the kernel counts it."""

    def __init__(self) -> None:
        if not _FORGET.exists():
            pytest.skip("only Linux tells how much memory a process has held at most")
        self.before = self.now()
        _FORGET.write_text("5")  # from here on VmHWM counts anew

    @staticmethod
    def now() -> float:
        return _read("VmRSS")

    def at_most(self) -> float:
        """The most that was held since, beyond what was held before."""
        return _read("VmHWM") - self.before


def _read(field: str) -> float:
    (line,) = (each for each in _STATUS.read_text().splitlines() if each.startswith(f"{field}:"))
    return float(line.split()[1]) / 1024
