"""The path of F0 for tones: it stays with the voice through creak, where a clinical F0 track lets go.

`pitch` measures the voice with Praat's own path. A third tone ends in creak, which that path calls unvoiced or
throws an octave down; here the same candidates are searched with the speaker's own centre known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from analysis.acoustics.arrays import Bools, Floats, Indices
from analysis.acoustics.pitch import praat_sound
from analysis.acoustics.sound import Sound
from analysis.acoustics.spectrum import CENTRE, HOP

FLOOR, CEILING = 50.0, 600.0  # Hz
_CANDIDATES = 10  # a frame
_REACH = 8.0  # semitones about the speaker's centre that cost nothing
_BEYOND = 0.06  # strength, for each semitone further
_LEAP, _FREE_LEAP = 0.06, 0.8  # strength for each semitone from frame to frame, beyond the first 0.8
_SWITCH = 0.15  # strength, between voiced and unvoiced
_UNVOICED = 0.15  # strength of no voice at all; Praat's .45 would lose creak
_OCTAVE = 0.02  # strength an octave up earns: of two subharmonics the higher is the voice
_SURE = 0.6  # strength from which a frame counts for the speaker's centre


@dataclass(frozen=True, slots=True, eq=False)
class Melody:
    """F0 on the frames of the spectrum.

    Attributes
    ----------
    semitones : np.ndarray [shape=(n,)]
        Semitones above 1 Hz, NaN where there is no voice at all.
    strength : np.ndarray [shape=(n,)]
        Autocorrelation of the chosen candidate, 0-1; 0 where there is no voice.
    centre : float
        Median of the surely voiced frames, semitones above 1 Hz.
    """

    semitones: Floats
    strength: Floats
    centre: float

    @property
    def relative(self) -> Floats:
        """Semitones above or below the speaker's centre (n,)."""
        return self.semitones - self.centre


def follow_melody(sound: Sound, frames: int) -> Melody:
    """Viterbi over Praat's autocorrelation candidates, 50-600 Hz, ten a frame.

    Parameters
    ----------
    sound : Sound
    frames : int
        Number of frames of the spectrum, on which the path is laid.
    """
    hertz, strength = _candidates(sound, frames)
    heights = 12 * np.log2(np.maximum(hertz, 1.0))
    centre = _first_centre(heights, strength)
    for _ in range(2):
        # The second time about the path's own middle: the first guess may sit on an octave error.
        melody = _along(heights, strength, centre)
        if abs(melody.centre - centre) <= 1.5:
            break
        centre = melody.centre
    return melody


def _along(heights: Floats, strength: Floats, centre: float) -> Melody:
    chosen = _path(heights, strength + _OCTAVE * (heights - centre) / 12, strength > 0, centre)
    at = np.arange(len(chosen))
    voiced = chosen < heights.shape[1]
    column = np.where(voiced, chosen, 0)
    semitones = np.where(voiced, heights[at, column], np.nan)
    sure = np.where(voiced, strength[at, column], 0.0)
    kept = semitones[sure > _SURE] if (sure > _SURE).sum() >= 4 else semitones[voiced]
    return Melody(semitones, sure, float(np.median(kept)) if len(kept) else centre)


def _first_centre(heights: Floats, strength: Floats) -> float:
    """Median of each frame's strongest candidate, where it is strong: 200 Hz where nothing is.

    Twice the period is as regular as the period itself, so an octave up has to earn something here too.
    """
    best = (strength + _OCTAVE * heights / 12).argmax(axis=1)
    at = np.arange(len(best))
    strong = strength[at, best] > 0.7
    if strong.sum() < 4:
        strong = strength[at, best] > 0.45
    return float(np.median(heights[at, best][strong])) if strong.any() else float(12 * np.log2(200.0))


def _candidates(sound: Sound, frames: int) -> tuple[Floats, Floats]:
    """Frequency, Hz, and strength of the candidates of each frame of the spectrum: (frames, 10) each, 0 for none."""
    pitch = praat_sound(sound).to_pitch_ac(
        time_step=HOP,
        pitch_floor=FLOOR,
        pitch_ceiling=CEILING,
        max_number_of_candidates=_CANDIDATES,
        silence_threshold=0.03,
        voicing_threshold=0.45,
        octave_cost=0.01,
        octave_jump_cost=0.35,
        voiced_unvoiced_cost=0.14,
    )
    found = pitch.to_array()
    hertz, strength = found["frequency"].T.astype(np.float64), found["strength"].T.astype(np.float64)
    none = ~(hertz > 0)
    hertz[none], strength[none] = 0.0, 0.0
    nearest = np.rint((CENTRE + HOP * np.arange(frames) - pitch.xs()[0]) / HOP).astype(int)
    inside = (nearest >= 0) & (nearest < len(hertz))
    laid = np.zeros((2, frames, hertz.shape[1]))
    laid[0, inside], laid[1, inside] = hertz[nearest[inside]], strength[nearest[inside]]
    return laid[0], laid[1]


@numba.njit(cache=True, nogil=True)
def _path(heights: Floats, strength: Floats, there: Bools, centre: float) -> Indices:
    """Best candidate of each frame (n,); the number of candidates stands for no voice.

    Parameters
    ----------
    heights, strength, there : np.ndarray [shape=(n, c)]
        Semitones, what each candidate is worth, and whether it is one.
    """
    n, count = heights.shape
    total = np.full((n, count + 1), -1e9)
    back = np.zeros((n, count + 1), np.int64)
    for t in range(n):
        for c in range(count + 1):
            if c < count:
                if not there[t, c]:
                    continue
                outside = abs(heights[t, c] - centre) - _REACH
                here = strength[t, c] - (_BEYOND * outside if outside > 0 else 0.0)
            else:
                here = _UNVOICED
            if t == 0:
                total[t, c] = here
                continue
            best, where = -1e9, count
            for p in range(count + 1):
                if total[t - 1, p] <= -1e8:
                    continue
                if p < count and c < count:
                    leap = abs(heights[t, c] - heights[t - 1, p]) - _FREE_LEAP
                    price = _LEAP * leap if leap > 0 else 0.0
                else:
                    price = 0.0 if p == c else _SWITCH
                if total[t - 1, p] - price > best:
                    best, where = total[t - 1, p] - price, p
            total[t, c] = best + here
            back[t, c] = where
    chosen = np.zeros(n, np.int64)
    chosen[n - 1] = np.argmax(total[n - 1])
    for t in range(n - 1, 0, -1):
        chosen[t - 1] = back[t, chosen[t]]
    return chosen
