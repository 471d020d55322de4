"""One syllable of the text, and what was found about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.acoustics.codes import SYLLABLE_FINDINGS
from analysis.acoustics.text import SpokenSyllable


@dataclass(frozen=True, slots=True)
class Syllable:
    """One syllable of the text, where it is in both recordings, and how it compares.

    Attributes
    ----------
    index : int
        From 0.
    text, pinyin, zhuyin, tone, spoken, word
        As in `SpokenSyllable`; `tone` is the one expected, after sandhi.
    start, end, example_start, example_end : float or None
        Seconds; None where the places could not be found.
    segment_score : float or None
        0-100: whether the sounds are the example's, as a fitted probability (`sounds`).
    initial_score, final_score : float or None
        The same for the two parts alone; an initial is known less surely than a whole syllable.
    tone_score : float or None
        0-100, by the contours and by which tone each is like; None where too little is voiced.
    heard_tone, example_heard_tone : int or None
        1-4, the tone that each contour is like on its own. None where none is likely enough, and in running speech
        wherever the example's own contour is not like the tone it is known to have: neighbours bend both alike,
        and what cannot be read there is not named here.
    length_ratio : float or None
        Speech without pauses, recording over example, over the median such ratio of the sentence: 1 keeps
        the speaker's own tempo.
    contour, example_contour : tuple[float, ...] or None
        30 points, semitones above or below the speaker's own centre.
    findings : tuple[str, ...]
        Of `SYLLABLE_FINDINGS`.
    """

    index: int
    text: str
    pinyin: str
    zhuyin: str
    tone: int | None
    spoken: str = ""
    word: str = ""
    start: float | None = None
    end: float | None = None
    example_start: float | None = None
    example_end: float | None = None
    segment_score: float | None = None
    initial_score: float | None = None
    final_score: float | None = None
    tone_score: float | None = None
    heard_tone: int | None = None
    example_heard_tone: int | None = None
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
        Syllable(index, each.text, each.pinyin, each.zhuyin, each.tone, each.spoken, each.word)
        for index, each in enumerate(spoken)
    )
