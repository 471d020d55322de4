"""How the voice sounds: periodicity and level as Praat measures them, so that each can be checked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import parselmouth
from parselmouth.praat import call

from analysis.acoustics.cepstrum import cpps
from analysis.acoustics.harmonicity import harmonicity
from analysis.acoustics.outcome import Outcome, absent, measured
from analysis.acoustics.pitch import LEAST_VOICED, PitchTrack, praat_sound
from analysis.acoustics.sound import Sound
from analysis.acoustics.spectrum import CENTRE, HOP
from analysis.acoustics.speech import Speech

# Praat's manual, "Voice 2" and "Voice 3": shortest and longest period (s), largest ratio of neighbouring
# periods, largest ratio of neighbouring amplitudes.
_PERIODS = (0.0001, 0.02, 1.3)
_AMPLITUDES = (*_PERIODS, 1.6)

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


def voice_measures(sound: Sound, track: PitchTrack, speech: Speech) -> Iterator[Outcome]:
    """Jitter, shimmer, harmonicity, cepstral peak prominence and intensity of one recording."""
    source = praat_sound(sound)
    yield from _perturbation(source, track)
    yield _harmonicity(sound, track)
    yield measured("cpps", cpps(sound.samples.astype(np.float64)))
    yield from _intensity(source, track, speech)


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


def _harmonicity(sound: Sound, track: PitchTrack) -> Outcome:
    """Harmonics-to-noise ratio, dB, over the voiced frames (cross-correlation; Boersma 1993)."""
    if len(track.voiced) < LEAST_VOICED:
        return absent("hnr", "no_voicing")
    frames = harmonicity(sound.samples.astype(np.float64))
    return measured("hnr", float(frames.mean())) if len(frames) else absent("hnr", "no_voicing")


def _intensity(source: parselmouth.Sound, track: PitchTrack, speech: Speech) -> Iterator[Outcome]:
    """Intensity in speech, dB. A phone is not calibrated: only differences on one device mean anything."""
    floor = max(track.floor, 6.4 / source.duration)  # Praat's window of 6.4 periods has to fit in
    intensity = source.to_intensity(minimum_pitch=floor, time_step=HOP)
    frames = np.rint((intensity.xs() - CENTRE) / HOP).astype(int).clip(0, len(speech.active) - 1)
    values = intensity.values[0][speech.active[frames]]
    if not len(values):
        yield from (absent(name, "not_measurable") for name in _INTENSITY)
        return
    low, high = np.percentile(values, [5, 95])
    figures = (float(values.mean()), float(values.std()), float(high - low))
    yield from (measured(name, value) for name, value in zip(_INTENSITY, figures, strict=True))
