"""One short-time spectrum per recording, shared by every step that needs one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from analysis.acoustics.arrays import Floats, Samples, smoothed
from analysis.acoustics.sound import RATE

HOP = 0.01  # s between frames
_HOP, _WINDOW, _FFT = 160, 400, 512
_BLOCK = 1000  # frames at a time: 5 min at once would take 200 MB
CENTRE = _WINDOW / 2 / RATE  # s: the middle of frame 0
FREQUENCIES: Floats = np.linspace(0, RATE / 2, _FFT // 2 + 1, dtype=np.float64)

_MEL_BANDS, _MEL_LOW, _MEL_HIGH = 40, 60.0, 6800.0  # up to 6.8 kHz: what a phone's wide band carries
_COEFFICIENTS = 13


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Frames of 25 ms every 10 ms; frame k is centred on 12.5 ms + 10 ms x k.

    Attributes
    ----------
    power : np.ndarray [shape=(n, 257), dtype=float32]
        Power spectrum after pre-emphasis (0.97), Hann window.
    level : np.ndarray [shape=(n,)]
        Mean square of each frame without pre-emphasis, dBFS.
    """

    power: NDArray[np.float32]
    level: Floats

    def __len__(self) -> int:
        return len(self.level)

    def band_level(self, low: float, high: float) -> Floats:
        """Level between two frequencies (Hz), dB on an arbitrary scale, smoothed over about 50 ms."""
        band = (low < FREQUENCIES) & (high > FREQUENCIES)
        return smoothed(
            10 * np.log10(self.power[:, band].sum(axis=1, dtype=np.float64) + 1e-9), np.hanning(11)
        )

    def mel(self, warp: float = 1.0) -> NDArray[np.float32]:
        """Power in 40 mel bands from 60 Hz to 6.8 kHz, warped as in `mfcc`: (n, 40)."""
        bands: NDArray[np.float32] = self.power @ _mel_filters(warp)
        return bands

    def mfcc(self, warp: float = 1.0) -> NDArray[np.float32]:
        """Mel-frequency cepstral coefficients.

        Parameters
        ----------
        warp : float > 0
            Factor on the filters' frequencies: 1.1 listens to a vocal tract a tenth shorter.

        Returns
        -------
        np.ndarray [shape=(n, 13), dtype=float32]
        """
        bands = np.log(self.mel(warp) + np.float32(1e-7))
        coefficients: NDArray[np.float32] = scipy.fft.dct(bands, type=2, norm="ortho", axis=1)[
            :, :_COEFFICIENTS
        ]
        return coefficients


def spectrum(samples: Samples) -> Spectrum:
    """The spectrum of 16 kHz mono samples (n,), at least one frame long."""
    emphasised = np.append(samples[0], samples[1:] - np.float32(0.97) * samples[:-1]).astype(np.float32)
    shaped, plain = _frames(emphasised), _frames(samples)
    window = np.hanning(_WINDOW).astype(np.float32)
    power = np.empty((len(shaped), _FFT // 2 + 1), dtype=np.float32)
    squares = np.empty(len(plain))
    for first in range(0, len(shaped), _BLOCK):
        block = slice(first, first + _BLOCK)
        power[block] = np.abs(scipy.fft.rfft(shaped[block] * window, _FFT)) ** 2
        squares[block] = (plain[block] ** 2).mean(axis=1, dtype=np.float64)
    return Spectrum(power, 10 * np.log10(squares + 1e-10))


def _frames(samples: Samples) -> NDArray[np.float32]:
    return np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP]


@cache
def _mel_filters(warp: float) -> NDArray[np.float32]:
    """Triangles on the mel scale, each of unit sum: (257, 40)."""
    mel = np.linspace(_mel(_MEL_LOW), _mel(_MEL_HIGH), _MEL_BANDS + 2)
    edges = np.minimum(700 * (10 ** (mel / 2595) - 1) * warp, 7990.0)
    low, middle, high = (edges[k : k + _MEL_BANDS, None] for k in range(3))
    rising = (FREQUENCIES - low) / np.maximum(middle - low, 1)
    falling = (high - FREQUENCIES) / np.maximum(high - middle, 1)
    filters = np.maximum(0, np.minimum(rising, falling))
    filters /= filters.sum(axis=1, keepdims=True) + 1e-9
    return np.ascontiguousarray(filters.T, dtype=np.float32)


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))
