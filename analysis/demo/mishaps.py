"""What goes wrong with recordings in practice, made from one that went well."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

from analysis.acoustics import decode
from analysis.acoustics.arrays import Samples
from analysis.demo.manifest import Mishap

RATE = 16_000  # Hz, of decoded sound
CLIPPED_SHARE = 0.02  # enough for a warning; with more than a twentieth there would be no scores
SILENT_SECONDS = 3
SHORT_SECONDS = 0.15


def spoil(mishap: Mishap, made_from: Path) -> bytes:
    """A file, meant to be a WAV, of the recording gone wrong; the same bytes each time.

    A cancelled recording has nothing wrong with it: what is wanted is a file that differs from its take's.
    """
    return _MADE[mishap](made_from)


def _clipped(path: Path) -> bytes:
    samples = decode(path).samples
    return _wav(samples / np.quantile(np.abs(samples), 1 - CLIPPED_SHARE))


def _silent(path: Path) -> bytes:
    return _wav(np.zeros(SILENT_SECONDS * RATE, np.float32))


def _too_short(path: Path) -> bytes:
    """From the middle, where there is speech: the length alone is at fault."""
    samples = decode(path).samples
    return _wav(samples[len(samples) // 2 :][: round(SHORT_SECONDS * RATE)])


def _not_sound(path: Path) -> bytes:
    return b"The patient was on holiday this week.\n"


def _as_it_is(path: Path) -> bytes:
    return _wav(decode(path).samples)


def _wav(samples: Samples) -> bytes:
    """16-bit mono; what is beyond full scale is clipped."""
    whole = np.clip(np.round(samples * 32767), -32768, 32767).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(whole.tobytes())
    return file.getvalue()


_MADE: dict[Mishap, Callable[[Path], bytes]] = {
    "clipped": _clipped,
    "silent": _silent,
    "too_short": _too_short,
    "not_sound": _not_sound,
    "cancelled": _as_it_is,
}
