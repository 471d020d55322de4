"""F1 and F2 of vowels whose formants are known."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.acoustics import Analysis, Sound, Speaker, analyze
from analysis.acoustics.formants import MEN, OTHERS, ceiling_for
from tests.acoustics.voices import SENTENCE, VOWELS, held_vowel, say, sound, syllable_starts, with_noise


def value(analysis: Analysis, name: str) -> float:
    return next(each.value for each in analysis.measures if each.name == name)


# Not [i]: between its 300 and 2500 Hz these made-up voices are so empty that five poles find one more there.
@pytest.mark.parametrize("vowel", ["a", "e", "o", "u"])
def test_a_held_vowel_has_the_formants_it_was_made_with(vowel: str) -> None:
    analysis = analyze(
        sound(with_noise(held_vowel(hertz=110.0, vowel=vowel), 40)),
        exercise="sustained_vowel",
        speaker=Speaker("male", 40),
    )

    assert value(analysis, "f1_median") == pytest.approx(VOWELS[vowel][0], abs=45)
    assert value(analysis, "f2_median") == pytest.approx(VOWELS[vowel][1], rel=0.06)
    assert analysis.formants == ()


def test_each_nucleus_of_a_sentence_has_its_vowels_formants() -> None:
    analysis = analyze(sound(say(flat=True, hertz=120.0)), speaker=Speaker("male", 40))
    starts = np.array(syllable_starts())

    assert len(analysis.formants) == len(SENTENCE)
    for number, found in enumerate(analysis.formants):
        assert starts[number] < found.seconds < starts[number + 1]
        assert found.f1 == pytest.approx(VOWELS[SENTENCE[number].vowel][0], abs=110)
        if SENTENCE[number].vowel != "i":
            assert found.f2 == pytest.approx(VOWELS[SENTENCE[number].vowel][1], rel=0.15)
    assert value(analysis, "f1_median") == pytest.approx(np.median([each.f1 for each in analysis.formants]))


def test_the_result_lists_them_with_the_sounds(take: Sound) -> None:
    analysis = analyze(take)
    listed = analysis.to_dict()["detailed_analysis"]["phoneme_analysis"]["formants"]

    assert len(listed) == len(analysis.formants) > 0
    assert set(listed[0]) == {"seconds", "f1", "f2"}


@pytest.mark.parametrize(
    ("speaker", "ceiling"),
    [
        (Speaker("male", 40), MEN),
        (Speaker("male"), MEN),
        (Speaker("male", 8), OTHERS),
        (Speaker("female", 40), OTHERS),
        (Speaker(), OTHERS),
    ],
)
def test_a_man_has_the_longest_vocal_tract(speaker: Speaker, ceiling: float) -> None:
    assert ceiling_for(speaker) == ceiling


def test_what_is_not_voiced_has_none() -> None:
    draw = np.random.default_rng(0)
    whisper = np.concatenate([np.zeros(4000), *([draw.normal(size=3000), np.zeros(3000)] * 5)])

    analysis = analyze(sound(whisper))

    assert analysis.formants == ()
    assert analysis.absent["f1_median"] == analysis.absent["f2_median"] == "no_voicing"
