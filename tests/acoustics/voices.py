"""Made-up speech with a known truth: glottal pulses through formants, syllables with tones, pauses, tempo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from analysis.acoustics import Sound

RATE = 16_000
Samples = NDArray[np.float64]

VOWELS = {
    "a": (850.0, 1350.0, 2800.0, 3800.0),
    "i": (300.0, 2500.0, 3200.0, 3900.0),
    "u": (340.0, 750.0, 2500.0, 3600.0),
    "e": (520.0, 1900.0, 2600.0, 3700.0),
    "o": (520.0, 950.0, 2600.0, 3650.0),
}
BANDWIDTHS = (80.0, 100.0, 140.0, 200.0)

# Semitones about the speaker's median, at even spaces through the vowel.
TONES = {1: (4, 4, 4, 4), 2: (-2, -2, 1, 4), 3: (-2, -5, -6, -3), 4: (5, 3, -1, -5), 5: (0, -1, -1, -2)}

# Where the noise of each consonant lies, Hz, its seconds, and whether a closure comes first.
ONSETS = {
    "s": (5200.0, 0.09, False),
    "x": (3800.0, 0.09, False),
    "h": (1500.0, 0.07, False),
    "t": (4200.0, 0.03, True),
    "k": (2000.0, 0.03, True),
    "p": (900.0, 0.02, True),
}
CLOSURE = 0.05


@dataclass(frozen=True)
class Spoken:
    """One syllable: consonant, vowel, tone, and the vowel's length in seconds."""

    onset: str
    vowel: str
    tone: int
    seconds: float = 0.2


SENTENCE = (
    Spoken("s", "a", 1),
    Spoken("t", "i", 2, 0.17),
    Spoken("k", "u", 4),
    Spoken("x", "e", 3, 0.25),
    Spoken("p", "o", 4, 0.18),
    Spoken("h", "a", 2),
    Spoken("t", "e", 1, 0.16),
    Spoken("s", "i", 4, 0.24),
)
SENTENCE_TEXT = "三題哭寫破華疊四"


def sound(samples: Samples, level: float = 0.1) -> Sound:
    """Samples as decoded sound, at an RMS level of -20 dBFS."""
    return Sound.of(samples * level / np.sqrt((samples**2).mean()))


def pulses(times: Samples, heights: Samples, seconds: float) -> Samples:
    """Band-limited impulses at any times, seconds."""
    made = np.zeros(round(seconds * RATE) + 32)
    for time, height in zip(times * RATE, heights, strict=True):
        first = int(np.floor(time)) - 7
        at = np.arange(max(0, first), max(0, first) + 16)
        made[at] += (
            height * np.sinc(at - time) * (0.5 + 0.5 * np.cos(np.pi * np.clip((at - time) / 8, -1, 1)))
        )
    return made[: round(seconds * RATE)]


def pulse_times(hertz: Samples) -> Samples:
    """Where the cycles of an F0 curve (one value a sample) begin, seconds."""
    cycles = np.cumsum(hertz / RATE)
    return np.interp(np.arange(1, int(cycles[-1])), cycles, np.arange(len(hertz))) / RATE


def through_formants(source: Samples, formants: Samples) -> Samples:
    """Glottal slope and lip radiation, then resonators whose frequencies (n, 4) are given at every 5 ms."""
    shaped = lfilter([1.0, -1.0], [1.0, -0.98], lfilter([1.0, -0.5], [1.0, -0.9], source))
    for k, bandwidth in enumerate(BANDWIDTHS):
        state = np.zeros(2)
        parts = []
        for block, frequency in zip(
            np.split(shaped, range(80, len(shaped), 80)), formants[:, k], strict=False
        ):
            radius = np.exp(-np.pi * bandwidth / RATE)
            a = [1.0, -2 * radius * np.cos(2 * np.pi * frequency / RATE), radius**2]
            part, state = lfilter([sum(a)], a, block, zi=state)
            parts.append(part)
        shaped = np.concatenate(parts)
    return np.asarray(shaped, dtype=np.float64)


def held_vowel(
    seconds: float = 2.0,
    hertz: float = 150.0,
    *,
    jitter: float = 0.0,
    shimmer: float = 0.0,
    vowel: str = "a",
) -> Samples:
    """A steady vowel whose periods and pulse heights vary at random: local jitter and shimmer as shares."""
    count = int(seconds * hertz) - 2
    varied = np.random.default_rng(0).uniform(-1, 1, (2, count))
    varied /= np.abs(np.diff(varied)).mean(axis=1, keepdims=True)
    times = 0.005 + np.cumsum((1 + jitter * varied[0]) / hertz)
    source = pulses(times, 1 + shimmer * varied[1], seconds)
    return through_formants(source, np.tile(VOWELS[vowel], (len(source) // 80 + 2, 1)))


def say(
    sentence: Sequence[Spoken] = SENTENCE,
    *,
    hertz: float = 200.0,
    tempo: float = 1.0,
    pauses: Mapping[int, float] | None = None,
    flat: bool = False,
    tract: float = 1.0,
    seed: int = 0,
) -> Samples:
    """A sentence.

    `tempo` stretches every sound (1.5 is half as slow again), `pauses` puts seconds of silence before the
    syllables of those numbers, `flat` takes the tones out, `tract` scales the formants (1.15: a woman).
    """
    draw = np.random.default_rng(seed)
    parts = [np.zeros(int(0.25 * RATE))]
    for number, syllable in enumerate(sentence):
        if pauses and number in pauses:
            parts.append(np.zeros(int(pauses[number] * RATE)))
        parts.append(_consonant(syllable.onset, tempo, tract, draw))
        parts.append(_vowel(syllable, hertz, tempo, flat, tract, draw))
    parts.append(np.zeros(int(0.25 * RATE)))
    joined = np.concatenate(parts)
    return joined + draw.normal(0, 3e-4 * np.abs(joined).max(), len(joined))


def syllable_starts(sentence: Sequence[Spoken] = SENTENCE, tempo: float = 1.0) -> list[float]:
    """Where each syllable of `say` begins, seconds, without pauses; and where the last one ends."""
    starts = [0.25]
    for syllable in sentence:
        _, noise, closed = ONSETS[syllable.onset]
        starts.append(starts[-1] + tempo * (noise + (CLOSURE if closed else 0.0) + syllable.seconds))
    return starts


def _consonant(onset: str, tempo: float, tract: float, draw: np.random.Generator) -> Samples:
    middle, seconds, closed = ONSETS[onset]
    noise = draw.normal(0, 1.0, int(seconds * tempo * RATE))
    radius, frequency = 0.92, min(7000.0, middle * tract)
    a = [1.0, -2 * radius * np.cos(2 * np.pi * frequency / RATE), radius**2]
    hiss = 0.006 * lfilter([1.0, 0.0, -1.0], a, noise) * np.hanning(len(noise) + 2)[1:-1] ** 0.3
    return np.concatenate([np.zeros(int(CLOSURE * tempo * RATE) if closed else 0), hiss])


def _vowel(
    syllable: Spoken, hertz: float, tempo: float, flat: bool, tract: float, draw: np.random.Generator
) -> Samples:
    length = int(syllable.seconds * tempo * RATE)
    through = np.linspace(0, 1, length)
    contour = np.interp(through, np.linspace(0, 1, 4), TONES[syllable.tone])
    curve = hertz * 2 ** ((0.0 if flat else 1.0) * contour / 12)
    times = pulse_times(curve)
    source = pulses(times, 1 + 0.03 * draw.normal(size=len(times)), length / RATE)
    target = np.array(VOWELS[syllable.vowel]) * tract
    onset_locus = np.array([350.0, 1500.0, 2600.0, 3700.0]) * tract
    glide = np.minimum(np.arange(length // 80 + 2) * 0.005 / (0.05 * tempo), 1.0)[:, None]
    voiced = through_formants(source, onset_locus * (1 - glide) + target * glide)
    fade = np.minimum(1, np.minimum(through, 1 - through) * syllable.seconds / 0.025)
    return np.asarray(0.4 * voiced / (np.abs(voiced).max() + 1e-9) * fade, dtype=np.float64)


def with_noise(samples: Samples, snr_db: float, seed: int = 1) -> Samples:
    """White noise added, so many dB under the mean power."""
    scale = np.sqrt((samples**2).mean() / 10 ** (snr_db / 10))
    return samples + np.random.default_rng(seed).normal(0, scale, len(samples))
