"""Where there is speech, and where the pauses are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.acoustics.arrays import Bools, Floats, Indices, runs, smoothed
from analysis.acoustics.spectrum import HOP, Spectrum

SHORTEST_PAUSE = 0.15  # s; what is shorter is the closure of a stop, not a pause
DEEPEST, _SHALLOWEST = 30.0, 12.0  # dB below the loud frames
_PAUSE_FRAMES = 14  # smoothing eats about a frame of each pause
_SHORTEST_SPEECH_FRAMES = 6  # 60 ms; what is shorter is a click


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """Which frames of a recording are speech.

    Attributes
    ----------
    active : np.ndarray [shape=(n,), dtype=bool]
        True in speech, closures included; false in pauses and outside.
    spread : float
        95th minus 3rd percentile of the smoothed level, dB: a guess at the signal-to-noise ratio.
    depth : float
        How far below the loud frames speech was still told from what is behind it, dB.
    """

    active: Bools
    spread: float
    depth: float

    @property
    def frames(self) -> Indices:
        """The frames that are speech."""
        return np.flatnonzero(self.active)

    @property
    def seconds(self) -> float:
        """Speech time without pauses."""
        return float(self.active.sum()) * HOP

    @property
    def start(self) -> int:
        """First frame of speech."""
        return int(self.frames[0])

    @property
    def stop(self) -> int:
        """One past the last frame of speech."""
        return int(self.frames[-1]) + 1

    @property
    def pauses(self) -> Floats:
        """Length of each pause inside the utterance, seconds."""
        begins, ends = runs(~self.active[self.start : self.stop])
        lengths: Floats = (ends - begins).astype(np.float64) * HOP
        return lengths


def find_speech(spectrum: Spectrum, depth: float = DEEPEST) -> Speech:
    """Speech by level: within 30 dB of the loud frames, at least 5 dB above the quiet ones.

    Where the spread is small (noise, or no pause at all) the threshold stays 12 dB under the loud frames, so
    that noise cannot swallow all of it. Everything counts as speech where next to nothing passes. A smaller
    `depth` leaves out weak ends that another recording's noise has covered.
    """
    level = smoothed(spectrum.level, np.ones(5))
    quiet, loud, loudest = (float(value) for value in np.percentile(level, [3, 95, 99.5]))
    # Where speech fills less than a twentieth of the time, the 95th percentile is silence.
    loud = max(loud, loudest - 10)
    depth = min(depth, max(loud - quiet - 5, _SHALLOWEST))
    active = level > loud - depth
    _fill_closures(active)
    _drop_clicks(active)
    if active.sum() < 5:
        active[:] = True
    return Speech(active, loud - quiet, depth)


def _fill_closures(active: Bools) -> None:
    for begin, end in zip(*runs(~active), strict=True):
        if end - begin < _PAUSE_FRAMES and begin > 0 and end < len(active):
            active[begin:end] = True


def _drop_clicks(active: Bools) -> None:
    for begin, end in zip(*runs(active), strict=True):
        if end - begin < _SHORTEST_SPEECH_FRAMES and active.sum() > end - begin:
            active[begin:end] = False
