"""What the patients recorded over eight weeks, and what went wrong.

A take states only how it departs from the example. Its truth in the manifest is derived from the same fields
the voice is made from, so a recording and what is said about it cannot drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from analysis.demo.cast import (
    BREAD,
    HORSE,
    MILK,
    P1,
    P2,
    P3,
    P4,
    P5,
    P6,
    PARK,
    PATAKA,
    TURTLE,
    VOWEL,
    Exercise,
    Speaker,
)
from analysis.demo.containers import Container
from analysis.demo.manifest import Ending, Mishap


@dataclass(frozen=True)
class Take:
    """One patient recording, and where it departs from the example.

    Attributes
    ----------
    replaced : dict of int to str
        What is said instead, by the 0-based index of the syllable.
    times_as_long : float >= 1
        Length of the speech without its pauses, relative to the example's.
    pauses_after : tuple of int
        0-based indices of the syllables that are followed by a long pause.
    pitch_movement : float in [0, 1]
        How far the pitch moves away from the speaker's median, as a share of what it would; 0 is flat.
    weeks_ago : int in [0, 7]
        Full weeks between the recording and the speaker's latest day of practice.
    """

    key: str
    exercise: Exercise
    speaker: Speaker
    container: Container
    replaced: dict[int, str] = field(default_factory=dict)
    times_as_long: float = 1.0
    pauses_after: tuple[int, ...] = ()
    pitch_movement: float = 1.0
    weeks_ago: int = 0

    @property
    def said(self) -> tuple[str, ...]:
        """The syllables that are spoken, mistakes included."""
        return tuple(self.replaced.get(at, right) for at, right in enumerate(self.exercise.syllables))


@dataclass(frozen=True)
class Spoilt:
    """A recording that went wrong. It is made from a take when the demonstration is loaded, and costs no file.

    Attributes
    ----------
    take : Take
        Whose it is, what it was to be, and what the sound is made from.
    ending : Ending
        How its analysis is to end.
    """

    key: str
    take: Take
    mishap: Mishap
    weeks_ago: int
    ending: Ending


# What the demonstration prints beside what was found.
TAKES = (
    Take("park-faithful", PARK, P1, Container.WEBM, weeks_ago=7),
    Take("horse-wrong-syllable", HORSE, P2, Container.WAV, weeks_ago=6, replaced={2: "du2"}),
    Take("milk-slow", MILK, P3, Container.WEBM, weeks_ago=4, times_as_long=1.5),
    Take("park-pauses", PARK, P4, Container.M4A, weeks_ago=5, pauses_after=(1, 4, 6)),
    Take("turtle-flat-pitch", TURTLE, P2, Container.WEBM, weeks_ago=5, pitch_movement=0.0),
    Take("milk-wrong-tones", MILK, P1, Container.OGG, weeks_ago=5, replaced={2: "he2", 6: "niu4"}),
    Take("park-faithful-man", PARK, P2, Container.WEBM, weeks_ago=7),
    Take(
        "turtle-two-wrong-syllables", TURTLE, P4, Container.MP3, weeks_ago=3, replaced={2: "lou2", 5: "dui4"}
    ),
    Take("bread-faithful", BREAD, P3, Container.WEBM, weeks_ago=0),
    Take("bread-slow-pauses", BREAD, P4, Container.WEBM, weeks_ago=7, times_as_long=1.5, pauses_after=(2, 5)),
)

# Weeks of practice around them, so that there is a course to look at: P1 stays good, P2 gets worse and stops,
# P3 and P6 become fluent, P4's pitch opens up, P5 gets one syllable right after the other.
SMALL = Container.SMALL_WEBM
PRACTICE = (
    Take("p1-week-5", TURTLE, P1, SMALL, weeks_ago=3),
    Take("p1-vowel", VOWEL, P1, SMALL, weeks_ago=2),
    Take("p1-week-7", PARK, replace(P1, words_per_minute=150), SMALL, weeks_ago=1),
    Take("p2-week-3", PARK, P2, SMALL, weeks_ago=5, times_as_long=1.4, pauses_after=(4,)),
    Take("p2-week-4", PARK, P2, SMALL, weeks_ago=4, times_as_long=1.6, pauses_after=(1, 4, 6)),
    Take("p3-week-1", MILK, P3, SMALL, weeks_ago=7, times_as_long=1.6, pauses_after=(1, 3, 5)),
    Take("p3-week-2", MILK, P3, SMALL, weeks_ago=6, times_as_long=1.6, pauses_after=(1, 5)),
    Take("p3-week-6", MILK, P3, SMALL, weeks_ago=2, times_as_long=1.3),
    Take("p3-week-7", MILK, P3, SMALL, weeks_ago=1, times_as_long=1.1),
    Take("p4-week-2", TURTLE, P4, SMALL, weeks_ago=6, pitch_movement=0.0),
    Take("p4-week-4", TURTLE, P4, SMALL, weeks_ago=4, pitch_movement=0.3),
    Take("p4-week-6", TURTLE, P4, SMALL, weeks_ago=2, pitch_movement=0.6),
    Take("p4-week-8", TURTLE, P4, SMALL, weeks_ago=0),
    Take("p5-week-2", HORSE, P5, SMALL, weeks_ago=6, replaced={2: "du2", 6: "wo4"}),
    Take("p5-week-4", HORSE, P5, SMALL, weeks_ago=4, replaced={2: "du2"}),
    Take("p5-week-6", HORSE, P5, SMALL, weeks_ago=2),
    Take("p5-pataka", PATAKA, replace(P5, words_per_minute=185), SMALL, weeks_ago=1),
    Take("p6-week-2", BREAD, P6, SMALL, weeks_ago=6, times_as_long=1.6, pauses_after=(2, 5)),
    Take("p6-week-5", BREAD, P6, SMALL, weeks_ago=3, times_as_long=1.3),
    Take("p6-week-8", BREAD, P6, SMALL, weeks_ago=0),
)

_TAKES = {take.key: take for take in (*TAKES, *PRACTICE)}
SPOILT = (
    Spoilt("p1-clipped", _TAKES["p1-week-7"], "clipped", 4, {"state": "succeeded", "error": ""}),
    Spoilt("p3-silent", _TAKES["p3-week-2"], "silent", 5, {"state": "failed", "error": "recording_silent"}),
    Spoilt(
        "p6-short", _TAKES["p6-week-2"], "too_short", 4, {"state": "failed", "error": "recording_too_short"}
    ),
    Spoilt(
        "p5-text", _TAKES["p5-week-4"], "not_sound", 3, {"state": "failed", "error": "recording_unreadable"}
    ),
    Spoilt("p4-cancelled", _TAKES["p4-week-8"], "cancelled", 1, {"state": "cancelled", "error": ""}),
)
