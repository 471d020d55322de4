"""The syllables of an exercise's text."""

from __future__ import annotations

import re
from dataclasses import dataclass

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_VOWELS = re.compile(r"[aeiouy]+")


@dataclass(frozen=True, slots=True)
class SpokenSyllable:
    """One Han character as it is read.

    Attributes
    ----------
    text, pinyin, zhuyin : str
        The character, its pinyin with a tone mark and its 注音.
    tone : int
        1-4, or 5 for the neutral tone, after the sandhi that pypinyin knows (不, 一, third tones in a word).
    """

    text: str
    pinyin: str
    zhuyin: str
    tone: int

    @property
    def base(self) -> str:
        """The syllable without its tone: 媽 and 馬 have the same."""
        return self.zhuyin.strip("ˊˇˋ˙")


def mandarin_syllables(text: str) -> tuple[SpokenSyllable, ...]:
    """One syllable for each Han character of `text`, in order; all else is left out.

    Readings are pypinyin's, which picks among several by the phrase; 兒化 counts as a syllable of its own.
    """
    from pypinyin import Style, lazy_pinyin

    spoken: list[SpokenSyllable] = []
    for stretch in re.findall(f"{HAN.pattern}+", text):
        pinyin = lazy_pinyin(stretch, style=Style.TONE)
        zhuyin = lazy_pinyin(stretch, style=Style.BOPOMOFO)
        tones = lazy_pinyin(stretch, style=Style.TONE3, tone_sandhi=True, neutral_tone_with_five=True)
        for character, latin, symbols, numbered in zip(stretch, pinyin, zhuyin, tones, strict=True):
            tone = int(numbered[-1]) if numbered[-1].isdigit() else 5
            spoken.append(SpokenSyllable(character, latin, symbols, tone))
    return tuple(spoken)


def english_syllable_count(text: str) -> int:
    """Syllables of an English text by groups of vowel letters, a silent final e left out.

    Right for about nine words in ten; it is off by one in words such as "created" or "business", and digits
    and abbreviations are not read. Good enough for a rate over a sentence, not for a place in it.
    """
    return sum(_word_syllables(word) for word in _WORD.findall(text.lower()))


def _word_syllables(word: str) -> int:
    groups = len(_VOWELS.findall(word))
    silent_e = word.endswith("e") and not word.endswith(("le", "ee", "ye")) and groups > 1
    silent_ed = word.endswith("ed") and not word.endswith(("ted", "ded", "eed")) and groups > 1
    return max(1, groups - int(silent_e or silent_ed))


def syllable_count(text: str, language: str) -> int:
    """Number of syllables of the text; 0 where it holds none that this language counts."""
    return len(HAN.findall(text)) if language == "zh" else english_syllable_count(text)
