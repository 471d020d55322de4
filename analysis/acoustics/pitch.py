"""F0 by Praat's autocorrelation, in two passes, and what is measured on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import parselmouth

from analysis.acoustics.arrays import Floats, runs
from analysis.acoustics.outcome import Outcome, absent, measured
from analysis.acoustics.sound import RATE, Sound
from analysis.acoustics.spectrum import CENTRE, HOP

FLOOR, CEILING = 60.0, 600.0  # Hz, first pass: a deep man to a child
LEAST_VOICED = 5  # frames, 50 ms: fewer say nothing about a voice
VOICE_BREAK = 0.1  # s: a shorter gap in the voicing is a tracking error or a crack, not a new breath

_SHORT = 4.0  # s: quartiles of half its frames would not be the same

# Praat's defaults: silence .03, voicing .45, octave .01, jump .35, voiced/unvoiced .14 (Boersma 1993)
_COSTS = {
    "silence_threshold": 0.03,
    "voicing_threshold": 0.45,
    "octave_cost": 0.01,
    "octave_jump_cost": 0.35,
    "voiced_unvoiced_cost": 0.14,
}


@dataclass(frozen=True, slots=True, eq=False)
class PitchTrack:
    """F0 on the frames of the spectrum.

    Attributes
    ----------
    hertz : np.ndarray [shape=(n,)]
        F0, NaN where there is no voice.
    floor, ceiling : float
        Hz, of the second pass; pulses and harmonicity use the same.
    praat : parselmouth.Pitch
        Praat's own object, from which it finds the glottal pulses.
    """

    hertz: Floats
    floor: float
    ceiling: float
    praat: parselmouth.Pitch

    @property
    def voiced(self) -> Floats:
        """F0 of the voiced frames only, Hz."""
        return self.hertz[~np.isnan(self.hertz)]

    @property
    def semitones(self) -> Floats:
        """F0 in semitones above or below the recording's own median: NaN where there is no voice."""
        if not len(self.voiced):
            return self.hertz
        return 12 * np.log2(self.hertz / np.median(self.voiced))

    @property
    def extent(self) -> slice:
        """Frames from the first to the last voiced one: a cough before and silence after are not in it."""
        voiced = np.flatnonzero(~np.isnan(self.hertz))
        return slice(int(voiced[0]), int(voiced[-1]) + 1) if len(voiced) else slice(0, 0)

    @property
    def longest(self) -> slice:
        """Frames of the longest voiced stretch, breaks under 100 ms bridged; empty where nothing is voiced."""
        voiced = ~np.isnan(self.hertz)
        for begin, end in zip(*runs(~voiced), strict=True):
            if begin > 0 and end < len(voiced) and (end - begin) * HOP < VOICE_BREAK:
                voiced[begin:end] = True
        begins, ends = runs(voiced)
        if not len(begins):
            return slice(0, 0)
        at = int((ends - begins).argmax())
        return slice(int(begins[at]), int(ends[at]))


def praat_sound(sound: Sound) -> parselmouth.Sound:
    """The samples as Praat takes them; never a path, whose header Praat would trust."""
    return parselmouth.Sound(sound.samples.astype(np.float64), RATE)


def track_pitch(sound: Sound, frames: int) -> PitchTrack:
    """Two passes: 60-600 Hz, then from 0.75 of the lower to 1.5 of the upper quartile of what was found.

    The second pass keeps octave jumps out (de Looze & Hirst 2008). The first only sets its range: from 4 s on a
    20 ms step there leaves the final F0 alike and halves its time.

    Parameters
    ----------
    sound : Sound
    frames : int
        Number of frames of the spectrum, on which the track is laid.
    """
    source = praat_sound(sound)
    step = HOP if sound.seconds < _SHORT else 2 * HOP
    floor, ceiling = _own_range(_pitch(source, step, FLOOR, CEILING))
    praat = _pitch(source, HOP, floor, ceiling)
    return PitchTrack(_on_frames(praat, frames), floor, ceiling, praat)


def _pitch(source: parselmouth.Sound, step: float, floor: float, ceiling: float) -> parselmouth.Pitch:
    return source.to_pitch_ac(time_step=step, pitch_floor=floor, pitch_ceiling=ceiling, **_COSTS)


def _own_range(first: parselmouth.Pitch) -> tuple[float, float]:
    found = first.selected_array["frequency"]
    found = found[found > 0]
    if len(found) < LEAST_VOICED:
        return FLOOR, CEILING
    lower, upper = np.percentile(found, [25, 75])
    return 0.75 * float(lower), 1.5 * float(upper)


def _on_frames(praat: parselmouth.Pitch, frames: int) -> Floats:
    """Praat centres its frames on the sound; take the one nearest to each frame of the spectrum."""
    found = praat.selected_array["frequency"]
    nearest = np.rint((CENTRE + HOP * np.arange(frames) - praat.xs()[0]) / HOP).astype(int)
    inside = (nearest >= 0) & (nearest < len(found))
    hertz = np.full(frames, np.nan)
    hertz[inside] = found[nearest[inside]]
    hertz[hertz <= 0] = np.nan
    return hertz


def pitch_measures(track: PitchTrack) -> Iterator[Outcome]:
    """Median and percentiles of F0 in Hz, its spread in semitones about the speaker's own median."""
    names = ("f0_median", "f0_p05", "f0_p95", "f0_sd", "f0_range")
    if len(track.voiced) < LEAST_VOICED:
        yield from (absent(name, "no_voicing") for name in names)
        return
    low, median, high = (float(value) for value in np.percentile(track.voiced, [5, 50, 95]))
    spread = float(np.nanstd(track.semitones))
    values = (median, low, high, spread, float(12 * np.log2(high / low)))
    yield from (measured(name, value) for name, value in zip(names, values, strict=True))
