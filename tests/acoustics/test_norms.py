"""Reference ranges, only where they hold."""

from __future__ import annotations

import pytest

from analysis.acoustics import GROUPS, MEASURES, NORMS, Analysis, Sound, Speaker, analyze
from analysis.acoustics.norms import Norm, norm_for
from tests.acoustics.voices import held_vowel, say, sound, with_noise

WOMAN, MAN, CHILD = Speaker("female", 35), Speaker("male", 50), Speaker("male", 8)
UNKNOWN = Speaker()


def norms(analysis: Analysis) -> dict[str, Norm]:
    return {each.name: each.norm for each in analysis.measures if each.norm}


def holding(measure: str, exercise: str, speaker: Speaker, seconds: float = 3.0) -> str | None:
    norm = norm_for(measure, exercise, speaker, speech_seconds=seconds)
    return norm.group if norm else None


def test_each_norm_is_of_a_measure_that_its_exercise_has() -> None:
    exercises = {row.name: row.exercises for row in MEASURES}
    for norm in NORMS:
        assert norm.exercise in exercises[norm.measure]
        assert norm.group in GROUPS
        assert norm.source
        assert norm.low is not None or norm.high is not None


def test_limits_of_a_held_vowel_never_stand_beside_a_sentence(take: Sound) -> None:
    of_sentence = norms(analyze(take, speaker=WOMAN))
    of_vowel = norms(analyze(sound(held_vowel()), exercise="sustained_vowel", speaker=WOMAN))
    perturbation = {row.name for row in MEASURES if row.name.startswith(("jitter", "shimmer", "hnr"))}

    assert not perturbation & set(of_sentence)
    assert perturbation <= set(of_vowel)
    assert of_sentence["cpps_utterance"].low == 9.33
    assert of_vowel["cpps_utterance"].low == 14.45
    assert not {"f0_sd", "f0_median", "speech_rate"} & set(of_vowel)


def test_a_syllable_run_has_a_norm_of_its_rate_only(take: Sound) -> None:
    assert set(norms(analyze(take, exercise="syllable_repetition", speaker=WOMAN))) <= {"ddk_rate"}


@pytest.mark.parametrize(
    ("measure", "speaker", "group"),
    [
        ("f0_median", WOMAN, "women"),
        ("f0_median", MAN, "men"),
        ("f0_median", CHILD, "children"),
        ("f0_median", Speaker("male"), None),  # he may be a boy
        ("f0_median", UNKNOWN, None),
        ("f0_median", Speaker("female", 14), None),
        ("speech_rate", UNKNOWN, "adults"),
        ("speech_rate", CHILD, None),
    ],
)
def test_a_norm_is_for_those_whom_it_was_taken_of(measure: str, speaker: Speaker, group: str | None) -> None:
    assert holding(measure, "sentence", speaker) == group


def test_the_most_particular_norm_comes_first() -> None:
    measure, exercise = "maximum_phonation_time", "sustained_vowel"

    assert holding(measure, exercise, MAN) == "men"
    assert holding(measure, exercise, WOMAN) == "women"
    assert holding(measure, exercise, Speaker(None, 40)) == "adults"


def test_the_share_of_pauses_is_judged_on_a_passage_not_on_a_sentence() -> None:
    assert holding("pause_ratio", "sentence", WOMAN, seconds=3.0) is None
    assert holding("pause_ratio", "sentence", WOMAN, seconds=40.0) == "adults"


def test_a_clipped_recording_is_not_held_against_a_voice() -> None:
    overloaded = sound(held_vowel(), level=0.1).samples
    clipped = Sound.of((overloaded * 40).clip(-1, 1))

    analysis = analyze(clipped, exercise="sustained_vowel", speaker=WOMAN)

    assert "clipping" in [flag.code for flag in analysis.flags]
    assert set(norms(analysis)) == {"maximum_phonation_time"}


def test_a_rate_is_not_judged_where_another_text_was_said() -> None:
    for flags, held in (((), True), (("another_sentence",), False)):
        norm = norm_for("speech_rate", "sentence", WOMAN, speech_seconds=3.0, flags=flags)
        assert (norm is not None) is held


def test_the_result_says_where_a_value_lies_and_whether_the_norm_was_checked() -> None:
    rough = held_vowel(jitter=0.02, shimmer=0.1)
    found = analyze(sound(rough), exercise="sustained_vowel", speaker=WOMAN).to_dict()["measures"]

    assert found["jitter_local"]["norm"] == {
        "low": None,
        "high": 1.04,
        "group": "adults",
        "source": "MDVP, in Praat manual, Voice 2",
        "checked": True,
        "position": "above",
    }
    assert found["maximum_phonation_time"]["norm"]["checked"] is False
    assert found["maximum_phonation_time"]["norm"]["position"] == "below"
    assert "norm" not in found["intensity_mean"]


def test_a_position_is_below_within_or_above() -> None:
    norm = Norm("f0_median", "sentence", 100.0, 146.0, "men", "somewhere")

    assert [norm.position(value) for value in (99.0, 100.0, 146.0, 147.0)] == [
        "below",
        "within",
        "within",
        "above",
    ]


def test_a_healthy_synthesised_voice_is_within() -> None:
    healthy = with_noise(held_vowel(jitter=0.003, shimmer=0.02), 35)

    found = norms_with_positions(analyze(sound(healthy), exercise="sustained_vowel", speaker=MAN))

    assert {name: where for name, where in found.items() if name != "maximum_phonation_time"} == {
        name: "within" for name in found if name != "maximum_phonation_time"
    }


def norms_with_positions(analysis: Analysis) -> dict[str, str]:
    return {each.name: each.norm.position(each.value) for each in analysis.measures if each.norm}


def test_say_is_a_sentence() -> None:
    assert norms(analyze(sound(say()), speaker=WOMAN))["speech_rate"].exercise == "sentence"
