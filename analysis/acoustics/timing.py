"""Time: pauses, rates, held vowels and syllable runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from analysis.acoustics.arrays import Floats
from analysis.acoustics.outcome import Outcome, absent, measured
from analysis.acoustics.spectrum import HOP
from analysis.acoustics.utterance import Utterance

_BREATH = 3.0  # medians: a longer interval is a breath, not a slow syllable
_LONGEST_RISE = 20  # frames from an onset to its nucleus


def pause_measures(heard: Utterance) -> Iterator[Outcome]:
    """Speech time and the silences of at least 150 ms inside the utterance (Goldman-Eisler 1968)."""
    speech, pauses = heard.speech, heard.speech.pauses
    yield measured("speech_time", speech.seconds)
    yield measured("pause_count", float(len(pauses)))
    yield measured("pause_ratio", float(pauses.sum()) / (speech.seconds + float(pauses.sum())))
    for name, figure in (("pause_mean", np.mean), ("pause_longest", np.max)):
        yield measured(name, float(figure(pauses))) if len(pauses) else absent(name, "no_pauses")


def rate_measures(heard: Utterance, text_syllables: int) -> Iterator[Outcome]:
    """Syllables a second: over the whole utterance, and over speech without its pauses.

    Parameters
    ----------
    heard : Utterance
    text_syllables : int
        Syllables of the text; 0 where it is not known, then nuclei are counted (de Jong & Wempe 2009).
    """
    speech = heard.speech
    yield measured("syllable_nuclei", float(len(heard.nuclei)))
    syllables = text_syllables or len(heard.nuclei)
    if not syllables:
        yield from (absent(name, "too_few_syllables") for name in ("speech_rate", "articulation_rate"))
        return
    yield measured("speech_rate", syllables / (speech.seconds + float(speech.pauses.sum())))
    yield measured("articulation_rate", syllables / speech.seconds)


def variability(durations: Sequence[float]) -> Outcome:
    """nPVI: mean difference of neighbouring durations over their mean, times 100 (Grabe & Low 2002)."""
    if len(durations) < 3:
        return absent("npvi", "too_few_syllables")
    before, after = np.array(durations[:-1]), np.array(durations[1:])
    return measured("npvi", float(100 * np.mean(np.abs(before - after) / ((before + after) / 2))))


def phonation_time(heard: Utterance) -> Outcome:
    """Longest voiced stretch, seconds, voicing breaks under 100 ms bridged (Hirano 1981)."""
    held = heard.track.longest
    if held.stop == held.start:
        return absent("maximum_phonation_time", "no_voicing")
    return measured("maximum_phonation_time", (held.stop - held.start) * HOP)


def repetition_measures(heard: Utterance) -> Iterator[Outcome]:
    """Rate and regularity of a syllable run, from the onset of each syllable (Kent 1987; Duffy 2013).

    A breath within the run belongs to neither: the pauses tell it.
    """
    onsets = syllable_onsets(heard)
    if len(onsets) < 4:
        yield from (absent(name, "too_few_syllables") for name in ("ddk_rate", "ddk_interval_cov"))
        return
    intervals = np.diff(onsets)
    intervals = intervals[intervals <= _BREATH * np.median(intervals)]
    yield measured("ddk_rate", float(1 / intervals.mean()))
    yield measured("ddk_interval_cov", float(100 * intervals.std() / intervals.mean()))


def syllable_onsets(heard: Utterance) -> Floats:
    """Time of the steepest rise of sonority before each nucleus, seconds."""
    rise = np.diff(heard.sonority, prepend=heard.sonority[0])
    earliest = np.concatenate(([0], heard.nuclei[:-1])) if len(heard.nuclei) else heard.nuclei
    onsets = []
    for before, nucleus in zip(earliest, heard.nuclei, strict=True):
        first = max(int(before), int(nucleus) - _LONGEST_RISE)
        onsets.append(first + int(rise[first : nucleus + 1].argmax()))
    return np.array(onsets, dtype=np.float64) * HOP
