"""The sounds of one syllable, initial and final apart, and how alike those of two recordings are.

Three looks at a syllable, fitted by `fit_syllables` and kept in `sounds.npz` (what they were fitted on, and how
well they do, stands in `sounds.json`):

* the whole, as a sequence of frames in the directions that tell syllables apart, compared by DTW and normalised
  against a fixed background of other syllables (S-norm), as in speaker verification;
* the initial, as one vector about the vowel's onset, in the directions that tell the 22 initials apart;
* the final, likewise from that onset to the end.

The last two give a log likelihood ratio of "the same" against "any other" (probabilistic linear discriminant
analysis, Ioffe 2006): it is for classes never seen as good as for those seen, and nothing names a sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import scipy.fft

from analysis.acoustics.arrays import Floats, Indices, smoothed
from analysis.acoustics.melody import Melody
from analysis.acoustics.request import Mark
from analysis.acoustics.span_dtw import span_distances
from analysis.acoustics.spectrum import HOP
from analysis.acoustics.utterance import Utterance

SOUNDS_FILE = Path(__file__).parent / "sounds.npz"

_FLOOR = 1e-5  # of the loud frames' mean band: 50 dB below them is the room
_COEFFICIENTS, _FEW = 20, 13  # the vectors leave the finest ones out: they are the speaker's, not the sound's
_OWN_MEAN_FRAMES = 40  # frames at which the recording's own mean weighs as much as the common one
_SONOROUS = slice(5, 24)  # mel bands from about 300 to 2500 Hz
_VOWEL_BELOW = 9.0  # dB under the syllable's most sonorous frame
_EDGE_BELOW = 38.0  # dB under the loudest frame: silence at the edges of a place
_SHORTEST = 6  # frames of a syllable, and parts of a final
_SPLICE = (-4, -2, 0, 2, 4)  # frames
ONSET_WEIGHT, ONSET_FRAMES = 2.0, 8.0
# Frames before and after the vowel's onset that are averaged; narrow about the burst, wide in a fricative.
_ONSET_BINS = ((-16, -12), (-12, -9), (-9, -6), (-6, -4), (-4, -2), (-2, 0), (0, 2), (2, 4), (4, 7))
_FINAL_PARTS = _SHORTEST


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Mean and spread of each coefficient over many speakers: (20,) each."""

    mean: Floats
    spread: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Discriminant directions: a vector minus `origin` (d,) times `directions` (d, k)."""

    origin: Floats
    directions: Floats

    def __call__(self, vectors: Floats) -> Floats:
        """(n, d) to (n, k)."""
        projected: Floats = (vectors - self.origin) @ self.directions
        return projected


@dataclass(frozen=True, slots=True, eq=False)
class PartModel:
    """Vectors of a part of a syllable, so turned that those of one class differ by 1 in every direction.

    Attributes
    ----------
    between : np.ndarray [shape=(k,)]
        Variance of the classes' centres along each direction.
    """

    projection: Projection
    between: Floats

    def ratio(self, mine: Floats, goal: Floats) -> Floats:
        """Log likelihood ratio of one class against two, for projected vectors (..., k)."""
        total = self.between + 1
        apart = total**2 - self.between**2
        together = (total * (mine**2 + goal**2) - 2 * self.between * mine * goal) / apart + np.log(apart)
        alone = (mine**2 + goal**2) / total + 2 * np.log(total)
        found: Floats = (0.5 * (alone - together)).sum(axis=-1)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class SoundModel:
    """All that is fitted for sounds.

    Attributes
    ----------
    ground : Ground
    frames : Projection
        Of five spliced frames (100,) to 16 directions.
    background : np.ndarray [shape=(m, 16)]
        Frames of the background syllables, one after the other, unit length.
    background_spans : np.ndarray [shape=(b, 2)]
        First and one-past-last frame of each.
    initial, final : PartModel
    """

    ground: Ground
    frames: Projection
    background: Floats
    background_spans: Indices
    initial: PartModel
    final: PartModel


@cache
def sound_model() -> SoundModel:
    """The model of `sounds.npz`."""
    with np.load(SOUNDS_FILE, allow_pickle=False) as kept:
        parts = {name: kept[name].astype(np.int64 if name.endswith("spans") else np.float64) for name in kept}
    return SoundModel(
        Ground(parts["ground_mean"], parts["ground_spread"]),
        Projection(parts["frames_origin"], parts["frames_directions"]),
        parts["background"],
        parts["background_spans"],
        *(
            PartModel(
                Projection(parts[f"{part}_origin"], parts[f"{part}_directions"]), parts[f"{part}_between"]
            )
            for part in ("initial", "final")
        ),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Sounds:
    """What all looks at the syllables of one recording share.

    Attributes
    ----------
    cepstra : np.ndarray [shape=(n, 20)]
        Half of the recording's own mean and half of the common one taken out, over the common spread.
    sonority, level : np.ndarray [shape=(n,)]
        dB.
    strength : np.ndarray [shape=(n,)]
        Of voicing, 0-1.
    """

    cepstra: Floats
    sonority: Floats
    level: Floats
    strength: Floats


def mel_cepstra(heard: Utterance, warp: float = 1.0) -> tuple[Floats, Floats]:
    """20 cepstral coefficients (n, 20) and the sonority (n,), dB, over a floor 50 dB below the loud frames."""
    mel = heard.spectrum.mel(warp).astype(np.float64)
    loud = np.percentile(mel.mean(axis=1)[heard.speech.active], 95) + 1e-12
    bands = mel / loud + _FLOOR
    sonority = 10 * np.log10(bands[:, _SONOROUS].sum(axis=1))
    cepstra: Floats = scipy.fft.dct(np.log(bands), type=2, norm="ortho", axis=1)[:, :_COEFFICIENTS]
    return cepstra, smoothed(sonority, np.ones(5))


def hear_sounds(heard: Utterance, melody: Melody, ground: Ground, warp: float = 1.0) -> Sounds:
    """The frames of a recording as the models want them.

    A short recording's own mean would remove its vowel, so it leans on the common one: half and half at 40 frames.
    """
    cepstra, sonority = mel_cepstra(heard, warp)
    spoken = cepstra[heard.speech.active]
    own = len(spoken) / (len(spoken) + _OWN_MEAN_FRAMES)
    middle = own * spoken.mean(axis=0) + (1 - own) * ground.mean
    return Sounds((cepstra - middle) / ground.spread, sonority, heard.spectrum.level, melody.strength)


def span_of(sounds: Sounds, mark: Mark) -> tuple[int, int]:
    """A place as first and one-past-last frame, silence at its edges left out; at least 6 frames."""
    last = len(sounds.level)
    first = min(max(0, round(mark.start / HOP)), last - _SHORTEST)
    stop = min(max(round(mark.end / HOP), first + _SHORTEST), last)
    level = sounds.level[first:stop]
    sounding = np.flatnonzero(level > level.max() - _EDGE_BELOW)
    begin, end = first + max(0, int(sounding[0]) - 2), min(stop, first + int(sounding[-1]) + 3)
    return (begin, end) if end - begin >= _SHORTEST else (first, stop)


def vowel_onset(sounds: Sounds, first: int, stop: int) -> int:
    """The first frame within 9 dB of the syllable's most sonorous one."""
    sonority = sounds.sonority[first:stop]
    return first + int(np.flatnonzero(sonority > sonority.max() - _VOWEL_BELOW)[0])


def initial_vector(sounds: Sounds, first: int, stop: int) -> Floats:
    """Nine stretches about the vowel's onset: mean cepstra, voicing and level of each, and the initial's length.

    Nothing outside the syllable is looked at: what went before is not its initial.
    """
    onset = vowel_onset(sounds, first, stop)
    level = (sounds.level[first:stop].max() - sounds.level) / 10
    parts = []
    for begin, end in _ONSET_BINS:
        frames = np.clip(np.arange(onset + begin, onset + end), first, stop - 1)
        means = (sounds.strength[frames].mean(), -min(6.0, float(level[frames].mean())))
        parts.append(np.append(sounds.cepstra[frames, :_FEW].mean(axis=0), means))
    return np.append(np.concatenate(parts), np.log(onset - first + 3))


def final_vector(sounds: Sounds, first: int, stop: int) -> Floats:
    """Mean cepstra of six even parts from the vowel's onset to the end, a nasal's murmur included: (78,)."""
    onset = min(vowel_onset(sounds, first, stop), stop - _FINAL_PARTS)
    edges = np.linspace(onset, stop, _FINAL_PARTS + 1).astype(int)
    parts = [sounds.cepstra[a:b, :_FEW].mean(axis=0) for a, b in pairwise(edges)]
    return np.concatenate(parts)


def spliced(cepstra: Floats) -> Floats:
    """Each frame with those 20 and 40 ms before and after it: (n, 20) to (n, 100)."""
    at = np.arange(len(cepstra))
    return np.hstack([cepstra[np.clip(at + offset, 0, len(cepstra) - 1)] for offset in _SPLICE])


def unit(vectors: Floats) -> Floats:
    """Rows (n, d) of unit length."""
    lengths: Floats = np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9
    return vectors / lengths


@dataclass(frozen=True, slots=True, eq=False)
class SyllableSounds:
    """Every syllable of one recording, as the models see it.

    Attributes
    ----------
    frames : np.ndarray [shape=(m, 16)]
        The syllables' frames, one syllable after the other.
    spans : np.ndarray [shape=(k, 2)]
    initials, finals : np.ndarray [shape=(k, d)]
    chance : np.ndarray [shape=(k, 2)]
        Mean and spread of each one's distances to the background.
    """

    frames: Floats
    spans: Indices
    initials: Floats
    finals: Floats
    chance: Floats


def hear_syllables(sounds: Sounds, marks: list[Mark], model: SoundModel) -> SyllableSounds:
    """Every marked syllable of a recording through the model; at least one mark."""
    places = [span_of(sounds, mark) for mark in marks]
    frames = [unit(model.frames(spliced(sounds.cepstra[first:stop]))) for first, stop in places]
    stops = np.cumsum([len(each) for each in frames])
    spans = np.stack([np.append(0, stops[:-1]), stops], axis=1)
    joined = np.concatenate(frames)
    cost = 1.0 - joined @ model.background.T
    far = span_distances(cost, spans, model.background_spans, ONSET_WEIGHT, ONSET_FRAMES)
    return SyllableSounds(
        joined,
        spans,
        model.initial.projection(np.array([initial_vector(sounds, *place) for place in places])),
        model.final.projection(np.array([final_vector(sounds, *place) for place in places])),
        np.stack([far.mean(axis=1), far.std(axis=1) + 1e-6], axis=1),
    )


def sound_evidence(mine: SyllableSounds, goal: SyllableSounds, model: SoundModel) -> Floats:
    """What speaks for each syllable of the recording being the example's: (k, 3), more is better.

    Columns: minus the normalised distance of the whole (about 2.5 for the same, 0 for another), the log
    likelihood ratio of the initial, that of the final.
    """
    cost = 1.0 - mine.frames @ goal.frames.T
    distance = np.diag(span_distances(cost, mine.spans, goal.spans, ONSET_WEIGHT, ONSET_FRAMES))
    normed = sum((distance - side.chance[:, 0]) / side.chance[:, 1] for side in (mine, goal))
    initials = model.initial.ratio(mine.initials, goal.initials)
    finals = model.final.ratio(mine.finals, goal.finals)
    return np.stack([-0.5 * normed, initials, finals], axis=1)
