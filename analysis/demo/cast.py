"""Who speaks in the demonstration speech, what they are asked to say, and what each of them gets wrong.

A take states only how it departs from the example. Its truth in the manifest is derived from the same fields
the voice is made from, so a recording and what is said about it cannot drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from analysis.demo.containers import Container


@dataclass(frozen=True)
class Speaker:
    """One invented voice.

    Attributes
    ----------
    name : str
        ``therapist`` or a patient, ``P1`` to ``P4``.
    variant : str
        Voice variant of espeak-ng, which sets sex and timbre.
    pitch : int in [0, 99]
        espeak-ng's base pitch; 50 is the variant's own.
    words_per_minute : int
        Usual speed. 140 gives about 3 Mandarin syllables a second, a calm speed for an exercise.
    """

    name: str
    variant: str
    pitch: int
    words_per_minute: int


@dataclass(frozen=True)
class Exercise:
    """A sentence, and the syllables that are given to the synthesiser for it.

    espeak-ng reads Han characters as English letters, so Mandarin is given as pinyin with tone digits. The
    English sentence has words of one syllable only: there too, the n-th word is the n-th syllable.
    """

    key: str
    language: str
    text: str
    spoken: str
    container: Container

    @property
    def syllables(self) -> tuple[str, ...]:
        return tuple(self.spoken.split())


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
    flat : bool
        Whether every voiced part lies on the speaker's median pitch.
    """

    key: str
    exercise: Exercise
    speaker: Speaker
    container: Container
    replaced: dict[int, str] = field(default_factory=dict)
    times_as_long: float = 1.0
    pauses_after: tuple[int, ...] = ()
    flat: bool = False

    @property
    def said(self) -> tuple[str, ...]:
        """The syllables that are spoken, mistakes included."""
        return tuple(self.replaced.get(at, right) for at, right in enumerate(self.exercise.syllables))


THERAPIST = Speaker("therapist", "f3", 70, 140)
P1 = Speaker("P1", "f2", 58, 146)
P2 = Speaker("P2", "m7", 70, 136)
P3 = Speaker("P3", "m1", 68, 134)
P4 = Speaker("P4", "f1", 52, 138)

HORSE = Exercise("horse", "zh-TW", "媽媽騎馬去買菜", "ma1 ma5 qi2 ma3 qu4 mai3 cai4", Container.FLAC)
PARK = Exercise(
    "park", "zh-TW", "今天我們去公園散步", "jin1 tian1 wo3 men5 qu4 gong1 yuan2 san4 bu4", Container.WEBM
)
MILK = Exercise("milk", "zh-TW", "弟弟喝了兩杯牛奶", "di4 di5 he1 le5 liang3 bei1 niu2 nai3", Container.M4A)
TURTLE = Exercise("turtle", "zh-TW", "哥哥騎車去看烏龜", "ge1 ge5 qi2 che1 qu4 kan4 wu1 gui1", Container.WEBM)
BREAD = Exercise(
    "bread",
    "en-US",
    "Please pass me the bread and a cup of tea.",
    "please pass me the bread and a cup of tea",
    Container.WEBM,
)
EXERCISES = (HORSE, PARK, MILK, TURTLE, BREAD)

TAKES = (
    Take("park-faithful", PARK, P1, Container.WEBM),
    Take("horse-wrong-syllable", HORSE, P2, Container.WAV, replaced={2: "du2"}),
    Take("milk-slow", MILK, P3, Container.WEBM, times_as_long=1.5),
    Take("park-pauses", PARK, P4, Container.M4A, pauses_after=(1, 4, 6)),
    Take("turtle-flat-pitch", TURTLE, P2, Container.WEBM, flat=True),
    Take("milk-wrong-tones", MILK, P1, Container.OGG, replaced={2: "he2", 6: "niu4"}),
    Take("park-faithful-man", PARK, P2, Container.WEBM),
    Take("turtle-two-wrong-syllables", TURTLE, P4, Container.MP3, replaced={2: "lou2", 5: "dui4"}),
    Take("bread-faithful", BREAD, P3, Container.WEBM),
    Take("bread-slow-pauses", BREAD, P4, Container.WEBM, times_as_long=1.5, pauses_after=(2, 5)),
)
