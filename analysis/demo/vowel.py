"""A held vowel, which no synthesiser of sentences can hold: harmonics of a slightly unsteady voice, in formants."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from analysis.demo.containers import SAMPLE_RATE, Samples

SECONDS = 5.0
HERTZ = 205.0  # a woman's
# [a]: frequency and bandwidth of each formant, Hz (a woman's, after Hillenbrand et al. 1995).
FORMANTS = ((936.0, 90.0), (1551.0, 110.0), (2815.0, 160.0), (4299.0, 240.0))
# Standard deviations, as shares: a healthy voice's jitter is near 0.5 %, its shimmer near 3 %.
UNSTEADY_PITCH, UNSTEADY_LEVEL = 0.004, 0.025
BREATH = 0.01
HIGHEST_HARMONIC = 9_000.0  # Hz
FADE_SECONDS = 0.08


def held() -> Samples:
    """`SECONDS` of [a] at `SAMPLE_RATE`; the same samples each time."""
    random = np.random.default_rng(0)
    size = round(SECONDS * SAMPLE_RATE)
    source = _harmonics(HERTZ * (1 + UNSTEADY_PITCH * _wander(size, random)))
    source *= 1 + UNSTEADY_LEVEL * _wander(size, random)
    source += BREATH * random.standard_normal(size)
    return _faded(_through_formants(source))


def _wander(size: int, random: np.random.Generator) -> Samples:
    """A new value with each cycle of the voice, and straight lines between."""
    values = random.standard_normal(round(SECONDS * HERTZ) + 2)
    return np.interp(np.arange(size) * HERTZ / SAMPLE_RATE, np.arange(values.size), values)


def _harmonics(hertz: Samples) -> Samples:
    """All harmonics in phase, falling by 6 dB an octave: the glottis's 12 less the 6 that the lips give back."""
    phase = 2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE
    wave = np.zeros(hertz.size)
    for harmonic in range(1, int(HIGHEST_HARMONIC / HERTZ) + 1):
        wave += np.cos(harmonic * phase) / harmonic
    return wave


def _through_formants(source: Samples) -> Samples:
    wave = source
    for frequency, bandwidth in FORMANTS:
        radius = np.exp(-np.pi * bandwidth / SAMPLE_RATE)
        resonator = [1.0, -2 * radius * np.cos(2 * np.pi * frequency / SAMPLE_RATE), radius**2]
        wave = np.asarray(lfilter([sum(resonator)], resonator, wave), dtype=np.float64)
    return wave


def _faded(wave: Samples) -> Samples:
    ramp = np.hanning(2 * round(FADE_SECONDS * SAMPLE_RATE))
    half = ramp.size // 2
    wave[:half] *= ramp[:half]
    wave[-half:] *= ramp[half:]
    return wave
