"""Which syllable was off, and in what: segment, tone or length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.acoustics.alignment import Alignment, normalised
from analysis.acoustics.arrays import Floats, Indices
from analysis.acoustics.codes import SYLLABLE_FINDINGS
from analysis.acoustics.curves import likeness
from analysis.acoustics.dtw import between_spans
from analysis.acoustics.request import Mark
from analysis.acoustics.spectrum import HOP
from analysis.acoustics.text import SpokenSyllable
from analysis.acoustics.tones import contour, tone_distance
from analysis.acoustics.utterance import Utterance

# Against its own tempo: in fluent reading a syllable stays well within these.
LONG, SHORT = 1.8, 0.55
_MISSING = 0.45  # near the alignment's steepest slope, 1/3: the recording has next to nothing there
_LEAST_OTHERS = 3  # different syllables beside the one in question
_SHORTEST = 4  # frames of a span
_ONSET_WEIGHT, _ONSET_FRAMES = 2.0, 8.0


@dataclass(frozen=True, slots=True)
class Syllable:
    """One syllable of the text, where it is in both recordings, and how it compares.

    Attributes
    ----------
    index : int
        From 0.
    text, pinyin, zhuyin, tone
        As in `SpokenSyllable`.
    start, end, example_start, example_end : float or None
        Seconds; None without an example, or where the places could not be found.
    segment_score : float or None
        0-100: whether this syllable of the recording is closer to its own counterpart than to the example's
        other syllables (and the counterpart to it), as a fitted probability. It tells a different syllable;
        a slightly different initial it often does not. None where the sentence has fewer than three different others.
    tone_score : float or None
        0-100, by the distance of the two contours; None where too little is voiced.
    length_ratio : float or None
        Speech without pauses, recording over example, over the median such ratio of the sentence: 1 keeps
        the speaker's own tempo.
    contour, example_contour : tuple[float, ...] or None
        30 points, semitones above or below the speaker's own median.
    findings : tuple[str, ...]
        Of `SYLLABLE_FINDINGS`.
    """

    index: int
    text: str
    pinyin: str
    zhuyin: str
    tone: int
    start: float | None = None
    end: float | None = None
    example_start: float | None = None
    example_end: float | None = None
    segment_score: float | None = None
    tone_score: float | None = None
    length_ratio: float | None = None
    contour: tuple[float, ...] | None = None
    example_contour: tuple[float, ...] | None = None
    findings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if unknown := set(self.findings) - set(SYLLABLE_FINDINGS):
            raise ValueError(f"unknown findings {unknown}")


def listed(spoken: Sequence[SpokenSyllable]) -> tuple[Syllable, ...]:
    """The text's syllables, without places."""
    return tuple(
        Syllable(index, each.text, each.pinyin, each.zhuyin, each.tone) for index, each in enumerate(spoken)
    )


def compared(
    spoken: Sequence[SpokenSyllable],
    marks: Sequence[Mark],
    recording: Utterance,
    example: Utterance,
    alignment: Alignment,
) -> tuple[Syllable, ...]:
    """The text's syllables, compared one by one.

    Parameters
    ----------
    spoken : sequence of SpokenSyllable
    marks : sequence of Mark
        Their places in the example, one each.
    recording, example : Utterance
    alignment : Alignment
        Of the two; it carries the places to the recording.
    """
    carried = [Mark(*alignment.carry(mark.start, mark.end)) for mark in marks]
    segments = _segment_scores(spoken, recording, example, (carried, marks), alignment.warp)
    ratios = _length_ratios(recording, example, carried, marks)
    return tuple(
        _one(index, each, (here, there), (recording, example), (segment, ratio))
        for index, (each, here, there, segment, ratio) in enumerate(
            zip(spoken, carried, marks, segments, ratios, strict=True)
        )
    )


def _one(
    index: int,
    spoken: SpokenSyllable,
    places: tuple[Mark, Mark],
    heard: tuple[Utterance, Utterance],
    figures: tuple[float | None, float],
) -> Syllable:
    here, there = places
    segment, ratio = figures
    mine, goal = (contour(each, mark.start, mark.end) for each, mark in zip(heard, places, strict=True))
    tone = likeness("tone")(tone_distance(mine, goal)) if mine is not None and goal is not None else None
    return Syllable(
        index=index,
        text=spoken.text,
        pinyin=spoken.pinyin,
        zhuyin=spoken.zhuyin,
        tone=spoken.tone,
        start=here.start,
        end=here.end,
        example_start=there.start,
        example_end=there.end,
        segment_score=segment,
        tone_score=tone,
        length_ratio=ratio,
        contour=None if mine is None else tuple(mine.tolist()),
        example_contour=None if goal is None else tuple(goal.tolist()),
        findings=tuple(_findings(segment, tone, ratio)),
    )


def _findings(segment: float | None, tone: float | None, ratio: float) -> list[str]:
    segment_off = segment is not None and segment < likeness("segment").off_below
    if segment_off and ratio < _MISSING:
        return ["missing"]
    found = ["segment_off"] if segment_off else []
    if tone is not None and tone < likeness("tone").off_below:
        found.append("tone_off")
    if ratio > LONG:
        found.append("too_long")
    elif ratio < SHORT:
        found.append("too_short")
    return found


def _length_ratios(
    recording: Utterance, example: Utterance, carried: Sequence[Mark], marks: Sequence[Mark]
) -> list[float]:
    ratios = _spoken_frames(recording, carried) / _spoken_frames(example, marks)
    return [float(ratio) for ratio in ratios / np.median(ratios)]


def _spoken_frames(utterance: Utterance, marks: Sequence[Mark]) -> Floats:
    """Frames of speech in each place, at least one: a pause between two syllables makes neither longer."""
    first = np.searchsorted(utterance.speech.frames, [round(mark.start / HOP) for mark in marks])
    stop = np.searchsorted(utterance.speech.frames, [round(mark.end / HOP) for mark in marks])
    frames: Floats = np.maximum(stop - first, 1).astype(np.float64)
    return frames


def _segment_scores(
    spoken: Sequence[SpokenSyllable],
    recording: Utterance,
    example: Utterance,
    places: tuple[Sequence[Mark], Sequence[Mark]],
    warp: float,
) -> list[float | None]:
    """None where the sentence has too few other syllables to compare with: 媽媽 says little about 馬."""
    bases = np.array([each.base for each in spoken])
    others = bases[:, None] != bases[None, :]
    comparable = [len(set(bases[row])) >= _LEAST_OTHERS for row in others]
    if not any(comparable):
        return [None] * len(spoken)
    distances = likeness_distances(recording, example, *places, others, warp)
    return [
        likeness("segment")(float(distance)) if enough else None
        for distance, enough in zip(distances, comparable, strict=True)
    ]


def likeness_distances(
    recording: Utterance,
    example: Utterance,
    carried: Sequence[Mark],
    marks: Sequence[Mark],
    others: NDArray[np.bool_],
    warp: float,
) -> Floats:
    """Distance of each syllable to its counterpart, normalised by its distances to the others (n,).

    As S-norm in speaker verification, with the sentence's other syllables as the cohort: the mean of
    "recording's syllable to the example's others" and "example's to the recording's others" is taken off, in
    units of the spread of all such distances. About -2 for the same syllable, 0 for any other.

    Parameters
    ----------
    others : bool (n, n)
        Symmetric: which pairs are different syllables. A row without any is meaningless in the result.
    """
    here = normalised(recording.spectrum.mfcc(warp)[recording.speech.frames].astype(np.float64))
    there = normalised(example.spectrum.mfcc()[example.speech.frames].astype(np.float64))
    rows = _spans(recording.speech.frames, carried)
    columns = _spans(example.speech.frames, marks)
    matrix = between_spans(here, there, rows, columns, _ONSET_WEIGHT, _ONSET_FRAMES)
    count = np.maximum(others.sum(axis=1), 1)
    apart = np.where(others, matrix, 0.0)
    expected = 0.5 * (apart.sum(axis=1) + apart.sum(axis=0)) / count
    distances: Floats = (np.diag(matrix) - expected) / max(float(matrix[others].std()), 1e-6)
    return distances


def _spans(speech_frames: Indices, marks: Sequence[Mark]) -> Indices:
    """Places, seconds, as first and one-past-last row among the frames of speech; none under 4 rows."""
    last = len(speech_frames)
    spans = []
    for mark in marks:
        first, stop = np.searchsorted(speech_frames, [round(mark.start / HOP), round(mark.end / HOP)])
        first = max(0, min(int(first), last - _SHORTEST))
        spans.append((first, min(last, max(int(stop), first + _SHORTEST))))
    return np.array(spans, dtype=np.int64)
