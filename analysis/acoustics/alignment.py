"""Which moment of the recording goes with which moment of the example, and how well the sounds agree.

Plain DTW of MFCC has the wrong sign: halting speech aligns at a lower cost a step, because it gives the path
more frames to choose from. Here pauses are taken out, the recording is stretched to the example's length, and
the cost is divided by that of scrambles of the example itself: same voice, same channel, same sounds, but not
the sentence. So tempo, microphone and register cancel, and no further data is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.acoustics.arrays import Floats, Indices
from analysis.acoustics.dtw import sloped
from analysis.acoustics.spectrum import HOP
from analysis.acoustics.utterance import Utterance

WARPS = (0.84, 0.92, 1.0, 1.08, 1.17)  # vocal tracts from a child against a man to the reverse
BAND = 0.22  # of the length; wider lets a wrong sentence find itself a path
LEAST_STEPS, MOST_STEPS = 20, 400
_SCRAMBLES, _BLOCK = 4, 18  # besides the reversed one; blocks of 18 frames are about a syllable

Features = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """A path between two utterances on a common scale of m steps, pauses taken out.

    Attributes
    ----------
    steps : int
        m, at most 400.
    path : np.ndarray [shape=(k, 2)]
        Steps of the recording and of the example that go together.
    cost : np.ndarray [shape=(m, m)]
        Cosine distance of each step of the recording to each of the example.
    relative_cost : float
        Mean cost along the path over the mean against scrambles: 0 for itself, about 1 for another sentence.
    warp : float
        The vocal-tract warp of the recording that fitted best.
    recording_frames, example_frames : np.ndarray [shape=(m,), dtype=int]
        The frame that each step stands for.
    mapped : np.ndarray [shape=(m,)]
        For each step of the example, the (fractional) step of the recording.
    """

    steps: int
    path: Indices
    cost: Floats
    relative_cost: float
    warp: float
    recording_frames: Indices
    example_frames: Indices
    mapped: Floats

    @property
    def recording_at(self) -> Floats:
        """For each step of the example, the (fractional) frame of the recording (m,)."""
        return np.interp(self.mapped, np.arange(self.steps), self.recording_frames.astype(np.float64))

    def along(self, values: Floats, side: int) -> Floats:
        """Frame values of the recording (side 0) or the example (1), at each point of the path."""
        frames = self.recording_frames if side == 0 else self.example_frames
        return values[frames][self.path[:, side]]

    def per_example_step(self, values: Floats) -> Floats:
        """Values at each point of the path (k,), averaged over each step of the example (m,)."""
        at = self.path[:, 1]
        counts = np.bincount(at, minlength=self.steps)
        sums = np.bincount(at, weights=values, minlength=self.steps)
        passed = np.flatnonzero(counts)
        return np.interp(np.arange(self.steps), passed, sums[passed] / counts[passed])

    def carry(self, start: float, end: float) -> tuple[float, float]:
        """A stretch of the example, seconds, as the stretch of the recording that goes with it."""
        first = int(np.searchsorted(self.example_frames, round(start / HOP)))
        last = int(np.searchsorted(self.example_frames, round(end / HOP), side="right")) - 1
        first, last = min(first, self.steps - 1), max(last, 0)
        there = self.recording_at
        begin, stop = float(there[min(first, last)]), float(there[max(first, last)])
        return begin * HOP, max(stop, begin + 1) * HOP


def align(recording: Utterance, example: Utterance) -> Alignment:
    """Align a recording to the example of the same sentence."""
    example_speech, recording_speech = example.speech.frames, recording.speech.frames
    steps = int(np.clip(len(example_speech), LEAST_STEPS, MOST_STEPS))
    goal = normalised(stretched(example.spectrum.mfcc()[example_speech], steps))
    best: tuple[float, Indices, Floats, Features, float] | None = None
    for warp in WARPS:
        tried = normalised(stretched(recording.spectrum.mfcc(warp)[recording_speech], steps))
        mean_cost, path, cost = _path(tried, goal)
        if best is None or mean_cost < best[0]:
            best = (mean_cost, path, cost, tried, warp)
    assert best is not None  # noqa: S101  (WARPS is not empty)
    mean_cost, path, cost, features, warp = best
    chance = float(np.mean([_path(features, scramble)[0] for scramble in _scrambles(goal)]))
    counts = np.bincount(path[:, 1], minlength=steps)
    passed = np.flatnonzero(counts)
    mapped = np.bincount(path[:, 1], weights=path[:, 0], minlength=steps)[passed] / counts[passed]
    return Alignment(
        steps=steps,
        path=path,
        cost=cost,
        relative_cost=mean_cost / max(chance, 1e-6),
        warp=warp,
        recording_frames=_sampled(recording_speech, steps),
        example_frames=_sampled(example_speech, steps),
        mapped=np.interp(np.arange(steps), passed, mapped),
    )


def normalised(cepstra: Floats) -> Features:
    """Mean and variance of each coefficient taken out, then unit length: (n, 13)."""
    even = (cepstra - cepstra.mean(axis=0)) / (cepstra.std(axis=0) + 1e-6)
    unit: Features = even / (np.linalg.norm(even, axis=1, keepdims=True) + 1e-9)
    return unit


def stretched(cepstra: NDArray[np.float32], steps: int) -> Floats:
    """Cepstra (n, 13) laid evenly on `steps` frames; averaged first where many fall on one."""
    values = cepstra.astype(np.float64)
    if len(values) > 1.2 * steps:
        width = round(len(values) / steps)
        width += 1 - width % 2
        values = _averaged(values, width)
    at = np.linspace(0, len(values) - 1, steps)
    below = np.floor(at).astype(int)
    part = (at - below)[:, None]
    laid: Floats = values[below] * (1 - part) + values[np.minimum(below + 1, len(values) - 1)] * part
    return laid


def _averaged(values: Floats, width: int) -> Floats:
    if width <= 1:
        return values
    padded = np.pad(values, ((width // 2, width // 2), (0, 0)), mode="edge")
    means: Floats = np.lib.stride_tricks.sliding_window_view(padded, width, axis=0).mean(axis=-1)
    return means


def _sampled(frames: Indices, steps: int) -> Indices:
    chosen: Indices = frames[np.rint(np.linspace(0, len(frames) - 1, steps)).astype(int)]
    return chosen


def _path(recording: Features, example: Features) -> tuple[float, Indices, Floats]:
    cost = np.maximum(0.0, 1.0 - recording @ example.T)
    mean_cost, path = sloped(np.ascontiguousarray(cost), max(12, int(BAND * len(cost))))
    return mean_cost, path, cost


def _scrambles(example: Features) -> list[Features]:
    """The example reversed, and four times shuffled in blocks: the seed is fixed so that a score repeats."""
    draw = np.random.default_rng(0)
    count = max(2, len(example) // _BLOCK)
    edges = np.linspace(0, len(example), count + 1).astype(int)
    scrambled = [example[::-1]]
    for _ in range(_SCRAMBLES):
        order = draw.permutation(count)
        if (order == np.arange(count)).all():
            order = order[::-1]
        blocks = [example[edges[k] : edges[k + 1]][:: -1 if draw.random() < 0.5 else 1] for k in order]
        scrambled.append(np.concatenate(blocks))
    return scrambled
