"""What is known to be wrong in a take, in the words of the manifest."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from analysis.demo.room import PAUSE_SECONDS, Recorded
from analysis.demo.takes import Take

Kind = Literal["wrong_syllable", "wrong_tone", "slow", "pauses", "flat_pitch"]


class Mistake(TypedDict):
    """One kind of mistake in one recording.

    ``syllables`` are 0-based. For pauses they are the syllables that a pause follows; for a slow or flat
    recording they are empty, since all of it is meant. ``tempo`` is the length of the speech without its
    pauses, as a multiple of the example's. ``pause_starts`` are seconds from the start of the file.
    ``movement`` is how far the pitch moves, as a share of the usual; it is left out where it does not move.
    """

    kind: Kind
    syllables: list[int]
    expected: NotRequired[list[str]]
    said: NotRequired[list[str]]
    tempo: NotRequired[float]
    pauses: NotRequired[int]
    pause_seconds: NotRequired[float]
    pause_starts: NotRequired[list[float]]
    movement: NotRequired[float]


def mistakes(take: Take, recorded: Recorded) -> list[Mistake]:
    """Return every mistake of the take; an empty list for a faithful one."""
    return [*_replacements(take), *_slowness(take), *_pauses(take, recorded), *_flatness(take)]


def _replacements(take: Take) -> list[Mistake]:
    replaced, right = sorted(take.replaced), take.exercise.syllables
    tones = [at for at in replaced if _base(take.said[at]) == _base(right[at])]
    others = [at for at in replaced if at not in tones]
    return [*_replacement(take, "wrong_syllable", others), *_replacement(take, "wrong_tone", tones)]


def _replacement(take: Take, kind: Kind, at: list[int]) -> list[Mistake]:
    if not at:
        return []
    expected = [take.exercise.syllables[index] for index in at]
    return [{"kind": kind, "syllables": at, "expected": expected, "said": [take.said[index] for index in at]}]


def _base(syllable: str) -> str:
    return syllable.rstrip("12345")


def _slowness(take: Take) -> list[Mistake]:
    return [{"kind": "slow", "syllables": [], "tempo": take.times_as_long}] if take.times_as_long > 1 else []


def _pauses(take: Take, recorded: Recorded) -> list[Mistake]:
    if not take.pauses_after:
        return []
    return [
        {
            "kind": "pauses",
            "syllables": list(take.pauses_after),
            "pauses": len(take.pauses_after),
            "pause_seconds": PAUSE_SECONDS,
            "pause_starts": list(recorded.pause_starts),
        }
    ]


def _flatness(take: Take) -> list[Mistake]:
    if take.pitch_movement == 1:
        return []
    flat: Mistake = {"kind": "flat_pitch", "syllables": []}
    return [flat | {"movement": take.pitch_movement}] if take.pitch_movement else [flat]
