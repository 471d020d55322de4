"""How a text is read: syllables, pinyin, 注音, and the tones that are expected."""

from __future__ import annotations

import pytest

from analysis.acoustics.text import (
    english_syllable_count,
    english_syllables,
    mandarin_syllables,
    syllable_count,
    zhuyin_of,
    zhuyin_parts,
)


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("你好", "ní hǎo"),
        ("我很好", "wǒ hén hǎo"),
        ("我想買水果", "wǒ xiáng mǎi shuí guǒ"),
        ("雨傘", "yú sǎn"),
        ("老師好", "lǎo shī hǎo"),
        ("不是", "bú shì"),
        ("不要", "bú yào"),
        ("不好", "bù hǎo"),
        ("不吃", "bù chī"),
        ("我不", "wǒ bù"),
        ("好不好", "hǎo bu hǎo"),
        ("看不見", "kàn bu jiàn"),
        ("對不起", "duì bu qǐ"),
        ("一", "yī"),
        ("一個", "yí ge"),
        ("一樣", "yí yàng"),
        ("一定", "yí dìng"),
        ("一起", "yì qǐ"),
        ("一天", "yì tiān"),
        ("一年", "yì nián"),
        ("一百", "yì bǎi"),
        ("第一", "dì yī"),
        ("第一課", "dì yī kè"),
        ("十一個", "shí yī ge"),
        ("星期一", "xīng qī yī"),
        ("一月一號", "yī yuè yī hào"),
        ("一九", "yī jiǔ"),
        ("看一看", "kàn yi kàn"),
        ("這個", "zhè ge"),
        ("東西", "dōng xi"),
        ("媽媽", "mā ma"),
        ("謝謝", "xiè xie"),
        ("他們的", "tā men de"),
        ("好了", "hǎo le"),
        ("桌子", "zhuō zi"),
        ("什麼", "shén me"),
        ("女孩", "nǚ hái"),
        ("綠色", "lǜ sè"),
    ],
)
def test_tones_are_those_that_are_spoken(text: str, spoken: str) -> None:
    assert " ".join(each.spoken for each in mandarin_syllables(text)) == spoken


def test_a_pause_between_two_third_tones_keeps_both() -> None:
    assert [each.tone for each in mandarin_syllables("你,好")] == [3, 3]


def test_each_character_that_no_dictionary_knows_is_a_syllable_of_its_own() -> None:
    assert [each.text for each in mandarin_syllables("媽\U0003238a\U0003238a馬")] == list(
        "媽\U0003238a\U0003238a馬"
    )


def test_pinyin_and_zhuyin_are_written_as_in_textbooks() -> None:
    read = mandarin_syllables("你好,一個ABC東西!")

    assert [each.text for each in read] == list("你好一個東西")
    assert [each.pinyin for each in read] == ["nǐ", "hǎo", "yí", "ge", "dōng", "xi"]
    assert [each.zhuyin for each in read] == ["ㄋㄧˇ", "ㄏㄠˇ", "ㄧˊ", "˙ㄍㄜ", "ㄉㄨㄥ", "˙ㄒㄧ"]
    assert [each.tone for each in read] == [2, 3, 2, 5, 1, 5]


def test_every_syllable_has_a_tone_from_one_to_five() -> None:
    text = "媽媽騎馬去買菜今天我們去公園散步弟弟喝了兩杯牛奶哥哥騎車去看烏龜"

    assert {each.tone for each in mandarin_syllables(text)} <= {1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    ("pinyin", "initial", "final"),
    [
        ("ba", "ㄅ", "ㄚ"),
        ("zhi", "ㄓ", ""),
        ("yan", "", "ㄧㄢ"),
        ("ju", "ㄐ", "ㄩ"),
        ("lve", "ㄌ", "ㄩㄝ"),
        ("e", "", "ㄜ"),
    ],
)
def test_a_syllable_has_an_initial_and_a_final(pinyin: str, initial: str, final: str) -> None:
    assert zhuyin_parts(zhuyin_of(pinyin, 4)) == (initial, final)


@pytest.mark.parametrize(
    ("text", "count"),
    [("the white one", 3), ("ITS NAME IS SAY", 4), ("walked, wanted a little apple", 8), ("", 0), ("42", 0)],
)
def test_english_syllables_are_counted_by_their_vowels(text: str, count: int) -> None:
    assert english_syllable_count(text) == count
    assert len(english_syllables(text)) == count
    assert syllable_count(text, "en") == count


def test_english_syllables_carry_their_word_and_spell_it() -> None:
    read = english_syllables("Wanted: a little apple")

    assert [each.word for each in read] == ["wanted", "wanted", "a", "little", "little", "apple", "apple"]
    assert "".join(each.text for each in read) == "wantedalittleapple"
    assert {each.tone for each in read} == {None}
    assert {each.spoken for each in read} == {""}
