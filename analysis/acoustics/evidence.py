"""What tells a recording from its example. Each is a badness: 0 or its ideal is "like the example"."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.acoustics.alignment import Alignment
from analysis.acoustics.arrays import Bools, Floats, correlation, smoothed
from analysis.acoustics.phone_match import PhoneMatch
from analysis.acoustics.spectrum import HOP
from analysis.acoustics.utterance import Utterance, longest_standstill

_WORST_WINDOW = 30  # steps, 0.3 s: about a syllable and a half
_TEMPO_WINDOW = 20  # steps, 0.2 s: about a syllable
_LEAST_SHARED_VOICE = 15  # steps of the example where both are voiced
# 0.15 s, which keeps a tone. Slowing 62 recordings of speechocean762 by a fifth moved the mismatch by .09 (standard
# deviation) with it and with octave errors left out, by .15 without.
_CONTOUR_WINDOW = 15
_OCTAVE = 12.0  # semitones

_MOVEMENT = 0.3  # semitones; less is the tracker's own jitter


@dataclass(frozen=True, slots=True)
class Evidence:
    """Badness by `EVIDENCE_CODES` code; None where it has no value in this pair.

    Attributes
    ----------
    values : dict[str, float | None]
    worst_start, worst_end : float
        The place of the example, seconds, where the sounds differ most.
    match : PhoneMatch or None
        None where no recogniser heard the pair.
    """

    values: dict[str, float | None]
    worst_start: float
    worst_end: float
    match: PhoneMatch | None = None


def gather(
    recording: Utterance, example: Utterance, alignment: Alignment, match: PhoneMatch | None = None
) -> Evidence:
    """All evidences of one pair; those of the recogniser only where it was heard by one."""
    worst, middle = _worst_place(alignment)
    start = float(alignment.example_frames[max(0, middle - _WORST_WINDOW // 2)]) * HOP
    end = float(alignment.example_frames[min(alignment.steps - 1, middle + _WORST_WINDOW // 2)]) * HOP
    values: dict[str, float | None] = {
        "segments": alignment.relative_cost,
        "worst_place": worst,
        "extra_nuclei": float(np.log(max(1, len(recording.nuclei)) / max(1, len(example.nuclei)))),
        "slow": float(np.log(recording.speech.seconds / example.speech.seconds)),
        "pauses": float(recording.speech.pauses.sum() - example.speech.pauses.sum()) / example.speech.seconds,
        "hold": longest_standstill(recording) - longest_standstill(example),
        "interval_deviation": _interval_deviation(example, alignment),
        "tempo_deviation": _tempo_deviation(alignment),
        "level_mismatch": _level_mismatch(recording, example, alignment),
        "contour_mismatch": _contour_mismatch(recording, example, alignment),
        "range_loss": _range_loss(recording, example),
    }
    if match is not None:
        values |= {
            "phone_error": match.error,
            "phone_distance": match.distance,
            "worst_phones": match.worst,
            "phone_tempo": match.tempo,
        }
    kept = {name: None if value is None else max(0.0, value) for name, value in values.items()}
    return Evidence(kept, start, end, match)


def _worst_place(alignment: Alignment) -> tuple[float, int]:
    """Highest cost over 0.3 s, each step against its own mean cost to the whole recording; and its middle."""
    path = alignment.path
    local = alignment.per_example_step(alignment.cost[path[:, 0], path[:, 1]])
    relative = local / np.maximum(alignment.cost.mean(axis=0), 0.3)
    width = min(alignment.steps, _WORST_WINDOW)
    windows = np.convolve(relative, np.ones(width) / width, "valid")
    at = int(windows.argmax())
    return float(windows[at]), at + width // 2


def _tempo_deviation(alignment: Alignment) -> float:
    """Spread of the local log tempo ratio over stretches of 0.2 s about its median."""
    grid = np.arange(0, alignment.steps, _TEMPO_WINDOW)
    if alignment.steps - 1 - grid[-1] >= _TEMPO_WINDOW // 2:
        grid = np.append(grid, alignment.steps - 1)
    here = np.diff(alignment.example_frames[grid].astype(np.float64)) + 1
    there = np.diff(alignment.recording_at[grid]) + 1
    ratio = np.log(there / here)
    return float(np.sqrt((here / here.sum()) @ (ratio - np.median(ratio)) ** 2))


def _interval_deviation(example: Utterance, alignment: Alignment) -> float:
    """Spread of the log ratio of the intervals between the example's nuclei, there and here."""
    last = max(1, len(example.speech.frames) - 1)
    rank = np.searchsorted(example.speech.frames, example.nuclei).clip(0, last)
    steps = np.unique((np.unique(rank) * (alignment.steps - 1) / last).astype(int))
    if len(steps) < 3:
        return 0.0  # fewer than two intervals: they cannot disagree
    here = np.diff(alignment.example_frames[steps].astype(np.float64)) + 1
    there = np.diff(alignment.recording_at[steps]) + 1
    return float(np.log(there / here).std())


def _level_mismatch(recording: Utterance, example: Utterance, alignment: Alignment) -> float | None:
    """1 - r of the 300-2500 Hz level along the path."""
    r = correlation(alignment.along(recording.sonority, 0), alignment.along(example.sonority, 1))
    return None if r is None else 1 - r


def _contour_mismatch(recording: Utterance, example: Utterance, alignment: Alignment) -> float | None:
    """1 - r of the pitch in semitones, step by step of the example, where both are voiced.

    A voice that never moves follows none of the example's movement, so its r counts as 0. An example that
    never moves gives nothing to follow.
    """
    at = alignment.recording_at
    (mine, voiced), (goal, expected) = (_contour(each) for each in (recording, example))
    both = voiced[np.rint(at).astype(int)] & expected[alignment.example_frames]
    if both.sum() <= _LEAST_SHARED_VOICE:
        return None
    here = np.interp(at, np.arange(len(mine)), mine)[both]
    there = goal[alignment.example_frames][both]
    if np.ptp(there) < _MOVEMENT:
        return None
    r = correlation(here, there) if np.ptp(here) >= _MOVEMENT else None
    return 1 - (r if r is not None else 0.0)


def _contour(heard: Utterance) -> tuple[Floats, Bools]:
    """Pitch in semitones (n,), bridged where there is no voice and smoothed; and where there is voice (n,)."""
    semitones = heard.track.semitones
    voiced = np.abs(semitones) <= _OCTAVE  # NaN is not; what lies farther off is the tracker's octave error
    if not voiced.any():
        return np.zeros(len(semitones)), voiced
    bridged = np.interp(np.arange(len(semitones)), np.flatnonzero(voiced), semitones[voiced])
    return smoothed(bridged, np.hanning(_CONTOUR_WINDOW + 2)[1:-1]), voiced


def _range_loss(recording: Utterance, example: Utterance) -> float | None:
    """ln(range of the example / of the recording), 10th to 90th percentile of the pitch in semitones."""
    ranges = [pitch_range(recording), pitch_range(example)]
    if None in ranges:
        return None
    mine, goal = (max(_MOVEMENT, value or 0.0) for value in ranges)
    return float(np.log(goal / mine))


def pitch_range(heard: Utterance) -> float | None:
    """10th to 90th percentile of the pitch, semitones; None where there is next to no voice."""
    voiced: Floats = heard.track.semitones[~np.isnan(heard.track.semitones)]
    if len(voiced) <= 10:
        return None
    low, high = np.percentile(voiced, [10, 90])
    return float(high - low)
