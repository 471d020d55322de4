"""One recording as every later step sees it: its spectrum, its speech, its pitch, its syllable nuclei."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analysis.acoustics.arrays import Bools, Floats, Indices, runs, smoothed
from analysis.acoustics.pitch import PitchTrack
from analysis.acoustics.sound import Sound
from analysis.acoustics.spectrum import HOP, Spectrum
from analysis.acoustics.speech import Speech, find_speech

NUCLEUS_BELOW_TOP = 25.0  # dB (de Jong & Wempe 2009)
NUCLEUS_DIP = 2.0  # dB between two nuclei (same)
_SET_APART = 25  # frames, 0.25 s: a plosive's closure or a fricative's onset is nearer to its vowel
STANDSTILL = 9.0  # cepstral distance over 40 ms below which a voiced sound stands still


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """All that is computed once per recording.

    Attributes
    ----------
    sonority : np.ndarray [shape=(n,)]
        Level between 300 and 2500 Hz, dB: high in vowels, low in consonants.
    nuclei : np.ndarray [shape=(k,), dtype=int]
        Frames of the syllable nuclei.
    """

    sound: Sound
    spectrum: Spectrum
    speech: Speech
    track: PitchTrack
    sonority: Floats
    nuclei: Indices


def utterance(sound: Sound, spectrum: Spectrum, speech: Speech, track: PitchTrack) -> Utterance:
    """Put together what the steps found."""
    speech = _without_coughs(speech, ~np.isnan(track.hertz))
    sonority = spectrum.band_level(300, 2500)
    nuclei = _nuclei(sonority, speech, ~np.isnan(track.hertz))
    return Utterance(sound, spectrum, speech, track, sonority, nuclei)


def _without_coughs(speech: Speech, voiced: Bools) -> Speech:
    """Without loud stretches before the first voice, or after the last, that a silence sets apart from it."""
    at = np.flatnonzero(voiced & speech.active)
    if not len(at):
        return speech  # whispered, or no voice was found: nothing tells a cough from speech
    begins, ends = runs(speech.active)
    first, last = np.searchsorted(ends, at[0], side="right"), np.searchsorted(ends, at[-1], side="right")
    while first > 0 and begins[first] - ends[first - 1] < _SET_APART:
        first -= 1
    while last < len(ends) - 1 and begins[last + 1] - ends[last] < _SET_APART:
        last += 1
    active = speech.active.copy()
    active[: begins[first]] = active[ends[last] :] = False
    return replace(speech, active=active)


def evened(recording: Utterance, example: Utterance) -> tuple[Utterance, Utterance]:
    """The two with speech cut off equally deep below their loud frames.

    Noise swallows the weak ends of syllables. Cut from one of the two only, they would make it look quicker
    and better in rhythm than it was.
    """
    depth = min(recording.speech.depth, example.speech.depth)
    mine, goal = (
        each
        if each.speech.depth == depth
        else utterance(each.sound, each.spectrum, find_speech(each.spectrum, depth), each.track)
        for each in (recording, example)
    )
    return mine, goal


def _nuclei(sonority: Floats, speech: Speech, voiced: Bools) -> Indices:
    """Voiced peaks of sonority within 25 dB of the top, 2 dB dips between (de Jong & Wempe 2009)."""
    inner = sonority[1:-1]
    peak = (inner >= sonority[:-2]) & (inner > sonority[2:])
    floor = np.percentile(sonority[speech.start : speech.stop], 95) - NUCLEUS_BELOW_TOP
    near_voice = np.convolve(voiced, np.ones(7), "same")[1:-1] > 0.5  # a peak may fall just off the voicing
    candidates = np.flatnonzero(peak & (inner > floor) & speech.active[1:-1] & near_voice) + 1
    kept: list[int] = []
    for frame in candidates:
        if kept and not _dips(sonority, kept[-1], int(frame)):
            kept[-1] = max(kept[-1], int(frame), key=lambda at: float(sonority[at]))
        else:
            kept.append(int(frame))
    return np.array(kept, dtype=np.int64)


def _dips(sonority: Floats, before: int, after: int) -> bool:
    lower_peak = min(sonority[before], sonority[after])
    return bool(lower_peak - sonority[before : after + 1].min() >= NUCLEUS_DIP)


def longest_standstill(heard: Utterance) -> float:
    """Longest voiced stretch, seconds, in which the spectrum does not move: a prolongation."""
    cepstra = heard.spectrum.mfcc().astype(np.float64)
    cepstra = np.stack([smoothed(column, np.ones(3)) for column in cepstra.T], axis=1)
    frames = np.arange(len(cepstra))
    ahead, behind = np.minimum(frames + 2, frames[-1]), np.maximum(frames - 2, 0)
    movement = np.linalg.norm(cepstra[ahead] - cepstra[behind], axis=1)
    still = (movement < STANDSTILL) & heard.speech.active & ~np.isnan(heard.track.hertz)
    begins, ends = runs(still)
    return float((ends - begins).max(initial=0)) * HOP
