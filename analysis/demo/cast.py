"""Who speaks in the demonstration, and what they are asked to say."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.demo.containers import Container
from analysis.demo.manifest import Kind


@dataclass(frozen=True)
class Speaker:
    """One invented voice.

    Attributes
    ----------
    name : str
        ``therapist`` or a patient, ``P1`` to ``P6``.
    variant : str
        Voice variant of espeak-ng, which sets sex and timbre.
    pitch : int in [0, 99]
        espeak-ng's base pitch; 50 is the variant's own.
    words_per_minute : int
        Usual speed. 140 gives about 3 Mandarin syllables a second, a calm speed for an exercise.
    weekday : int in [0, 6]
        The day on which they practise, Monday first. Everybody keeps to one, so that a patient's recordings
        come in the order of their weeks on whichever day the demonstration is loaded.
    hour : int
        About when they practise, local time.
    """

    name: str
    variant: str
    pitch: int
    words_per_minute: int
    weekday: int = 0
    hour: int = 9


@dataclass(frozen=True)
class Exercise:
    """What is to be said, and the syllables that are given to the synthesiser for it.

    espeak-ng reads Han characters as English letters, so Mandarin is given as pinyin with tone digits. The
    English sentence has words of one syllable only: there too, the n-th word is the n-th syllable.

    Attributes
    ----------
    container : Container, optional
        The example's file format; without one there is no example. Only a sentence is compared with one.
    title : str
        Where it is not the text itself.
    """

    key: str
    language: str
    text: str
    spoken: str
    container: Container | None = None
    kind: Kind = "sentence"
    title: str = ""

    @property
    def syllables(self) -> tuple[str, ...]:
        return tuple(self.spoken.split())


THERAPIST = Speaker("therapist", "f3", 70, 140)
P1 = Speaker("P1", "f2", 58, 146, weekday=0, hour=16)
P2 = Speaker("P2", "m7", 70, 136, weekday=1, hour=20)
P3 = Speaker("P3", "m1", 68, 134, weekday=2, hour=9)
P4 = Speaker("P4", "f1", 52, 138, weekday=3, hour=10)
P5 = Speaker("P5", "f5", 90, 140, weekday=4, hour=17)
P6 = Speaker("P6", "m3", 62, 138, weekday=5, hour=14)

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
VOWEL = Exercise("vowel", "zh-TW", "", "a", kind="sustained_vowel", title="拉長發「啊」")
PATAKA = Exercise(
    "pataka",
    "zh-TW",
    "",
    " ".join(["pa1 ta1 ka1"] * 6),
    kind="syllable_repetition",
    title="快速重複「啪他咖」",
)
EXERCISES = (HORSE, PARK, MILK, TURTLE, BREAD, VOWEL, PATAKA)
