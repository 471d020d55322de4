"""Each sub-score falls with what it names, and with nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from analysis.acoustics import SUB_SCORES, Analysis, Scores, Sound, analyze
from analysis.acoustics.curves import score_curves
from tests.acoustics.voices import SENTENCE, SENTENCE_TEXT, Spoken, held_vowel, say, sound, with_noise


def scores(analysis: Analysis) -> dict[str, float]:
    given: dict[str, float | None] = {name: getattr(analysis.scores, name) for name in SUB_SCORES}
    assert None not in given.values()
    return {name: value for name, value in given.items() if value is not None}


def take_of(example: Sound, **options: Any) -> Analysis:
    return analyze(sound(say(seed=5, **options)), example)


@pytest.fixture(scope="module")
def good(example: Sound) -> dict[str, float]:
    return scores(take_of(example))


def assert_none_rises(changed: Mapping[str, float], before: Mapping[str, float], by: float = 1.0) -> None:
    assert {name: value for name, value in changed.items() if value > before[name] + by} == {}


def test_an_example_against_itself_is_a_hundred(example: Sound) -> None:
    analysis = analyze(example, example)

    assert min(scores(analysis).values()) > 99.5
    assert analysis.scores.overall == pytest.approx(100, abs=0.5)


@pytest.mark.parametrize("options", [{}, {"hertz": 110.0, "tract": 0.87}, {"hertz": 280.0, "tract": 1.15}])
def test_another_speaker_is_no_error(options: dict[str, float], example: Sound) -> None:
    analysis = take_of(example, **options)

    assert min(scores(analysis).values()) > 90


def test_another_level_or_a_telephone_curve_is_no_error(example: Sound, good: Mapping[str, float]) -> None:
    samples = say(seed=5)
    coloured = sound(samples - 0.6 * np.roll(samples, 1), level=0.02)

    changed = scores(analyze(coloured, example))

    assert min(changed.values()) > min(good.values()) - 5


@pytest.mark.parametrize("tempo", [1.2, 1.5, 2.0])
def test_slowing_lowers_fluency_and_raises_nothing(
    tempo: float, example: Sound, good: Mapping[str, float]
) -> None:
    slow = scores(take_of(example, tempo=tempo))

    assert slow["fluency"] < good["fluency"] - 4
    assert_none_rises(slow, good)


def test_the_slower_the_less_fluent(example: Sound) -> None:
    fluency = [scores(take_of(example, tempo=tempo))["fluency"] for tempo in (1.0, 1.2, 1.5, 2.0)]

    assert fluency == sorted(fluency, reverse=True)


def test_pauses_lower_fluency_and_leave_pronunciation(example: Sound, good: Mapping[str, float]) -> None:
    one = scores(take_of(example, pauses={3: 0.4}))
    more = scores(take_of(example, pauses={2: 0.4, 3: 0.4, 6: 0.5}))

    assert good["fluency"] > one["fluency"] + 3 > more["fluency"] + 3
    assert more["pronunciation"] == pytest.approx(good["pronunciation"], abs=5)
    assert_none_rises(more, good)


def test_a_flat_voice_lowers_pitch_and_leaves_pronunciation(
    example: Sound, good: Mapping[str, float]
) -> None:
    flat = scores(take_of(example, flat=True))

    assert flat["pitch"] < good["pitch"] - 40
    assert flat["pronunciation"] == pytest.approx(good["pronunciation"], abs=3)
    assert_none_rises(flat, good)


@pytest.mark.parametrize("snr_db", [25, 15, 8])
def test_noise_raises_no_score(snr_db: float, example: Sound, good: Mapping[str, float]) -> None:
    noisy = analyze(sound(with_noise(say(seed=5), snr_db)), example)

    assert_none_rises(scores(noisy), good)
    assert ("noise" in {flag.code for flag in noisy.flags}) == (snr_db < 20)


def test_another_sentence_sinks_pronunciation(example: Sound, good: Mapping[str, float]) -> None:
    other = [Spoken("h", "u", 3), Spoken("x", "i", 1), *reversed(SENTENCE[2:])]

    assert scores(analyze(sound(say(other)), example))["pronunciation"] < good["pronunciation"] - 20


def test_a_repeated_syllable_costs_fluency_and_pronunciation(
    example: Sound, good: Mapping[str, float]
) -> None:
    stutter = [*SENTENCE[:3], SENTENCE[2], SENTENCE[2], *SENTENCE[3:]]

    changed = scores(analyze(sound(say(stutter, seed=5)), example))

    assert changed["fluency"] < good["fluency"] - 5
    assert changed["pronunciation"] < good["pronunciation"] - 1


def test_uneven_timing_costs_rhythm(example: Sound, good: Mapping[str, float]) -> None:
    uneven = [
        Spoken(each.onset, each.vowel, each.tone, each.seconds * (1.7 if index % 3 == 0 else 0.65))
        for index, each in enumerate(SENTENCE)
    ]

    assert scores(analyze(sound(say(uneven, seed=5)), example))["rhythm"] < good["rhythm"] - 3


def test_every_point_lost_is_told(example: Sound) -> None:
    analysis = take_of(example, tempo=1.5, pauses={3: 0.5})

    for name, value in scores(analysis).items():
        lost = sum(cost.points for cost in analysis.costs if cost.score == name)
        assert 100 - lost == pytest.approx(value, abs=0.3)
    assert [cost.points for cost in analysis.costs] == sorted(
        (c.points for c in analysis.costs), reverse=True
    )


def test_overall_is_the_weighted_mean(example: Sound) -> None:
    analysis = take_of(example, tempo=1.4, flat=True)
    weights = score_curves().weights

    assert sum(weights.values()) == pytest.approx(1)
    expected = sum(weights[name] * value for name, value in scores(analysis).items())
    assert analysis.scores.overall == pytest.approx(expected)


def test_the_same_pair_scores_the_same_twice(example: Sound, take: Sound) -> None:
    assert analyze(take, example).scores == analyze(take, example).scores


def test_curves_only_take_points_and_never_give_back() -> None:
    curves = score_curves()

    assert set(curves.points_lost) == set(SUB_SCORES)
    for of_score in curves.points_lost.values():
        for curve in of_score.values():
            assert curve.points[0] == 0
            assert list(curve.at) == sorted(set(curve.at))
            assert list(curve.points) == sorted(curve.points)


def test_a_whisper_is_scored_without_its_pitch(example: Sound) -> None:
    draw = np.random.default_rng(0)
    spoken = say(seed=5)
    envelope = np.sqrt(np.convolve(spoken**2, np.ones(320) / 320, "same"))
    analysis = analyze(sound(envelope * draw.normal(size=len(spoken))), example)

    assert analysis.scores.pitch is None
    assert analysis.unscored == {"pitch": "no_voicing"}
    assert analysis.scores.overall is not None


def test_without_an_example_there_are_no_scores(take: Sound) -> None:
    analysis = analyze(take, text=SENTENCE_TEXT)

    assert analysis.scores == Scores()
    assert set(analysis.unscored.values()) == {"no_example"}
    assert analysis.suggestions == ()
    assert analysis.caveats == ("places_estimated",)


@pytest.mark.parametrize("exercise", ["sustained_vowel", "syllable_repetition"])
def test_only_a_sentence_is_scored(exercise: str, example: Sound) -> None:
    analysis = analyze(sound(held_vowel()), example, exercise=exercise)

    assert analysis.scores == Scores()
    assert set(analysis.unscored.values()) == {"not_for_this_exercise"}


def test_what_is_not_proven_is_said(example: Sound, take: Sound) -> None:
    assert {"calibrated_elsewhere", "pitch_by_design"} <= set(analyze(take, example).caveats)
