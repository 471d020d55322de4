"""Tones as they are spoken: what a syllable's neighbours make of 不, 一, third and neutral tones.

Written for the Mandarin of Taiwan. It works on characters, for there is no word list of traditional Chinese to
cut a sentence with; where two readings are both heard (我很好 as 3-2-3 or 2-2-3) it gives the careful one.
"""

from __future__ import annotations

from collections.abc import Sequence

NEUTRAL = 5

_ORDINAL_BEFORE = (
    "第十百千萬万初週周期拜統统唯單单專专之其"  # 第一, 十一, 星期一, 統一: 一 keeps its own tone
)
_ORDINAL_AFTER = "月號号樓楼二三四五六七八九零〇"  # 一月, 一號, 一九九七: read as a number
_MEASURED_BEFORE = "一二兩两三四五六七八九十幾几這这那哪每半某整"  # 這個, 三個: 個 is light after these

# Light second syllables of the MOE dictionary that pypinyin reads in full; 子, 們, 了, 的 it knows.
_LIGHT_WORDS = frozenset(
    [
        "東西",
        "东西",
        "爸爸",
        "媽媽",
        "妈妈",
        "哥哥",
        "弟弟",
        "姊姊",
        "姐姐",
        "妹妹",
        "爺爺",
        "爷爷",
        "奶奶",
        "公公",
        "婆婆",
        "叔叔",
        "伯伯",
        "舅舅",
        "太太",
        "娃娃",
        "寶寶",
        "謝謝",
        "谢谢",
        "星星",
        "猩猩",
        "意思",
        "漂亮",
        "明白",
        "認識",
        "认识",
        "耳朵",
        "葡萄",
        "蘿蔔",
        "萝卜",
        "窗戶",
        "窗户",
        "石頭",
        "石头",
        "木頭",
        "木头",
        "饅頭",
        "馒头",
        "骨頭",
        "骨头",
        "舌頭",
        "舌头",
        "枕頭",
        "枕头",
        "衣裳",
        "玻璃",
        "喇叭",
        "喜歡",
        "豆腐",
        "糊塗",
        "糊涂",
        "力氣",
        "力气",
    ]
)
# 看不見, 對不起: a verb, a light 不, and what comes of it.
_LIGHT_NOT = frozenset(
    [
        "看不見",
        "看不见",
        "聽不見",
        "听不见",
        "看不懂",
        "聽不懂",
        "听不懂",
        "看不到",
        "聽不到",
        "听不到",
        "找不到",
        "買不到",
        "买不到",
        "想不到",
        "對不起",
        "对不起",
        "了不起",
        "買不起",
        "买不起",
        "差不多",
        "來不及",
        "来不及",
        "受不了",
        "忘不了",
        "少不了",
        "吃不完",
        "做不完",
        "睡不著",
        "睡不着",
        "起不來",
        "起不来",
        "過不去",
        "过不去",
        "想不出",
        "說不出",
        "说不出",
        "走不動",
        "走不动",
        "用不著",
        "用不着",
    ]
)


def spoken_tones(characters: str, tones: Sequence[int]) -> list[int]:
    """Tones, 1-5, of one stretch of Han characters without punctuation, from those of the dictionary.

    Parameters
    ----------
    characters : str
    tones : sequence of int
        Of each character on its own: 一 is 1, 不 is 4.
    """
    heard = list(tones)
    _lighten(characters, heard)
    _rising_third(heard)
    for at, character in enumerate(characters):
        if heard[at] == NEUTRAL:
            continue
        # 個 is light, but still falls for what stands before it: 一個 is yí ge.
        follows = tones[at + 1] if at + 1 < len(tones) else None
        if character == "不" and follows == 4:
            heard[at] = 2
        elif character == "一" and follows is not None and not _is_number(characters, at):
            heard[at] = 2 if follows == 4 else 4
    return heard


def _lighten(characters: str, heard: list[int]) -> None:
    for at in range(1, len(characters)):
        pair = characters[at - 1 : at + 1]
        around = characters[at - 1 : at + 2]
        doubled = len(around) == 3 and around[0] == around[2] and around[1] in "一不"
        measured = pair[1] in "個个" and pair[0] in _MEASURED_BEFORE
        if pair in _LIGHT_WORDS or around in _LIGHT_NOT or doubled or measured:
            heard[at] = NEUTRAL


def _rising_third(heard: list[int]) -> None:
    """From the end: a third tone before one that stays a third rises. 我很好 becomes 3-2-3, 你好 2-3."""
    for at in range(len(heard) - 2, -1, -1):
        if heard[at] == 3 and heard[at + 1] == 3:
            heard[at] = 2


def _is_number(characters: str, at: int) -> bool:
    before = characters[at - 1] if at else ""
    return (before != "" and before in _ORDINAL_BEFORE) or characters[at + 1] in _ORDINAL_AFTER
