"""How the voice sounds: periodicity and level as Praat measures them, so that each can be checked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import parselmouth
from parselmouth.praat import call

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

# Harmonicity holds the interpreter's lock, about 9 ms for each second of sound: longer recordings go through
# in pieces so that a worker's heartbeat is never kept waiting.
_PIECE_SECONDS = 60.0


def voice_measures(sound: Sound, track: PitchTrack, speech: Speech) -> Iterator[Outcome]:
    """Jitter, shimmer, harmonicity and intensity of one recording."""
    source = praat_sound(sound)
    yield from _perturbation(source, track)
    yield _harmonicity(source, track)
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


def _harmonicity(source: parselmouth.Sound, track: PitchTrack) -> Outcome:
    """Harmonics-to-noise ratio, dB, over the voiced frames (cross-correlation; Boersma 1993)."""
    if len(track.voiced) < LEAST_VOICED:
        return absent("hnr", "no_voicing")
    values = np.concatenate([_harmonicity_frames(piece) for piece in _pieces(source)])
    voiced = values[values > -200]  # Praat's mark for a voiceless frame
    return measured("hnr", float(voiced.mean())) if len(voiced) else absent("hnr", "no_voicing")


def _harmonicity_frames(piece: parselmouth.Sound) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    harmonicity = piece.to_harmonicity_cc(
        time_step=HOP, minimum_pitch=75.0, silence_threshold=0.1, periods_per_window=1.0
    )
    return np.asarray(harmonicity.values, dtype=np.float64).reshape(-1)


def _pieces(source: parselmouth.Sound) -> list[parselmouth.Sound]:
    count = max(1, round(source.duration / _PIECE_SECONDS))
    if count == 1:
        return [source]
    parts = np.array_split(source.values[0], count)
    return [parselmouth.Sound(part, source.sampling_frequency) for part in parts]


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
