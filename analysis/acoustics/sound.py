"""Decoded sound, and what is known of the file it came from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from analysis.acoustics.arrays import Samples
from analysis.acoustics.errors import UnusableRecording

RATE = 16_000  # Hz: all of speech that matters here lies below 8 kHz

LEAST_SECONDS = 0.3  # shorter than one careful syllable: nothing can be said about it
LOUDEST_SAMPLE = 100.0  # 40 dB beyond full scale is not sound but a damaged or hostile float file
SILENCE_DBFS = -66.0  # level of the loudest tenth of a second; a soft voice far away stays above -55
FLOOR_DBFS = -120.0  # stands for digital silence, whose level has no finite value


@dataclass(frozen=True, slots=True)
class Source:
    """Facts about the file, taken before it was resampled and mixed.

    Attributes
    ----------
    rate : int
        Sampling rate of the file, Hz.
    channels : int
        Channels in the file; `dead_channels` of them held nothing and were left out of the mix.
    codec, container : str
        As FFmpeg names them.
    channel_levels : tuple[float, ...]
        RMS level of each channel, dBFS, at least `FLOOR_DBFS`.
    clipped_share : float
        Share (0-1) of samples of the live channels at 0.99 of full scale or beyond.
    truncated : bool
        Part of the file could not be decoded, or its header promised more than there was.
    """

    rate: int = RATE
    channels: int = 1
    codec: str = "samples"
    container: str = "memory"
    channel_levels: tuple[float, ...] = ()
    dead_channels: int = 0
    clipped_share: float = 0.0
    truncated: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """Mono sound at 16 kHz.

    Attributes
    ----------
    samples : np.ndarray [shape=(n,), dtype=float32]
        Finite, full scale 1.0, without a constant offset.
    source : Source
        Where it came from.
    """

    samples: Samples
    source: Source = field(default_factory=Source)

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / RATE

    @classmethod
    def of(cls, samples: ArrayLike, source: Source | None = None, *, role: str = "recording") -> Sound:
        """Sound from samples at 16 kHz, refused where no analysis could make sense of it.

        Parameters
        ----------
        samples : array_like [shape=(n,)]
            16 kHz mono, full scale 1.0.
        source : Source, optional
            Where they came from; without it, a share of clipped samples is counted here.
        role : {"recording", "example"}

        Raises
        ------
        UnusableRecording
            ``unreadable`` (values that are no sound), ``too_short`` or ``silent``.
        """
        with np.errstate(over="ignore"):  # a float64 beyond float32 becomes infinite and is refused below
            mono = np.ascontiguousarray(np.asarray(samples).reshape(-1), dtype=np.float32)
        _require_plausible(mono, role)
        if source is None:
            source = Source(clipped_share=float(np.mean(np.abs(mono) >= 0.99)) if len(mono) else 0.0)
        if len(mono) < LEAST_SECONDS * RATE:
            figures = {"seconds": round(len(mono) / RATE, 3), "least_seconds": LEAST_SECONDS}
            raise UnusableRecording("too_short", figures, role)
        mono = mono - np.float32(mono.mean(dtype=np.float64))
        level = loudest_level(mono)
        if level < SILENCE_DBFS:
            raise UnusableRecording("silent", {"level_dbfs": round(level, 1)}, role)
        return cls(mono, source)


def _require_plausible(mono: Samples, role: str) -> None:
    strange = int(np.count_nonzero(~np.isfinite(mono)))
    if strange:
        raise UnusableRecording("unreadable", {"samples_not_finite": strange}, role)
    if len(mono) and float(np.abs(mono).max()) > LOUDEST_SAMPLE:
        raise UnusableRecording("unreadable", {"loudest_sample": float(np.abs(mono).max())}, role)


def decibels(power: float) -> float:
    """10 log10 of a mean square, dBFS, at least `FLOOR_DBFS`."""
    return float(10 * np.log10(max(power, 10 ** (FLOOR_DBFS / 10))))


def loudest_level(samples: Samples) -> float:
    """RMS level of the loudest tenth of a second, dBFS."""
    block = RATE // 10
    whole = samples[: len(samples) // block * block].reshape(-1, block).astype(np.float64)
    return decibels(float((whole**2).mean(axis=1).max()))
