"""The tone of one syllable: its pitch contour, which of the four tones it is like, and how far two are apart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.polynomial.legendre import legvander

from analysis.acoustics.arrays import Floats, smoothed
from analysis.acoustics.melody import Melody
from analysis.acoustics.spectrum import HOP
from analysis.acoustics.utterance import Utterance

TONES = (1, 2, 3, 4)
TONES_FILE = Path(__file__).parent / "tones.json"
POINTS = 30
_LEAST_VOICED = 6  # frames, 60 ms: a contour of fewer is a guess
_LEAST_SHARE = 0.4  # of the voiced stretch; creak leaves gaps, and what is interpolated is not heard
_ONSET_POINTS = 2  # the first points carry the initial's push on the pitch, not the tone

_SHARED = 0.5  # semitones squared, granted to every pair

# How far below the syllable's loud frames its tone is followed, dB. Where a syllable ends is not sharp:
# the three answers are averaged.
DROPS = (18.0, 22.0, 27.0)
_LONGEST_GAP = 14  # frames of creak or closure bridged inside one syllable
_PITCH_ORDER, _LEVEL_ORDER = 3, 2
_LEVEL_RANGE = 40.0  # dB under the syllable's loudest frame, below which there is only the room
_CENTRE_FROM = 4  # syllables
_SHOWN_FROM, _SHOWN_DROP = (
    0.55,
    14.0,
)  # strength and dB of a frame whose pitch is shown: what is softer is no tone
_LEAST_BELIEF = 0.01  # in any tone: no contour excludes one altogether
NAMED_FROM = 0.7  # probability from which a tone is said to have been heard


@dataclass(frozen=True, slots=True, eq=False)
class ToneModel:
    """One Gaussian for each tone over the vectors of `tone_vectors`, with the height (d = 8) or without (7).

    Attributes
    ----------
    mean, spread : np.ndarray [shape=(d,)]
        Of all vectors; a vector is standardised by them first.
    centres : np.ndarray [shape=(4, d)]
    precisions : np.ndarray [shape=(4, d, d)]
    """

    mean: Floats
    spread: Floats
    centres: Floats
    precisions: Floats

    def beliefs(self, vectors: Sequence[Floats]) -> Floats:
        """Probability of each tone (4,), each before hand as likely: the mean over the vectors."""
        if not len(vectors):
            return np.full(len(TONES), 1 / len(TONES))
        away = (np.array(vectors)[:, -len(self.mean) :] - self.mean)[:, None, :] / self.spread - self.centres
        squares = np.einsum("vti,tij,vtj->vt", away, self.precisions, away)
        _, volumes = np.linalg.slogdet(self.precisions)
        logs = 0.5 * (volumes - squares)
        odds = np.exp(logs - logs.max(axis=1, keepdims=True))
        found = (odds / odds.sum(axis=1, keepdims=True)).mean(axis=0)
        believed: Floats = (1 - len(TONES) * _LEAST_BELIEF) * found + _LEAST_BELIEF
        return believed


def read_tone_model(fitted: dict[str, Any]) -> ToneModel:
    """The model in a dictionary like that of `tones.json`."""
    return ToneModel(*(np.array(fitted[name]) for name in ("mean", "spread", "centres", "precisions")))


@cache
def tone_model(kind: str) -> ToneModel:
    """The model of `tones.json` for ``"alone"`` or ``"in_speech"``, where the speaker's centre is known."""
    return read_tone_model(json.loads(TONES_FILE.read_text(encoding="utf-8"))[kind])


def tone_model_for(syllables: int) -> ToneModel:
    """The model for so many syllables: from four on, the centre is the speaker's and no longer the tone's."""
    return tone_model("in_speech" if syllables >= _CENTRE_FROM else "alone")


def tone_vectors(heard: Utterance, melody: Melody, start: float, end: float) -> list[Floats]:
    """What the tone models see of a syllable, once for each of `DROPS`.

    Parameters
    ----------
    heard : Utterance
    melody : Melody
        Of the same recording.
    start, end : float
        The syllable's place, seconds.

    Returns
    -------
    list of np.ndarray [shape=(8,)]
        Legendre coefficients 0-3 of F0 in semitones about the recording's centre, 1-2 of the level in dB, 0-1 of
        the strength of voicing. The length is not in it: slow speech keeps its tones. Empty where too little is
        voiced.
    """
    place = slice(round(start / HOP), round(end / HOP))
    level = smoothed(heard.spectrum.level, np.ones(3))[place]
    pitch, strength = melody.relative[place], melody.strength[place]
    spans = (_voiced_span(pitch, level, drop) for drop in DROPS)
    return [
        _tone_vector(pitch[first:stop], level[first:stop], strength[first:stop])
        for first, stop in spans
        if stop - first >= _LEAST_VOICED
    ]


def _voiced_span(pitch: Floats, level: Floats, drop: float) -> tuple[int, int]:
    """The longest stretch that is voiced and loud enough, short gaps bridged: first and one-past-last frame."""
    voiced = ~np.isnan(pitch)
    if not voiced.any():
        return 0, 0
    frames = np.flatnonzero(voiced & (level > np.percentile(level[voiced], 95) - drop))
    cuts = np.flatnonzero(np.diff(frames) > _LONGEST_GAP + 1)
    begins, lasts = np.append(0, cuts + 1), np.append(cuts, len(frames) - 1)
    longest = int(np.argmax(frames[lasts] - frames[begins]))
    return int(frames[begins[longest]]), int(frames[lasts[longest]]) + 1


def _tone_vector(pitch: Floats, level: Floats, strength: Floats) -> Floats:
    at = np.linspace(-1, 1, len(pitch))
    voiced = ~np.isnan(pitch)
    under: Floats = level - level.max()
    # Creak is weakly voiced and its F0 less sure; so is what is soft.
    weight = np.clip(strength, 0.05, 1) ** 2 * np.clip(1 + under / 30, 0.05, 1)
    even = np.ones(len(at))
    movement = _legendre(at[voiced], pitch[voiced], weight[voiced], _PITCH_ORDER)
    loudness = _legendre(at, np.maximum(under, -_LEVEL_RANGE), even, 3)
    voicing = _legendre(at, strength, even, 3)
    return np.concatenate([movement, loudness[1 : _LEVEL_ORDER + 1], voicing[:2]])


def _legendre(at: Floats, values: Floats, weight: Floats, order: int) -> Floats:
    """Weighted least squares on Legendre polynomials, a slight ridge growing with the order."""
    basis = legvander(at, order) * np.sqrt(weight)[:, None]
    ridge = 1e-3 * len(at) * np.diag(np.arange(order + 1.0))
    solved: Floats = np.asarray(
        np.linalg.solve(basis.T @ basis + ridge, basis.T @ (values * np.sqrt(weight))), float
    )
    return solved


def same_tone(mine: Floats, goal: Floats) -> float:
    """Log odds that two syllables have one tone, from the beliefs (4,) in each: 0 where nothing is known.

    log of 4 x the sum over the tones of P(tone | recording) P(tone | example).
    """
    return float(np.log(len(TONES) * (mine @ goal)))


def named(beliefs: Floats) -> int | None:
    """The tone that was heard, 1-4; None where none is likely enough to be named."""
    best = int(np.argmax(beliefs))
    return TONES[best] if beliefs[best] >= NAMED_FROM else None


def contour(heard: Utterance, melody: Melody, start: float, end: float) -> Floats | None:
    """Pitch of a syllable in semitones above or below the speaker's own centre.

    Parameters
    ----------
    heard : Utterance
    melody : Melody
        Of the same recording.
    start, end : float
        The syllable's place, seconds.

    Returns
    -------
    np.ndarray [shape=(30,)] or None
        Evenly spaced over the syllable's voiced stretch, gaps bridged linearly; None where too little of it
        is voiced to tell.
    """
    place = slice(round(start / HOP), round(end / HOP))
    # The path goes on through a fricative, whose hiss is weakly periodic now and then: no one hears a pitch there.
    values = np.where(melody.strength[place] >= _SHOWN_FROM, melody.relative[place], np.nan)
    first, stop = _voiced_span(values, heard.spectrum.level[place], _SHOWN_DROP)
    values = values[first:stop]
    voiced = np.flatnonzero(~np.isnan(values))
    if len(voiced) < _LEAST_VOICED or len(voiced) < _LEAST_SHARE * len(values):
        return None
    return np.interp(np.linspace(voiced[0], voiced[-1], POINTS), voiced, values[voiced])


def tone_distance(recording: Floats, example: Floats) -> float:
    """How differently two contours move: 0 for the same, about 3 for one tone by two voices, 6 for two tones.

    Root mean square difference in semitones, half of the difference in level left out (two speakers set their
    registers differently, but a high level tone is also known by its height), plus three times 1 - r. Onsets
    are left out. On sentences joined from the data in `likeness.json` this told tones apart at an area under the
    curve of .937; the beliefs of `ToneModel`, fitted without the patient's voice, at .989.
    """
    mine, goal = recording[_ONSET_POINTS:], example[_ONSET_POINTS:]
    my_shape, goal_shape = mine - mine.mean(), goal - goal.mean()
    # The shared movement makes two level tones alike, whose wobbles would otherwise not correlate.
    shared = np.mean(my_shape * goal_shape) + _SHARED
    scale = np.sqrt((np.mean(my_shape**2) + _SHARED) * (np.mean(goal_shape**2) + _SHARED))
    half_level = (mine - 0.5 * mine.mean()) - (goal - 0.5 * goal.mean())
    return float(np.sqrt(np.mean(half_level**2)) + 3 * max(0.0, 1 - shared / scale))
