"""The demo's speech, and what can be done to it: slower, with pauses, flat, in part by another voice."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import parselmouth
from numpy.typing import NDArray

from analysis.acoustics import Sound, decode

RATE = 16_000
EXAMPLES = {
    "bread": "bread-example.webm",
    "horse": "horse-example.flac",
    "milk": "milk-example.m4a",
    "park": "park-example.webm",
    "turtle": "turtle-example.webm",
}
# The same five sentences, said well by somebody else.
TAKES = {
    "bread": "bread-faithful.webm",
    "horse": "p5-week-6.webm",
    "milk": "p3-week-7.webm",
    "park": "park-faithful-man.webm",
    "turtle": "p4-week-8.webm",
}
# Praat draws lots for what is unvoiced: the same speech at each run.
_SEEDED = "random_initializeWithSeedUnsafelyButPredictably (1)"
Samples = NDArray[np.float64]


@cache
def recorded(file: str) -> Sound:
    """One file of the demo."""
    return decode(Path(__file__).parents[2] / "analysis" / "demo" / "speech" / file)


def example(name: str) -> Sound:
    return recorded(EXAMPLES[name])


def take(name: str) -> Sound:
    return recorded(TAKES[name])


def slowed(sound: Sound, times: float) -> Sound:
    """Every sound so many times longer, at the same pitch."""
    (slow,) = parselmouth.praat.run(_praat(sound), f"{_SEEDED}\nLengthen (overlap-add): 60, 600, {times}")
    return Sound.of(slow.values[0])


def flattened(sound: Sound, hertz: float) -> Sound:
    """The same speech on one pitch."""
    manipulation = parselmouth.praat.call(_praat(sound), "To Manipulation", 0.01, 60, 600)
    tier = parselmouth.praat.call(manipulation, "Extract pitch tier")
    parselmouth.praat.call(tier, "Formula", str(hertz))
    parselmouth.praat.call([tier, manipulation], "Replace pitch tier")
    (made,) = parselmouth.praat.run(manipulation, f"{_SEEDED}\nGet resynthesis (overlap-add)")
    return Sound.of(made.values[0])


def with_pauses(sound: Sound, at: tuple[float, ...], seconds: float) -> Sound:
    """Silence put in at shares (0-1) of the recording."""
    samples = sound.samples.astype(np.float64)
    cuts = [quietest(samples, round(share * len(samples))) for share in at]
    parts = np.split(samples, cuts)
    joined = [parts[0]]
    for part in parts[1:]:
        joined += [np.zeros(round(seconds * RATE)), part]
    return Sound.of(np.concatenate(joined))


def quietest(samples: Samples, near: int) -> int:
    """The quietest moment within 0.15 s: where a person would pause."""
    first = max(0, near - 2400)
    around = samples[first : near + 2400]
    level = np.convolve(around**2, np.ones(320) / 320, "same")
    return first + int(level.argmin())


def replaced(sound: Sound, by: Sound, first: float, last: float) -> Sound:
    """A stretch (shares of the recording) in which something else is said."""
    samples, other = sound.samples.astype(np.float64), by.samples.astype(np.float64)
    begin, end = round(first * len(samples)), round(last * len(samples))
    middle = len(other) // 2
    samples[begin:end] = other[middle - (end - begin) // 2 :][: end - begin]
    return Sound.of(samples)


def music(seconds: float = 4.0) -> Sound:
    """A tune of plucked chords."""
    time = np.arange(round(0.5 * RATE)) / RATE
    notes = [
        sum(
            np.sin(2 * np.pi * hertz * harmonic * time) / harmonic
            for hertz in chord
            for harmonic in (1, 2, 3, 4)
        )
        * np.exp(-5 * time)
        for chord in ((262, 330, 392), (294, 349, 440), (330, 392, 494), (349, 440, 523))
    ]
    return Sound.of(0.05 * np.concatenate([notes[k % 4] for k in range(round(2 * seconds))]))


def _praat(sound: Sound) -> parselmouth.Sound:
    return parselmouth.Sound(sound.samples.astype(np.float64), RATE)
