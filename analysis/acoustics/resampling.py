"""Sound at another rate exactly as Praat resamples it, for measures that must equal Praat's.

An ideal FFT resampler gives the same figures but on digital silence, where only the residue of this very
filter is left to be analysed (CPPS would be .15 dB off).
"""

from __future__ import annotations

import math

import numpy as np
import scipy.fft

from analysis.acoustics.arrays import Floats
from analysis.acoustics.sound import RATE

_DEPTH = 50  # Praat's precision: samples on each side of the sinc
_PADDING = 1000  # zeros on either side of the brick wall


def resampled(samples: Floats, rate: int) -> Floats:
    """Samples (n,) at 16 kHz, laid on Praat's centred grid at a lower `rate` (Hz): (n * rate / 16000,)."""
    length = len(samples)
    count = math.floor(length / RATE * rate + 0.5)
    divisor = math.gcd(rate, RATE)
    up, down = rate // divisor, RATE // divisor
    first = (0.5 * (length / RATE - (count - 1) / rate) - 0.5 / RATE) * RATE
    places: Floats = first + np.arange(up, dtype=np.float64) * (down / up)
    kernel, base = _kernel(places)
    groups = -(-count // up)
    lead = max(0, -base)
    tail = max(0, base + (groups - 1) * down + len(kernel) - length)
    padded = np.concatenate((np.zeros(lead), _brick_wall(samples, rate / RATE), np.zeros(tail)))
    taken = np.lib.stride_tricks.sliding_window_view(padded, len(kernel))[base + lead :: down][:groups]
    return np.concatenate([taken[at : at + 512] @ kernel for at in range(0, groups, 512)]).ravel()[:count]


def _kernel(places: Floats) -> tuple[Floats, int]:
    """Weights (width, phases) of the samples from a first one on, for each place between samples."""
    left = np.floor(places + 1e-9).astype(int)
    offsets = np.arange(-(_DEPTH - 1), _DEPTH + 1)
    kernel = np.zeros((left[-1] - left[0] + 2 * _DEPTH, len(places)))
    for phase, (place, whole) in enumerate(zip(places, left, strict=True)):
        part = max(float(place - whole), 0.0)
        distance = part - offsets
        reach = np.where(distance >= 0, part + _DEPTH, _DEPTH + 1 - part)
        weights = np.sinc(distance) * (0.5 + 0.5 * np.cos(np.pi * distance / reach))
        kernel[whole - left[0] : whole - left[0] + 2 * _DEPTH, phase] = weights
    return kernel, int(left[0]) - (_DEPTH - 1)


def _brick_wall(samples: Floats, ratio: float) -> Floats:
    """Everything from the new Nyquist up set to zero, and the imaginary part of the last bin kept."""
    size = 1 << (len(samples) + 2 * _PADDING - 1).bit_length()
    buffer = np.zeros(size)
    buffer[_PADDING : _PADDING + len(samples)] = samples
    spectrum = scipy.fft.rfft(buffer)
    packed = math.floor(ratio * size)
    kept = packed // 2
    spectrum[kept:] = 0.0
    if packed % 2 == 0:
        spectrum[kept - 1] = spectrum[kept - 1].real
    filtered: Floats = scipy.fft.irfft(spectrum, size)[_PADDING : _PADDING + len(samples)]
    return filtered
