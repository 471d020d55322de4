"""How the voice sounds: periodicity and level as Praat measures them, so that each can be checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import parselmouth
from parselmouth.praat import call

from analysis.acoustics.cepstrum import frame_times, prominences
from analysis.acoustics.formants import (
    Formants,
    ceiling_for,
    formant_measures,
    nucleus_formants,
    vowel_formants,
)
from analysis.acoustics.harmonicity import harmonicity
from analysis.acoustics.outcome import Outcome, absent, measured
from analysis.acoustics.pitch import LEAST_VOICED, PitchTrack, praat_sound
from analysis.acoustics.request import Request
from analysis.acoustics.sound import RATE, Sound
from analysis.acoustics.spectrum import CENTRE, HOP
from analysis.acoustics.utterance import Utterance
from analysis.acoustics.voice_quality import VOWEL, avqi

# Praat's manual, "Voice 2" and "Voice 3": shortest and longest period (s), largest ratio of neighbouring
# periods, largest ratio of neighbouring amplitudes.
_PERIODS = (0.0001, 0.02, 1.3)
_AMPLITUDES = (*_PERIODS, 1.6)

_AROUND = 0.1  # s: a plosive before the first vowel belongs to the voice's recording
_LEAST_VOWEL = 1.0  # s: Praat's figures of a shorter vowel are those of its ends

_JITTER = {
    "jitter_local": "Get jitter (local)",
    "jitter_rap": "Get jitter (rap)",
    "jitter_ppq5": "Get jitter (ppq5)",
}
_SHIMMER = {
    "shimmer_local": ("Get shimmer (local)", 100.0),
    "shimmer_local_db": ("Get shimmer (local_dB)", 1.0),
    "shimmer_apq11": ("Get shimmer (apq11)", 100.0),
}
_INTENSITY = ("intensity_mean", "intensity_sd", "intensity_range")


@dataclass(frozen=True, slots=True)
class Voice:
    """The measures of a voice, and the formants at each nucleus of a sentence."""

    measured: tuple[Outcome, ...] = ()
    formants: tuple[Formants, ...] = ()


def listen_to_voice(heard: Utterance, request: Request, connected: Sound | None) -> Voice:
    """What of the voice says something in this exercise: of a syllable run nothing does.

    Parameters
    ----------
    heard : Utterance
    request : Request
    connected : Sound or None
        Speech of the same person, for the AVQI of a held vowel.
    """
    ceiling = ceiling_for(request.speaker)
    if request.exercise == "sustained_vowel":
        medians = formant_measures(vowel_formants(heard, ceiling))
        measures = voice_measures(heard, heard.track.longest)
        return Voice((*measures, *medians, _voice_quality(heard, connected)))
    if request.exercise == "sentence":
        formants = nucleus_formants(heard, ceiling)
        measures = voice_measures(heard, heard.track.extent)
        return Voice((*measures, *formant_measures(formants)), formants)
    return Voice()


def voice_measures(heard: Utterance, part: slice) -> Iterator[Outcome]:
    """Jitter, shimmer, harmonicity, cepstral peak prominence and intensity of one recording.

    Parameters
    ----------
    heard : Utterance
    part : slice
        Frames of the voice: of the held vowel, or from the first to the last voiced sound.
    """
    source = praat_sound(heard.sound)
    yield from _perturbation(source, heard.track)
    yield _harmonicity(heard, part)
    yield from _cepstral(heard.sound, part)
    yield from _intensity(source, heard, part)


def _voice_quality(vowel: Utterance, speech: Sound | None) -> Outcome:
    """The AVQI of a held vowel, its middle three seconds, and of the same person's connected speech."""
    if speech is None:
        return absent("avqi", "no_connected_speech")
    held = vowel.track.longest
    middle = (held.start + held.stop) / 2 * HOP + CENTRE
    half = min(VOWEL, (held.stop - held.start) * HOP) / 2
    samples = vowel.sound.samples[round((middle - half) * RATE) : round((middle + half) * RATE)]
    if half < _LEAST_VOWEL / 2:
        return absent("avqi", "no_voicing")
    found = avqi(speech, Sound(samples))
    return measured("avqi", found.index) if found else absent("avqi", "no_voicing")


def _cepstral(sound: Sound, part: slice) -> Iterator[Outcome]:
    """Cepstral peak prominence: the mean of all frames, as Praat has it, and of those of the voice only."""
    samples = sound.samples.astype(np.float64)
    frames, times = prominences(samples), frame_times(len(samples))
    yield measured("cpps", float(frames.mean(dtype=np.float64)))
    inside = frames[(times >= part.start * HOP) & (times <= part.stop * HOP + CENTRE)]
    if len(inside):
        yield measured("cpps_utterance", float(inside.mean(dtype=np.float64)))
    else:
        yield absent("cpps_utterance", "no_voicing")


def _perturbation(source: parselmouth.Sound, track: PitchTrack) -> Iterator[Outcome]:
    """Jitter and shimmer on the pulses found by cross-correlation along the F0 track."""
    if len(track.voiced) < LEAST_VOICED:
        yield from (absent(name, "no_voicing") for name in (*_JITTER, *_SHIMMER))
        return
    pulses = call([source, track.praat], "To PointProcess (cc)")
    for name, command in _JITTER.items():
        yield measured(name, 100 * float(call(pulses, command, 0, 0, *_PERIODS)))
    for name, (command, factor) in _SHIMMER.items():
        yield measured(name, factor * float(call([source, pulses], command, 0, 0, *_AMPLITUDES)))


def _harmonicity(heard: Utterance, part: slice) -> Outcome:
    """Harmonics-to-noise ratio, dB, over the voiced frames (cross-correlation; Boersma 1993).

    What is 20 dB under the loudest moment is voiceless to Praat. Where that moment is not the voice's, but a
    cough before it, the cough would be all that is measured: then only the voice is looked at.
    """
    if len(heard.track.voiced) < LEAST_VOICED:
        return absent("hnr", "no_voicing")
    samples = heard.sound.samples.astype(np.float64)
    first, last = part.start * HOP - _AROUND, part.stop * HOP + CENTRE + _AROUND
    if not first <= np.abs(samples).argmax() / RATE <= last:
        samples = samples[round(max(first, 0.0) * RATE) : round(last * RATE)]
    frames = harmonicity(samples)
    return measured("hnr", float(frames.mean())) if len(frames) else absent("hnr", "no_voicing")


def _intensity(source: parselmouth.Sound, heard: Utterance, part: slice) -> Iterator[Outcome]:
    """Intensity in speech, dB. A phone is not calibrated: only differences on one device mean anything."""
    speech = heard.speech.active.copy()
    if part.stop > part.start:  # whispered speech has an intensity too
        speech[: part.start] = speech[part.stop :] = False
    floor = max(heard.track.floor, 6.4 / source.duration)  # Praat's window of 6.4 periods has to fit in
    intensity = source.to_intensity(minimum_pitch=floor, time_step=HOP)
    frames = np.rint((intensity.xs() - CENTRE) / HOP).astype(int).clip(0, len(speech) - 1)
    values = intensity.values[0][speech[frames]]
    if not len(values):
        yield from (absent(name, "not_measurable") for name in _INTENSITY)
        return
    low, high = np.percentile(values, [5, 95])
    figures = (float(values.mean()), float(values.std()), float(high - low))
    yield from (measured(name, value) for name, value in zip(_INTENSITY, figures, strict=True))
