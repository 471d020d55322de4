"""What makes a recording unfit or doubtful. Shown before any score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.acoustics.arrays import Floats
from analysis.acoustics.codes import FLAG_CODES
from analysis.acoustics.errors import Figure, UnusableRecording
from analysis.acoustics.outcome import Outcome, measured
from analysis.acoustics.sound import Sound
from analysis.acoustics.spectrum import FREQUENCIES, Spectrum
from analysis.acoustics.speech import Speech

Severity = Literal["unfit", "doubtful"]

# A peak-normalised recording has a handful of samples at full scale; one in a thousand is heard as rasping.
# With one in twenty the waveform that jitter, shimmer and spectra are measured on is no longer the voice's.
CLIPPED_DOUBTFUL, CLIPPED_UNFIT = 0.001, 0.05

# Below 27 dB between loud and quiet moments lay 90 of 100 recordings of speechocean762 with white noise 20 dB below
# the speech, all of those with 15, and 8 of 1000 as they were. Under it weak ends vanish, and scores rise by chance.
SPREAD_DOUBTFUL, SPREAD_UNFIT = 27.0, 8.0

# Speech of a phone at arm's length lies between -35 and -15 dBFS; at -50 a 16-bit file keeps 7 bits of it.
LEVEL_DOUBTFUL = -50.0

# Speech in less than a sixth of the time: the microphone ran on, or most of the exercise was not heard.
ACTIVE_DOUBTFUL = 0.15

# Two short syllables; alignment stretches what there is to the example's length, so less would be invented.
SPEECH_UNFIT = 0.3  # s

# The telephone band ends at 3.4-4 kHz: [s], [ɕ] and [ʂ] differ above it.
BANDWIDTH_DOUBTFUL = 4500.0  # Hz
_BANDWIDTH_BELOW_TOP = 65.0  # dB; what a resampler leaves above the band lies lower, breath higher

# Speech moves: a steady hum or hiss, however loud, spreads over a few dB.
_STEADY = 6.0  # dB


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing that is wrong with the recording.

    Attributes
    ----------
    code : str
        One of `FLAG_CODES`.
    severity : {"unfit", "doubtful"}
        Unfit: no scores are given. Doubtful: they are, with this warning.
    figures : Mapping[str, float | int | str]
    """

    code: str
    severity: Severity
    figures: Mapping[str, Figure]

    def __post_init__(self) -> None:
        if self.code not in FLAG_CODES:
            raise ValueError(f"unknown code {self.code!r}")


@dataclass(frozen=True, slots=True)
class Quality:
    """What the flags are read from."""

    spread: float  # dB
    clipped_share: float  # 0-1
    speech_level: float  # dBFS
    active_share: float  # 0-1
    speech_seconds: float
    bandwidth: float  # Hz


def assess(sound: Sound, spectrum: Spectrum, speech: Speech) -> Quality:
    """Measure what the flags are about."""
    power = 10 ** (spectrum.level[speech.active] / 10)
    return Quality(
        spread=speech.spread,
        clipped_share=sound.source.clipped_share,
        speech_level=float(10 * np.log10(power.mean())),
        active_share=float(speech.active.mean()),
        speech_seconds=speech.seconds,
        bandwidth=min(_bandwidth(spectrum, speech), sound.source.rate / 2),
    )


def _bandwidth(spectrum: Spectrum, speech: Speech) -> float:
    """Highest frequency at which the mean spectrum of speech is within 65 dB of its peak."""
    mean: Floats = 10 * np.log10(spectrum.power[speech.active].mean(axis=0, dtype=np.float64) + 1e-12)
    return float(FREQUENCIES[np.flatnonzero(mean > mean.max() - _BANDWIDTH_BELOW_TOP)[-1]])


def require_speech(speech: Speech, voiced: int, role: str) -> None:
    """Refuse a recording in which nothing moves and nothing is voiced. Whispered speech passes: it moves.

    Raises
    ------
    UnusableRecording
        ``silent``.
    """
    if voiced == 0 and speech.spread < _STEADY:
        raise UnusableRecording("silent", {"spread_db": round(speech.spread, 1)}, role)


def quality_measures(quality: Quality) -> Iterator[Outcome]:
    """The same figures as rows of the table of measures."""
    yield measured("snr", quality.spread)
    yield measured("clipped_share", quality.clipped_share)
    yield measured("speech_level", quality.speech_level)
    yield measured("bandwidth", quality.bandwidth)


def flags(sound: Sound, quality: Quality, exercise: str) -> tuple[Flag, ...]:
    """Everything that is wrong, the unfit first.

    A held vowel neither moves nor pauses: how far its loud moments stand above its quiet ones says nothing
    about noise, so that flag is not raised there.
    """
    found = [*_level_flags(quality), *_speech_flags(quality), *_source_flags(sound, quality)]
    if exercise == "sustained_vowel":
        found = [flag for flag in found if flag.code != "noise"]
    return tuple(sorted(found, key=lambda flag: flag.severity != "unfit"))


def _level_flags(quality: Quality) -> Iterator[Flag]:
    if quality.clipped_share > CLIPPED_DOUBTFUL:
        severity: Severity = "unfit" if quality.clipped_share > CLIPPED_UNFIT else "doubtful"
        yield Flag("clipping", severity, {"share": round(quality.clipped_share, 4)})
    if quality.spread < SPREAD_DOUBTFUL:
        severity = "unfit" if quality.spread < SPREAD_UNFIT else "doubtful"
        yield Flag("noise", severity, {"snr_db": round(quality.spread, 1), "least_db": SPREAD_DOUBTFUL})
    if quality.speech_level < LEVEL_DOUBTFUL:
        yield Flag("low_level", "doubtful", {"level_dbfs": round(quality.speech_level, 1)})


def _speech_flags(quality: Quality) -> Iterator[Flag]:
    if quality.speech_seconds < SPEECH_UNFIT:
        seconds = round(quality.speech_seconds, 2)
        yield Flag("short_speech", "unfit", {"seconds": seconds, "least_seconds": SPEECH_UNFIT})
    elif quality.active_share < ACTIVE_DOUBTFUL:
        yield Flag("mostly_silent", "doubtful", {"speech_share": round(quality.active_share, 3)})


def _source_flags(sound: Sound, quality: Quality) -> Iterator[Flag]:
    source = sound.source
    if quality.bandwidth < BANDWIDTH_DOUBTFUL:
        figures: dict[str, Figure] = {"bandwidth_hz": round(quality.bandwidth), "rate_hz": source.rate}
        yield Flag("narrow_band", "doubtful", figures)
    if source.dead_channels:
        yield Flag("dead_channel", "doubtful", {"dead": source.dead_channels, "channels": source.channels})
    if source.truncated:
        yield Flag("truncated", "doubtful", {"seconds": round(sound.seconds, 2)})
