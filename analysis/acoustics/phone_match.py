"""How far what was said is from what the example says, as a phone recogniser heard the two.

The recogniser's names for sounds do not matter, only whether it gives them the same ones at the same place. On
2.7 s of speech by 20 speakers each (speechocean762) the distance along the path agreed better with the experts'
accuracy (r -.71) than the edit distance of the two decodings (-.60; -.52 before the tempo was made even).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.acoustics.alignment import BAND, LEAST_STEPS, stretched
from analysis.acoustics.arrays import Floats, Indices
from analysis.acoustics.dtw import phone_places, sloped
from analysis.acoustics.phones import Heard, hear, hear_example, recogniser
from analysis.acoustics.utterance import Utterance

_SOFTENED = 2.0  # temperature: a recogniser is surer of itself than it is right
_MOST_STEPS = 1000  # 20 s of the example, each step longer beyond
_WORST_SECONDS = 0.3  # about a syllable and a half
_TEMPO_SECONDS = 0.2  # about a syllable
_LARGEST_LOSS = 8.0  # of one frame or phone: what was never expected cannot be worse than not there


@dataclass(frozen=True, slots=True)
class PhoneMatch:
    """Badnesses, 0 for the example against itself.

    Attributes
    ----------
    error : float
        ln(likelihood of the phones heard / of the other's phones) a phone, the mean of both directions, at most 8.
    distance : float
        Mean distance of the two along the alignment of their phone probabilities, 0 to 1 (Hazen et al. 2009).
    worst : float
        The same over the worst 0.3 s of the example, relative to the mean of any place with any other.

    tempo : float
        Spread of the local log tempo ratio along that alignment, stretches of 0.2 s.
    """

    error: float
    distance: float
    worst: float
    tempo: float


def heard_alike(
    recording: Utterance, example: Utterance, tick: Callable[[], None] | None = None
) -> PhoneMatch | None:
    """How alike the platform's recogniser hears the two; None where it has none.

    Nor where a voice does not sound: the recogniser was not taught whispers, and hears another sentence.
    """
    by = recogniser()
    if by is None or any(np.isnan(each.track.semitones).all() for each in (recording, example)):
        return None
    return match(hear(by, recording, example.speech.seconds, tick), hear_example(by, example, tick))


def match(recording: Heard, example: Heard) -> PhoneMatch:
    """Compare what one recogniser heard in two recordings of about one length."""
    distances, mapped, chance = _along(recording, example)
    step = example.frame * len(example.frames) / len(distances)  # s
    width = max(1, min(len(distances), round(_WORST_SECONDS / step)))
    return PhoneMatch(
        error=min(_LARGEST_LOSS, (_loss(recording, example.phones) + _loss(example, recording.phones)) / 2),
        distance=float(distances.mean()),
        worst=float(np.convolve(distances, np.ones(width) / width, "valid").max()) / chance,
        tempo=_tempo_spread(mapped, max(1, round(_TEMPO_SECONDS / step))),
    )


def _along(recording: Heard, example: Heard) -> tuple[Floats, Floats, float]:
    """For each step of the example (m,): distance along the best path, and the step of the recording.

    And the mean distance of any step to any other, at least 0.05.
    """
    steps = int(np.clip(len(example.frames), LEAST_STEPS, _MOST_STEPS))
    mine, goal = (_sounds(each, steps) for each in (recording, example))
    cost = np.ascontiguousarray(np.maximum(0.0, 1.0 - mine @ goal.T))
    _, path = sloped(cost, max(8, int(BAND * steps)))
    there, here = path.T
    counts = np.bincount(here, minlength=steps)
    passed = np.flatnonzero(counts)
    distances, mapped = (
        np.interp(
            np.arange(steps),
            passed,
            np.bincount(here, weights=values, minlength=steps)[passed] / counts[passed],
        )
        for values in (cost[there, here], there)
    )
    return distances, mapped, max(float(cost.mean()), 0.05)


def _tempo_spread(mapped: Floats, width: int) -> float:
    """Standard deviation of ln(steps there / here) over stretches of `width` steps."""
    grid = np.arange(0, len(mapped), width)
    # Half a step on both sides: a stretch that is left out altogether counts as very short, not as nothing.
    ratios = np.log((np.diff(mapped[grid]) + 0.5) / (np.diff(grid) + 0.5))
    return float(ratios.std()) if len(ratios) else 0.0


def _sounds(heard: Heard, steps: int) -> Floats:
    """Square roots of the probabilities of each sound, whatever the blank's, of unit length (steps, sounds)."""
    logs = np.delete(heard.frames, heard.blank, axis=1) / _SOFTENED
    odds = np.exp(logs - logs.max(axis=1, keepdims=True))
    roots = stretched(np.sqrt(odds / odds.sum(axis=1, keepdims=True)), steps)
    unit: Floats = roots / np.linalg.norm(roots, axis=1, keepdims=True)
    return unit


def _loss(heard: Heard, expected: Indices) -> float:
    """ln(likelihood of each frame's own best / of the expected phones), over the number of phones."""
    frames = heard.frames
    if len(frames) <= 2 * len(expected):
        return _LARGEST_LOSS
    places = phone_places(frames, expected, heard.blank)
    columns = np.where(places >= 0, expected[places], heard.blank)
    lost = frames.max(axis=1) - frames[np.arange(len(frames)), columns]
    return float(np.minimum(lost, _LARGEST_LOSS).sum()) / len(expected)
