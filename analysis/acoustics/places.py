"""Where the syllables are, when only their number is known."""

from __future__ import annotations

import numpy as np

from analysis.acoustics.arrays import Bools, Floats, Indices, runs, smoothed
from analysis.acoustics.dtw import best_split
from analysis.acoustics.request import Mark
from analysis.acoustics.spectrum import HOP
from analysis.acoustics.utterance import Utterance

_CAP = 30.0  # dB that one side of a syllable's peak can earn
_SPRING = 16.0  # price of a syllable e times too long or too short
_CHANGE_EARNS = 6.0  # at most, for a boundary where the spectrum changes
_PAUSE_EARNS = 12.0  # for a boundary at a pause
_SHORTEST = 4  # frames
_MOST_CELLS = 5_000_000  # of the search, 80 MB: about 250 syllables in 80 s


def find_places(heard: Utterance, count: int) -> tuple[Mark, ...] | None:
    """Cut the speech of an utterance into `count` syllables.

    Each syllable is a peak of the 300-3000 Hz level between two dips; a boundary earns by spectral change and
    by a pause; lengths are held together by a spring. On clean concatenations of Mandarin syllables 94-98 %
    of such boundaries lie within 50 ms; in running speech fewer do, so let a person move them.

    Parameters
    ----------
    heard : Utterance
    count : int >= 0
        Number of syllables.

    Returns
    -------
    tuple[Mark, ...] or None
        None where the speech is too short for so many, or the search too large.
    """
    first, stop = _end_points(heard)
    sonority = heard.spectrum.band_level(300, 3000)[first:stop]
    sonority = np.maximum(sonority - np.percentile(sonority, 95), -_CAP)
    kept = np.flatnonzero(_outside_pauses(heard, first, stop))
    length = len(kept)
    if not count or length < count * _SHORTEST or count * length > _MOST_CELLS:
        return None
    bonus = np.zeros(length + 1)
    bonus[:length] = _CHANGE_EARNS * np.minimum(_spectral_change(heard)[kept + first], 1.2)
    bonus[np.flatnonzero(np.diff(kept) > 1) + 1] += _PAUSE_EARNS
    mean = length / count
    shortest, longest = max(_SHORTEST, int(0.3 * mean)), max(int(2.5 * mean), 10)
    bounds = best_split(sonority[kept], bonus, count, shortest, longest, _SPRING, _CAP)
    if (np.diff(bounds) <= 0).any():
        return None
    return _marks(bounds, kept + first)


def trusted_places(heard: Utterance, count: int) -> tuple[Mark, ...] | None:
    """`find_places`, where the energy speaks for that number: as many nuclei as syllables, one in each place.

    Returns
    -------
    tuple[Mark, ...] or None
        None where the number of nuclei is another, or one of the places has none or two.
    """
    if len(heard.nuclei) != count or (marks := find_places(heard, count)) is None:
        return None
    frames = [round(mark.start / HOP) for mark in marks]
    return (
        marks if (np.searchsorted(frames, heard.nuclei, "right") == np.arange(1, count + 1)).all() else None
    )


def _marks(bounds: Indices, frames: Indices) -> tuple[Mark, ...]:
    """Boundaries on the time line without pauses, as seconds of the recording: a pause belongs to neither."""
    starts, lasts = frames[bounds[:-1]], frames[bounds[1:] - 1]
    return tuple(Mark(float(a) * HOP, float(b + 1) * HOP) for a, b in zip(starts, lasts, strict=True))


def _end_points(heard: Utterance) -> tuple[int, int]:
    """First and one-past-last frame: sustained sonority, then outwards over consonants above the noise.

    By sonority first, because breath and handling noise before a sentence are loud enough to pass for speech.
    """
    level, sonority = heard.spectrum.level, heard.spectrum.band_level(300, 3000)
    top, bottom = (float(value) for value in np.percentile(sonority, [97, 8]))
    sounding = sonority > max(top - 22, bottom + 0.5 * (top - bottom))
    begins, ends = runs(sounding)
    sustained = ends - begins >= 5
    if not sustained.any():
        return heard.speech.start, heard.speech.stop
    first, stop = int(begins[sustained][0]), int(ends[sustained][-1])
    loud, quiet = (float(value) for value in np.percentile(level, [97, 8]))
    audible = level > quiet + max(5.0, 0.28 * (loud - quiet))
    first = _outwards(audible, first, -1, 25)
    stop = _outwards(audible, stop - 1, 1, 20) + 1
    return max(0, first - 2), min(len(level), stop + 1)


def _outwards(audible: Bools, at: int, step: int, most: int) -> int:
    for _ in range(most):
        if not 0 <= at + step < len(audible) or not audible[at + step]:
            break
        at += step
    return at


def _outside_pauses(heard: Utterance, first: int, stop: int) -> Bools:
    """False inside silences of 120 ms or more; their edges are kept, a release or a breath is in them."""
    level = heard.spectrum.level
    loud, quiet = (float(value) for value in np.percentile(level, [97, 8]))
    low = smoothed(level, np.ones(5))[first:stop] < quiet + max(4.0, 0.2 * (loud - quiet))
    keep = np.ones(stop - first, dtype=bool)
    for begin, end in zip(*runs(low), strict=True):
        if end - begin >= 12:
            keep[begin + 3 : end - 4] = False
    return keep


def _spectral_change(heard: Utterance) -> Floats:
    """Distance of the mean cepstra of the 30 ms before and after each frame, over its 95th percentile."""
    cepstra = heard.spectrum.mfcc()[:, 1:].astype(np.float64)
    sums = np.concatenate([np.zeros((1, cepstra.shape[1])), np.cumsum(cepstra, axis=0)])
    frames = np.arange(len(cepstra))
    before, after = np.maximum(frames - 3, 0), np.minimum(frames + 3, len(cepstra))
    left = (sums[frames] - sums[before]) / np.maximum(frames - before, 1)[:, None]
    right = (sums[after] - sums[frames]) / np.maximum(after - frames, 1)[:, None]
    change: Floats = np.linalg.norm(left - right, axis=1)
    return change / (np.percentile(change, 95) + 1e-6)
