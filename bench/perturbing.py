"""What can be done to speech: slower, with pauses, flat, in part by another voice, by another voice altogether."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import parselmouth
from numpy.typing import NDArray

from analysis.acoustics import Sound
from analysis.acoustics.sound import RATE

Samples = NDArray[np.float64]

# Praat draws lots for what is unvoiced: the same speech at each run.
_SEEDED = "random_initializeWithSeedUnsafelyButPredictably (1)"


def slowed(sound: Sound, times: float) -> Sound:
    """Every sound so many times longer, at the same pitch."""
    return _made(_praat(sound), f"Lengthen (overlap-add): 60, 600, {times}")


def flattened(sound: Sound, hertz: float) -> Sound:
    """The same speech on one pitch."""
    manipulation = parselmouth.praat.call(_praat(sound), "To Manipulation", 0.01, 60, 600)
    tier = parselmouth.praat.call(manipulation, "Extract pitch tier")
    parselmouth.praat.call(tier, "Formula", str(hertz))
    parselmouth.praat.call([tier, manipulation], "Replace pitch tier")
    return _made(manipulation, "Get resynthesis (overlap-add)")


def as_another(sound: Sound, tract: float, hertz: float) -> Sound:
    """The same words by another voice: formants so many times higher, another median pitch."""
    return _made(_praat(sound), f"Change gender: 60, 600, {tract}, {hertz}, 1, 1")


def with_pauses(sound: Sound, at: Sequence[float], seconds: float) -> Sound:
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
    """A stretch (shares of the recording) in which something else is said, from the middle of another recording."""
    samples, other = sound.samples.astype(np.float64), by.samples.astype(np.float64)
    begin, end = round(first * len(samples)), round(last * len(samples))
    start = max(0, len(other) // 2 - (end - begin) // 2)
    samples[begin:end] = np.resize(other[start:], end - begin)
    return Sound.of(samples)


def _praat(sound: Sound) -> parselmouth.Sound:
    return parselmouth.Sound(sound.samples.astype(np.float64), RATE)


def _made(of: parselmouth.Data, command: str) -> Sound:
    (made,) = parselmouth.praat.run(of, f"{_SEEDED}\n{command}\nrandom_initializeSafelyAndUnpredictably ()")
    return Sound.of(made.values[0])
