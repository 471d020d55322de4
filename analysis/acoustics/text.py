"""The syllables of an exercise's text: characters with their readings, or English words cut by their vowels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from analysis.acoustics.sandhi import NEUTRAL, spoken_tones

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_INITIALS = "ㄅㄆㄇㄈㄉㄊㄋㄌㄍㄎㄏㄐㄑㄒㄓㄔㄕㄖㄗㄘㄙ"
_MARKS = "ˊˇˋ˙"
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_VOWELS = re.compile(r"[aeiouy]+")


@dataclass(frozen=True, slots=True)
class SpokenSyllable:
    """One Han character as it is read, or one syllable of an English word.

    Attributes
    ----------
    text, pinyin, zhuyin : str
        The character, its pinyin with a tone mark and its 注音, as textbooks write them: 不, 一 and light
        syllables as spoken (bú shì, yí ge), third tones as in the dictionary (nǐ hǎo). Empty for English.
    tone : int or None
        As spoken, after sandhi (`spoken_tones`): 1-4, or 5 for the neutral tone; None for English.
    word : str
        The English word that the syllable belongs to; empty for Mandarin.
    """

    text: str
    pinyin: str
    zhuyin: str
    tone: int | None
    word: str = ""

    @property
    def base(self) -> str:
        """The syllable without its tone: 媽 and 馬 have the same."""
        return self.zhuyin.strip(_MARKS)

    @property
    def spoken(self) -> str:
        """Pinyin with the tone that is heard: nǐ before hǎo is ní."""
        from pypinyin.contrib.tone_convert import to_normal, tone3_to_tone

        plain = str(to_normal(self.pinyin, v_to_u=True))
        return str(tone3_to_tone(f"{plain}{self.tone}")) if self.tone in (1, 2, 3, 4) else plain


def mandarin_syllables(text: str) -> tuple[SpokenSyllable, ...]:
    """One syllable for each Han character of `text`, in order; all else is left out.

    Readings are pypinyin's, which picks among several by the phrase; 兒化 counts as a syllable of its own.
    """
    spoken: list[SpokenSyllable] = []
    for stretch in re.findall(f"{HAN.pattern}+", text):
        bases, dictionary = _dictionary(stretch)
        tones = spoken_tones(stretch, dictionary)
        for at, (character, base) in enumerate(zip(stretch, bases, strict=True)):
            # The mark of a third tone that rises is not written.
            written = dictionary[at] if dictionary[at] == 3 and tones[at] == 2 else tones[at]
            latin, symbols = _written(base, written)
            spoken.append(SpokenSyllable(character, latin, symbols, tones[at]))
    return tuple(spoken)


def _dictionary(stretch: str) -> tuple[list[str], list[int]]:
    """Each character's pinyin without its tone, and the tone it has on its own."""
    from pypinyin import Style, lazy_pinyin

    # A character that it does not know stays as it is; by default a stretch of them would come as one.
    numbered = lazy_pinyin(
        stretch,
        style=Style.TONE3,
        neutral_tone_with_five=True,
        v_to_u=True,
        errors=list,  # type: ignore[arg-type]  # its types forget that a list is allowed; its documents don't
    )
    bases, tones = [], []
    for character, reading in zip(stretch, numbered, strict=True):
        known = reading[-1].isdigit()
        bases.append(reading[:-1] if known else reading)
        # pypinyin's phrases hold some of the changed tones of 一 and 不, but not all of them.
        own = {"一": 1, "不": 4}.get(character)
        tones.append(own or (int(reading[-1]) if known else NEUTRAL))
    return bases, tones


def _written(base: str, tone: int) -> tuple[str, str]:
    """Pinyin with its mark, and 注音."""
    from pypinyin.contrib.tone_convert import tone3_to_tone
    from pypinyin.style.bopomofo import BopomofoConverter

    latin = base if tone == NEUTRAL else str(tone3_to_tone(f"{base}{tone}"))
    marked = BopomofoConverter().to_bopomofo(latin)
    return latin, f"˙{marked.strip(_MARKS)}" if tone == NEUTRAL else str(marked)


def zhuyin_of(base: str, tone: int) -> str:
    """注音 of a syllable in pinyin without its mark: "lv", 4 is ㄌㄩˋ."""
    return _written(base.replace("v", "ü"), tone)[1]


def zhuyin_parts(zhuyin: str) -> tuple[str, str]:
    """Initial and final of a syllable in 注音, without its tone; either may be empty: ㄅㄚˋ is ㄅ and ㄚ."""
    plain = zhuyin.strip(_MARKS)
    return (plain[0], plain[1:]) if plain[:1] and plain[0] in _INITIALS else ("", plain)


def english_syllables(text: str) -> tuple[SpokenSyllable, ...]:
    """One entry for each syllable of each English word, cut by the rule of `english_syllable_count`.

    The cut is one of spelling: before the consonant that leads the next group of vowels. It names a place in the
    word for a reader; it is no phonetic syllabification.
    """
    return tuple(
        SpokenSyllable(part, "", "", None, word)
        for word in _WORD.findall(text.lower())
        for part in _word_parts(word)
    )


def _word_parts(word: str) -> list[str]:
    vowels = [match.start() for match in _VOWELS.finditer(word)][: _word_syllables(word)]
    cuts = [max(before + 1, at - 1) for before, at in pairwise(vowels)]
    return [word[a:b] for a, b in zip([0, *cuts], [*cuts, len(word)], strict=True)]


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
