"""Acoustic Voice Quality Index v03.01: how hoarse a voice is, 0 to 10, from speech and a held vowel together.

Barsties & Maryn 2015. The voiced parts of connected speech and three seconds of a vowel, both freed of what lies
under 34 Hz, are joined; six figures of the whole make the index. As the authors' Praat script does it, but for
two things: the voiced parts are found here in one pass over the samples, and CPPS is `cepstrum.cpps`. Sound is
16 kHz here and 44.1 kHz in the script: slope and tilt then end at 8 instead of 10 kHz.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

import numpy as np
import parselmouth
from parselmouth.praat import call

from analysis.acoustics.arrays import Bools, Floats
from analysis.acoustics.cepstrum import cpps
from analysis.acoustics.pitch import praat_sound
from analysis.acoustics.sound import RATE, Sound

VOWEL = 3.0  # s: the end of the vowel that is taken

_HUM = (0.0, 34.0, 0.1)  # Hz: stopped band and its slope
_SILENCES = (50.0, 0.003, -25.0, 0.1, 0.1)  # Hz, s, dB under the loudest, shortest silence and sound, s
_WINDOW = 480  # samples, 30 ms
_LEAST_POWER = 0.3  # of the mean: softer windows are not voiced
_MOST_CROSSINGS = 3000.0  # a second: more is a fricative
_FIRST, _LAST = 0.0025, 0.0275  # s: crossings are counted from the one next to the first to one past the last
_LEAD = np.zeros(RATE // 1000)  # the script begins with 1 ms of silence
_PERIODS = (0.0001, 0.02, 1.3)
_LTAS = (0, 1000, 1000, 10_000, "energy")
_HNR = re.compile(r"Mean harmonics-to-noise ratio: (\S+)")


@dataclass(frozen=True, slots=True)
class VoiceQuality:
    """The six figures of the AVQI.

    Attributes
    ----------
    cpps, hnr, shimmer_db, slope, tilt : float
        dB.
    shimmer : float
        %.
    """

    cpps: float
    hnr: float
    shimmer: float
    shimmer_db: float
    slope: float
    tilt: float

    @property
    def index(self) -> float:
        """The AVQI; NaN where one of the six has no value."""
        weighted = (
            4.152
            - 0.177 * self.cpps
            - 0.006 * self.hnr
            - 0.037 * self.shimmer
            + 0.941 * self.shimmer_db
            + 0.01 * self.slope
            + 0.093 * self.tilt
        )
        return weighted * 2.8902


def avqi(speech: Sound, vowel: Sound) -> VoiceQuality | None:
    """The AVQI of one person's connected speech and held vowel.

    Parameters
    ----------
    speech : Sound
        Some 20 to 40 syllables; pauses are left out here.
    vowel : Sound
        Cut to the vowel; its last three seconds are taken.

    Returns
    -------
    VoiceQuality or None
        None where there is no voiced window in the speech.
    """
    voiced = _voiced(_loud(_filtered(speech)))
    if not len(voiced):
        return None
    held = _filtered(vowel).values[0][-round(VOWEL * RATE) :]
    return _measured(np.concatenate((_LEAD, voiced, held)))


def _filtered(sound: Sound) -> parselmouth.Sound:
    filtered: parselmouth.Sound = call(praat_sound(sound), "Filter (stop Hann band)", *_HUM)
    return filtered


def _loud(speech: parselmouth.Sound) -> Floats:
    """The speech without its silences."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", parselmouth.PraatWarning)  # that nothing in it is silent
        grid = call(speech, "To TextGrid (silences)", *_SILENCES, "silence", "sounding")
    parts = call([speech, grid], "Extract intervals where", 1, False, "does not contain", "silence")
    found: Floats = np.concatenate(
        [part.values[0] for part in (parts if isinstance(parts, list) else [parts])]
    )
    return found


def _voiced(loud: Floats) -> Floats:
    """Those windows of 30 ms that are strong and seldom cross zero. The last two are never taken."""
    count = max(0, -(-(len(loud) - _WINDOW) // _WINDOW) - 1)
    windows = loud[: count * _WINDOW].reshape(count, _WINDOW)
    strong = (windows**2).mean(axis=1) > _LEAST_POWER * (loud**2).mean() if count else np.zeros(0, bool)
    kept: Bools = np.array(
        [bool(is_strong) and _is_slow(each) for each, is_strong in zip(windows, strong, strict=True)], bool
    )
    return windows[kept].ravel()


def _is_slow(window: Floats) -> bool:
    """Whether a window crosses zero less than 3000 times a second, as the script counts.

    It counts from the crossing next to 2.5 ms to the first one past 27.5 ms, and drops a window without such.
    """
    positive = window >= 0
    before = np.flatnonzero(positive[1:] != positive[:-1])
    times = (before + 0.5 + window[before] / (window[before] - window[before + 1])) / RATE
    if not len(times):
        return True
    at = before == int(_FIRST * RATE - 0.5)
    first = int(at.argmax()) if at.any() else int(np.abs(times - _FIRST).argmin())
    if times[first] >= _LAST:
        return True
    later = np.flatnonzero(times >= _LAST)
    if not len(later):
        return False
    return bool((later[0] - first) / (times[later[0]] - times[first]) < _MOST_CROSSINGS)


def _measured(samples: Floats) -> VoiceQuality:
    """The six figures of the joined sound."""
    source = parselmouth.Sound(samples, RATE)
    pulses = call(source, "To PointProcess (periodic, cc)", 50, 400)
    ltas = call(source, "To Ltas", 1)
    trend = call(ltas, "Compute trend line", 1, 10_000)
    return VoiceQuality(
        cpps=cpps(samples),
        hnr=_harmonicity(source),
        shimmer=100 * float(call([source, pulses], "Get shimmer (local)", 0, 0, *_PERIODS, 1.6)),
        shimmer_db=float(call([source, pulses], "Get shimmer (local_dB)", 0, 0, *_PERIODS, 1.6)),
        slope=float(call(ltas, "Get slope", *_LTAS)),
        tilt=float(call(trend, "Get slope", *_LTAS)),
    )


def _harmonicity(source: parselmouth.Sound) -> float:
    """Mean harmonics-to-noise ratio of Praat's voice report, which only says it in words."""
    pitch = call(source, "To Pitch (cc)", 0, 75, 15, "no", 0.03, 0.45, 0.01, 0.35, 0.14, 600)
    pulses = call([source, pitch], "To PointProcess (cc)")
    report = call([source, pitch, pulses], "Voice report", 0, 0, 75, 600, 1.3, 1.6, 0.03, 0.45)
    found = _HNR.search(report)
    return float(found[1]) if found and found[1] != "--undefined--" else float("nan")
