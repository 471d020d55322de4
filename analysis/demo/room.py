"""The room around the voice: its level, the quiet around it, the pauses in it, and a noise floor."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.demo.containers import SAMPLE_RATE, Samples

LEVEL_DBFS = -20.0
SNR_DB = (45.0, 50.0)
QUIET_SECONDS = (0.2, 0.4)
PAUSE_SECONDS = 0.7
NOISE_CORNER_HZ = 50.0


@dataclass(frozen=True)
class Recorded:
    """A finished recording at `SAMPLE_RATE`, and when each of its long pauses starts, in seconds."""

    samples: Samples
    pause_starts: tuple[float, ...]


def record(phrases: Sequence[Samples], key: str) -> Recorded:
    """Place the phrases in a quiet room, with `PAUSE_SECONDS` between them.

    ``key`` seeds the room: a recording keeps its own noise when others are added or taken away.
    """
    random = np.random.default_rng(zlib.crc32(key.encode()))
    before, after = (_silence(length) for length in random.uniform(*QUIET_SECONDS, size=2))
    levelled = _levelled(phrases)
    voice = np.concatenate([before, *_with_pauses(levelled), after])
    level = LEVEL_DBFS - float(random.uniform(*SNR_DB))
    return Recorded(voice + _noise(voice.size, level, random), _pause_starts(before.size, levelled))


def _levelled(phrases: Sequence[Samples]) -> list[Samples]:
    """Scale to `LEVEL_DBFS`, measured over speech alone so that pauses do not make a speaker louder."""
    gain = _amplitude(LEVEL_DBFS) / np.sqrt(np.mean(np.concatenate(phrases) ** 2))
    return [phrase * gain for phrase in phrases]


def _with_pauses(phrases: Sequence[Samples]) -> list[Samples]:
    silence = _silence(PAUSE_SECONDS)
    return [part for phrase in phrases for part in (phrase, silence)][:-1]


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE))


def _pause_starts(quiet: int, phrases: Sequence[Samples]) -> tuple[float, ...]:
    spoken = quiet + np.cumsum([phrase.size for phrase in phrases[:-1]])
    return tuple(
        round(float(at / SAMPLE_RATE + number * PAUSE_SECONDS), 3) for number, at in enumerate(spoken)
    )


def _noise(size: int, level_dbfs: float, random: np.random.Generator) -> Samples:
    """Noise that falls by 3 dB an octave above `NOISE_CORNER_HZ`, as a quiet room and a microphone do."""
    spectrum = np.fft.rfft(random.standard_normal(size))
    spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(size, 1 / SAMPLE_RATE), NOISE_CORNER_HZ))
    noise: Samples = np.fft.irfft(spectrum, size)
    noise *= _amplitude(level_dbfs) / np.sqrt(np.mean(noise**2))
    return noise


def _amplitude(decibels: float) -> float:
    return float(10 ** (decibels / 20))
