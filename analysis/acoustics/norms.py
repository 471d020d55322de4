"""Reference ranges, and where each holds: for which exercise and for whom. Imports nothing heavy.

A limit taken on a held vowel says nothing about a sentence: a healthy therapist reading one has 2 % of jitter.
So a norm names its exercise, and there is none beside a measure of another. ``checked`` says whether the figure
was read in its source; those that were not are shown as such.

Read in their sources: the thresholds of MDVP in Praat's manual ("Voice 2. Jitter", "Voice 3. Shimmer", which
adds that those for jitter are probably too high), Murton et al. 2020 (abstract: sustained /a/ and the Rainbow
Passage, in Praat), Barsties & Maryn 2016 (abstract: AVQI v03.01, 1058 Dutch samples). All others are recalled.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from analysis.acoustics.request import Speaker

Position = Literal["below", "within", "above"]

# For whom: sex, and age in years from, up to.
GROUPS: dict[str, tuple[str | None, float, float]] = {
    "adults": (None, 18.0, 130.0),
    "men": ("male", 18.0, 130.0),
    "women": ("female", 18.0, 130.0),
    "children": (None, 3.0, 11.0),
}

# With one of these flags the waveform is not the voice's own any more.
_SPOILING = frozenset({"clipping", "noise", "narrow_band", "short_speech"})
_OF_THE_VOICE = ("jitter", "shimmer", "hnr", "cpps", "avqi")

# Rates count the syllables of the text: where another was said they are not rates.
_OF_THE_TEXT = ("speech_rate", "articulation_rate")

_PASSAGE = 15.0  # s of speech: shares of pauses are of reading a passage, not of one sentence


@dataclass(frozen=True, slots=True)
class Norm:
    """A range of a measure in one kind of exercise for one group of speakers.

    Attributes
    ----------
    measure, exercise : str
    low, high : float or None
        In the measure's unit; None where that side has no limit.
    group : str
        One of `GROUPS`.
    source : str
    checked : bool
        Whether the figure was read in its source.
    least_seconds : float
        Speech that is needed for it to hold.
    """

    measure: str
    exercise: str
    low: float | None
    high: float | None
    group: str
    source: str
    checked: bool = False
    least_seconds: float = 0.0

    def position(self, value: float) -> Position:
        """Where a value lies."""
        if self.low is not None and value < self.low:
            return "below"
        return "above" if self.high is not None and value > self.high else "within"

    def holds_for(self, speaker: Speaker) -> bool:
        """Whether the speaker is of the group.

        Where the age is not known, only what holds for adults at large is shown, and it names them: a boy is not
        held against men.
        """
        sex, youngest, oldest = GROUPS[self.group]
        if speaker.age is None:
            return self.group == "adults"
        return sex in (None, speaker.sex) and youngest <= speaker.age <= oldest


_SENTENCE, _VOWEL, _RUN = "sentence", "sustained_vowel", "syllable_repetition"
_BAKEN, _HIRANO = "Baken & Orlikoff 2000", "Hirano 1981"
_JITTER, _SHIMMER = "MDVP, in Praat manual, Voice 2", "MDVP, in Praat manual, Voice 3"
_MURTON = "Murton et al. 2020"

NORMS = (
    Norm("f0_median", _SENTENCE, 100.0, 146.0, "men", _BAKEN),
    Norm("f0_median", _SENTENCE, 188.0, 221.0, "women", _BAKEN),
    Norm("f0_median", _SENTENCE, 250.0, 300.0, "children", _BAKEN),
    Norm("f0_sd", _SENTENCE, 2.0, 4.0, "adults", _BAKEN),
    Norm("jitter_local", _VOWEL, None, 1.040, "adults", _JITTER, checked=True),
    Norm("jitter_rap", _VOWEL, None, 0.680, "adults", _JITTER, checked=True),
    Norm("jitter_ppq5", _VOWEL, None, 0.840, "adults", _JITTER, checked=True),
    Norm("shimmer_local", _VOWEL, None, 3.810, "adults", _SHIMMER, checked=True),
    Norm("shimmer_local_db", _VOWEL, None, 0.350, "adults", _SHIMMER, checked=True),
    Norm("shimmer_apq11", _VOWEL, None, 3.070, "adults", _SHIMMER, checked=True),
    Norm("hnr", _VOWEL, 7.0, None, "adults", "Praat manual"),
    Norm("cpps_utterance", _VOWEL, 14.45, None, "adults", _MURTON, checked=True),
    Norm("cpps_utterance", _SENTENCE, 9.33, None, "adults", _MURTON, checked=True),
    Norm("avqi", _VOWEL, None, 2.43, "adults", "Barsties & Maryn 2016", checked=True),
    Norm("speech_rate", _SENTENCE, 3.5, 5.5, "adults", "Pellegrino et al. 2011"),
    Norm("articulation_rate", _SENTENCE, 4.5, 6.0, "adults", "Pellegrino et al. 2011"),
    Norm("pause_ratio", _SENTENCE, 0.10, 0.25, "adults", "Goldman-Eisler 1968", least_seconds=_PASSAGE),
    Norm("maximum_phonation_time", _VOWEL, 25.0, 35.0, "men", _HIRANO),
    Norm("maximum_phonation_time", _VOWEL, 15.0, 25.0, "women", _HIRANO),
    Norm("maximum_phonation_time", _VOWEL, 10.0, None, "adults", _HIRANO),
    Norm("ddk_rate", _RUN, 5.0, 7.0, "adults", "Kent et al. 1987; Duffy 2013"),
)


def norm_for(
    measure: str, exercise: str, speaker: Speaker, *, speech_seconds: float, flags: Collection[str] = ()
) -> Norm | None:
    """The norm that holds for a measure, the most particular one first; None where none does.

    Parameters
    ----------
    measure, exercise : str
    speaker : Speaker
    speech_seconds : float
        Speech in the recording.
    flags : collection of str
        Quality flags of the recording: a clipped, noisy or telephone-band recording says nothing about a voice.
    """
    if measure.startswith(_OF_THE_VOICE) and _SPOILING.intersection(flags):
        return None
    if measure in _OF_THE_TEXT and "another_sentence" in flags:
        return None
    for norm in NORMS:
        of_this = norm.measure == measure and norm.exercise == exercise
        if of_this and norm.holds_for(speaker) and speech_seconds >= norm.least_seconds:
            return norm
    return None
