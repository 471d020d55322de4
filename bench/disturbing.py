"""What is not the patient's fault: level, hum, a cough, silence, a dead channel, the format, the telephone, noise."""

from __future__ import annotations

import io
import tempfile
import wave
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, resample_poly, sosfilt

from analysis.acoustics import Sound, decode
from analysis.acoustics.sound import RATE
from analysis.demo.containers import Container, write

Samples = NDArray[np.float64]
_ROOM = 1e-4  # RMS, -80 dBFS


def _samples(sound: Sound) -> Samples:
    return sound.samples.astype(np.float64)


def _power(samples: Samples) -> float:
    return float((samples**2).mean())


def levelled(sound: Sound, decibels: float) -> Sound:
    """Louder or softer, as loud as full scale allows."""
    samples = _samples(sound) * 10 ** (decibels / 20)
    return Sound.of(samples * min(1.0, 0.98 / np.abs(samples).max()))


def hum(sound: Sound, below: float) -> Sound:
    """Mains of 60 Hz and its harmonics, so many dB below the speech."""
    samples = _samples(sound)
    at = np.arange(len(samples)) / RATE
    tones = np.sum([np.sin(2 * np.pi * 60 * k * at) / k for k in (1, 2, 3)], axis=0)
    return Sound.of(samples + tones * np.sqrt(_power(samples) / 10 ** (below / 10) / _power(tones)))


def noisy(sound: Sound, below: float) -> Sound:
    """White noise, so many dB below the speech; a fixed seed."""
    samples = _samples(sound)
    noise = np.random.default_rng(0).normal(0, 1, len(samples))
    return Sound.of(samples + noise * np.sqrt(_power(samples) / 10 ** (below / 10)))


def after_a_cough(sound: Sound) -> Sound:
    """A quarter of a second of noise, 6 dB above the speech, half a second before it."""
    samples = _samples(sound)
    draw = np.random.default_rng(4)
    cough = draw.normal(size=RATE // 4) * np.hanning(RATE // 4)
    cough *= np.sqrt(_power(samples) * 10**0.6 / _power(cough))
    return Sound.of(np.concatenate([cough, draw.normal(0, _ROOM, RATE // 2), samples]))


def in_silence(sound: Sound, seconds: float = 2.0) -> Sound:
    """A quiet room before and after."""
    room = np.random.default_rng(3).normal(0, _ROOM, round(seconds * RATE))
    return Sound.of(np.concatenate([room, _samples(sound), room]))


def telephone(sound: Sound) -> Sound:
    """300 to 3400 Hz."""
    band = butter(4, (300, 3400), "bandpass", fs=RATE, output="sos")
    return Sound.of(sosfilt(band, _samples(sound)))


def by_file(channels: Sequence[Samples], rate: int) -> Sound:
    """Through a WAV file of 16 bits."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(len(channels))
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.rint(np.stack(channels, axis=1).clip(-1, 1) * 32_767).astype("<i2").tobytes())
    file.seek(0)
    return decode(file)


def one_channel_dead(sound: Sound) -> Sound:
    return by_file([_samples(sound), np.zeros(len(sound.samples))], RATE)


def at_48_khz(sound: Sound) -> Sound:
    return by_file([resample_poly(_samples(sound), 3, 1)], 48_000)


def by_opus(sound: Sound) -> Sound:
    """24 kbit/s, as a browser records."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "take.ogg"
        write(path, _samples(sound), RATE, Container.OGG)
        return decode(path)


DISTURBANCES: dict[str, Callable[[Sound], Sound]] = {
    "20 dB softer": lambda sound: levelled(sound, -20),
    "10 dB louder": lambda sound: levelled(sound, 10),
    "hum 30 dB below": lambda sound: hum(sound, 30),
    "a cough before": after_a_cough,
    "2 s of silence around": in_silence,
    "one dead channel": one_channel_dead,
    "a file of 16 kHz, 16 bit": lambda sound: by_file([_samples(sound)], RATE),
    "a file of 48 kHz": at_48_khz,
    "opus, 24 kbit/s": by_opus,
    "telephone band": telephone,
}
NOISES: dict[str, Callable[[Sound], Sound]] = {
    f"noise {below} dB below": lambda sound, below=below: noisy(sound, below)  # type: ignore[misc]
    for below in (30, 20, 15, 10)
}
