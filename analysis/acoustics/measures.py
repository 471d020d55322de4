"""The table of measures: one row each, in the order in which they are shown."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.acoustics.codes import EXERCISES

_SENTENCE = ("sentence",)
_VOWEL = ("sustained_vowel",)
_RUN = ("syllable_repetition",)
_SPOKEN = ("sentence", "syllable_repetition")
_VOICE = ("sentence", "sustained_vowel")  # of a syllable run only rate and regularity say anything

_PITCH = (
    "Praat autocorrelation, 10 ms, two passes: 60-600 Hz (20 ms from 4 s on), then 0.75 x q25 to 1.5 x q75; "
    "silence .03, voicing .45, octave .01, jump .35, voiced/unvoiced .14"
)
_PULSES = "Praat PointProcess (cc) on the F0 track; periods .0001-.02 s, period factor 1.3"
_AMPLITUDES = f"{_PULSES}, amplitude factor 1.6"
_PAUSES = "silence of at least 150 ms inside the utterance; speech: within 30 dB of the 95th percentile level"
_CPPS = (
    "Praat PowerCepstrogram 60 Hz, 2 ms, 5000 Hz, 50 Hz; CPPS no, .01, .001, 60-330, .05, Parabolic, "
    ".001-0, Straight, Robust; computed here, see cepstrum.py"
)
_FORMANTS = (
    "Praat Burg, 5 formants below 5000 (men) or 5500 Hz, window .025 s, pre-emphasis 50 Hz, on 60 ms around "
    "each voiced nucleus, or all through a held vowel"
)
_INTENSITY = "Praat intensity, floor of the F0 track, 10 ms, speech frames of the voice only; not calibrated"


@dataclass(frozen=True, slots=True)
class MeasureInfo:
    """What a measure is, so that anyone can check it by hand.

    Attributes
    ----------
    name, unit : str
    definition : str
        One line.
    parameters : str
        How it is computed here.
    source : str
        Where definition and parameters come from.
    exercises : tuple[str, ...]
        In which exercises it is taken.
    """

    name: str
    unit: str
    definition: str
    parameters: str
    source: str
    exercises: tuple[str, ...] = EXERCISES


MEASURES = (
    MeasureInfo(
        "snr",
        "dB",
        "loud over quiet moments: a guess at the signal-to-noise ratio",
        "95th minus 3rd percentile of the level of 25 ms frames, averaged over five",
        "VocalBorn; below 27 dB lay 9 of 10 recordings with noise 20 dB below the speech",
        _SPOKEN,  # a held vowel has no quiet moments to compare with
    ),
    MeasureInfo(
        "clipped_share", "share", "samples at full scale", "at .99 or beyond, before resampling", "VocalBorn"
    ),
    MeasureInfo("speech_level", "dBFS", "RMS level of speech", "mean square over speech frames", "VocalBorn"),
    MeasureInfo(
        "bandwidth",
        "Hz",
        "highest frequency in the speech",
        "mean spectrum after pre-emphasis within 65 dB of its peak; at most half the file's rate and 8 kHz",
        "VocalBorn",
    ),
    MeasureInfo(
        "f0_median", "Hz", "median fundamental frequency", _PITCH, "Boersma 1993; Praat manual", _VOICE
    ),
    MeasureInfo(
        "f0_p05", "Hz", "5th percentile of the fundamental frequency", _PITCH, "Praat manual", _VOICE
    ),
    MeasureInfo(
        "f0_p95", "Hz", "95th percentile of the fundamental frequency", _PITCH, "Praat manual", _VOICE
    ),
    MeasureInfo(
        "f0_sd", "st", "standard deviation of F0 in semitones re own median", _PITCH, "Praat manual", _VOICE
    ),
    MeasureInfo("f0_range", "st", "5th to 95th percentile of F0", _PITCH, "Praat manual", _VOICE),
    MeasureInfo(
        "jitter_local",
        "%",
        "mean difference of neighbouring periods",
        _PULSES,
        "Praat manual, Voice 2",
        _VOICE,
    ),
    MeasureInfo(
        "jitter_rap", "%", "period against the mean of three", _PULSES, "Praat manual, Voice 2", _VOICE
    ),
    MeasureInfo(
        "jitter_ppq5", "%", "period against the mean of five", _PULSES, "Praat manual, Voice 2", _VOICE
    ),
    MeasureInfo(
        "shimmer_local",
        "%",
        "mean difference of neighbouring amplitudes",
        _AMPLITUDES,
        "Praat manual, Voice 3",
        _VOICE,
    ),
    MeasureInfo(
        "shimmer_local_db", "dB", "the same, in decibels", _AMPLITUDES, "Praat manual, Voice 3", _VOICE
    ),
    MeasureInfo(
        "shimmer_apq11",
        "%",
        "amplitude against the mean of eleven",
        _AMPLITUDES,
        "Praat manual, Voice 3",
        _VOICE,
    ),
    MeasureInfo(
        "hnr",
        "dB",
        "harmonics-to-noise ratio, mean of the voiced frames",
        "Praat harmonicity (cc), 10 ms, 75 Hz, silence .1, 1 period; of the voice alone where "
        "something else is louder; computed here, see harmonicity.py",
        "Boersma 1993; Praat manual",
        _VOICE,
    ),
    MeasureInfo(
        "cpps",
        "dB",
        "smoothed cepstral peak prominence, mean of the whole recording: pauses and what lies around it too",
        _CPPS,
        "Maryn & Weenink 2015; Praat manual",
        _VOICE,
    ),
    MeasureInfo(
        "cpps_utterance",
        "dB",
        "the same from the first to the last voiced sound, or over the held vowel: what lies around left out",
        f"{_CPPS}; mean of the frames centred in it",
        "Maryn & Weenink 2015; Praat manual",
        _VOICE,
    ),
    MeasureInfo(
        "avqi",
        "index",
        "Acoustic Voice Quality Index v03.01, 0 to 10, of a held vowel and connected speech of the same voice",
        "(4.152 - .177 CPPS - .006 HNR - .037 Shim% + .941 ShdB + .01 Slope + .093 Tilt) x 2.8902 on voiced "
        "speech + the middle 3 s of the vowel, 34 Hz high-pass, 16 kHz; see voice_quality.py",
        "Barsties & Maryn 2015",
        _VOWEL,
    ),
    MeasureInfo("f1_median", "Hz", "first formant, median", _FORMANTS, "Praat manual", _VOICE),
    MeasureInfo("f2_median", "Hz", "second formant, median", _FORMANTS, "Praat manual", _VOICE),
    MeasureInfo("intensity_mean", "dB", "mean intensity of speech", _INTENSITY, "Praat manual", _VOICE),
    MeasureInfo("intensity_sd", "dB", "its standard deviation", _INTENSITY, "Praat manual", _VOICE),
    MeasureInfo("intensity_range", "dB", "its 5th to 95th percentile", _INTENSITY, "Praat manual", _VOICE),
    MeasureInfo("speech_time", "s", "speech without pauses", _PAUSES, "VocalBorn", _SPOKEN),
    MeasureInfo(
        "pause_count", "count", "pauses inside the utterance", _PAUSES, "Goldman-Eisler 1968", _SPOKEN
    ),
    MeasureInfo(
        "pause_ratio",
        "share",
        "pause time over the utterance's time",
        _PAUSES,
        "Goldman-Eisler 1968",
        _SPOKEN,
    ),
    MeasureInfo("pause_mean", "s", "mean length of the pauses", _PAUSES, "Goldman-Eisler 1968", _SPOKEN),
    MeasureInfo("pause_longest", "s", "longest pause", _PAUSES, "Goldman-Eisler 1968", _SPOKEN),
    MeasureInfo(
        "syllable_nuclei",
        "count",
        "syllable nuclei heard",
        "voiced peaks of the 300-2500 Hz level within 25 dB of its top, dips of 2 dB between",
        "after de Jong & Wempe 2009",
        _SPOKEN,
    ),
    MeasureInfo(
        "speech_rate",
        "syllables/s",
        "syllables over the utterance's time, pauses counted",
        "syllables of the text where it is known, else nuclei",
        "de Jong & Wempe 2009",
        _SENTENCE,
    ),
    MeasureInfo(
        "articulation_rate",
        "syllables/s",
        "syllables over speech time, pauses left out",
        "syllables of the text where it is known, else nuclei",
        "de Jong & Wempe 2009",
        _SENTENCE,
    ),
    MeasureInfo(
        "npvi",
        "index",
        "normalised pairwise variability of syllable durations",
        "places carried from the example along the alignment",
        "Grabe & Low 2002",
        _SENTENCE,
    ),
    MeasureInfo(
        "maximum_phonation_time",
        "s",
        "longest voiced stretch",
        "F0 track, breaks under 100 ms bridged",
        "Hirano 1981",
        _VOWEL,
    ),
    MeasureInfo(
        "ddk_rate",
        "syllables/s",
        "rate of a syllable run",
        "steepest rise of the 300-2500 Hz level before each nucleus; at least four; intervals of over three "
        "medians, breaths, left out",
        "Kent 1987; Duffy 2013",
        _RUN,
    ),
    MeasureInfo(
        "ddk_interval_cov",
        "%",
        "standard deviation of its intervals over their mean",
        "as ddk_rate",
        "Kent 1987; Duffy 2013",
        _RUN,
    ),
)
