"""Which syllable was off, and in what."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from analysis.acoustics import InvalidRequest, Mark, Sound, Syllable, analyze
from tests.acoustics.voices import SENTENCE, SENTENCE_TEXT, Spoken, say, sound, syllable_starts, with_noise


@pytest.fixture(scope="module")
def marks() -> list[Mark]:
    return [Mark(start, end) for start, end in itertools.pairwise(syllable_starts())]


def syllables(changed: dict[int, Spoken], example: Sound, marks: list[Mark]) -> tuple[Syllable, ...]:
    spoken = [changed.get(index, each) for index, each in enumerate(SENTENCE)]
    return analyze(sound(say(spoken, seed=5)), example, text=SENTENCE_TEXT, marks=marks).syllables


def test_a_good_take_has_no_finding(example: Sound, marks: list[Mark]) -> None:
    for each in syllables({}, example, marks):
        assert each.findings == ()
        assert each.segment_score is not None and each.segment_score > 80
        assert each.tone_score is not None and each.tone_score > 90


@pytest.mark.parametrize("index", [1, 3, 5])
def test_a_wrong_syllable_is_found_in_its_place(index: int, example: Sound, marks: list[Mark]) -> None:
    right = SENTENCE[index]
    wrong = Spoken(
        "p" if right.onset != "p" else "s", "u" if right.vowel != "u" else "i", right.tone, right.seconds
    )

    found = syllables({index: wrong}, example, marks)

    segment = [each.segment_score or 0.0 for each in found]
    assert int(np.argmin(segment)) == index
    assert "segment_off" in found[index].findings
    assert sum("segment_off" in each.findings for each in found) == 1


def test_the_initial_alone_is_scored_apart(example: Sound, marks: list[Mark]) -> None:
    wrong = Spoken("h", SENTENCE[0].vowel, SENTENCE[0].tone, SENTENCE[0].seconds)

    right, changed = (syllables(each, example, marks)[0] for each in ({}, {0: wrong}))

    assert right.initial_score is not None and changed.initial_score is not None
    assert right.final_score is not None and changed.final_score is not None
    assert right.initial_score > 70
    assert changed.initial_score < right.initial_score - 20
    assert changed.final_score > 70


def test_a_syllable_without_an_initial_has_no_score_for_one() -> None:
    spoken = sound(say([Spoken("h", "a", 1, 0.35)]))

    found = analyze(spoken, spoken, text="啊").syllables[0]

    assert found.initial_score is None
    assert found.final_score is not None and found.segment_score is not None


@pytest.mark.parametrize(("index", "tone"), [(0, 4), (4, 2), (7, 1)])
def test_a_wrong_tone_is_found_in_its_place(index: int, tone: int, example: Sound, marks: list[Mark]) -> None:
    right = SENTENCE[index]

    found = syllables({index: Spoken(right.onset, right.vowel, tone, right.seconds)}, example, marks)

    assert [each.index for each in found if "tone_off" in each.findings] in ([index], [])
    assert int(np.argmin([each.tone_score or 0.0 for each in found])) == index
    assert (found[index].segment_score or 0) > 50


def test_tone_two_for_tone_four_is_a_finding(example: Sound, marks: list[Mark]) -> None:
    found = syllables({4: Spoken("p", "o", 2, 0.18)}, example, marks)

    assert [each.index for each in found if "tone_off" in each.findings] == [4]


def test_a_long_syllable_is_found_by_its_length_alone(example: Sound, marks: list[Mark]) -> None:
    found = syllables({4: Spoken("p", "o", 4, 0.5)}, example, marks)

    assert [each.index for each in found if each.findings] == [4]
    assert found[4].findings == ("too_long",)
    assert (found[4].length_ratio or 0) == pytest.approx(0.57 / 0.25, rel=0.2)


def test_a_slow_speaker_has_no_long_syllables(example: Sound, marks: list[Mark]) -> None:
    slow = analyze(sound(say(tempo=1.5, seed=5)), example, text=SENTENCE_TEXT, marks=marks)

    assert [each.findings for each in slow.syllables] == [()] * 8
    lengths = [each.length_ratio for each in slow.syllables if each.length_ratio]
    assert np.median(lengths) == pytest.approx(1)


@pytest.mark.parametrize("tempo", [1.0, 1.4])
def test_marks_are_carried_to_the_recording(tempo: float, example: Sound, marks: list[Mark]) -> None:
    recording = sound(say(tempo=tempo, pauses={4: 0.5}, seed=5))

    carried = analyze(recording, example, text=SENTENCE_TEXT, marks=marks).syllables

    truth = np.array(syllable_starts(tempo=tempo))
    truth[4:] += 0.5
    starts = np.array([each.start for each in carried], dtype=float)
    assert np.abs(starts - truth[:-1])[[0, 1, 2, 3, 5, 6, 7]].max() < 0.08


def test_without_marks_the_places_are_found_and_called_estimated(example: Sound, take: Sound) -> None:
    analysis = analyze(take, example, text=SENTENCE_TEXT)

    found = np.array([each.example_start for each in analysis.syllables], dtype=float)
    assert np.mean(np.abs(found - syllable_starts()[:-1]) < 0.07) >= 7 / 8
    assert "places_estimated" in analysis.caveats


def test_with_marks_nothing_is_estimated(example: Sound, take: Sound, marks: list[Mark]) -> None:
    analysis = analyze(take, example, text=SENTENCE_TEXT, marks=marks)

    assert "places_estimated" not in analysis.caveats
    assert [(each.example_start, each.example_end) for each in analysis.syllables] == [
        (mark.start, mark.end) for mark in marks
    ]


def test_contours_are_in_semitones_about_the_speakers_own_median(example: Sound, marks: list[Mark]) -> None:
    deep = analyze(sound(say(hertz=100.0, tract=0.87)), example, text=SENTENCE_TEXT, marks=marks)

    for each in deep.syllables:
        assert each.contour is not None and each.example_contour is not None
        assert len(each.contour) == len(each.example_contour) == 30
        # An octave apart in voice; what is left is where each track begins in a consonant.
        assert np.abs(np.subtract(each.contour, each.example_contour)).mean() < 1.25


def test_syllables_of_a_recording_that_may_not_be_compared_say_why(example: Sound, take: Sound) -> None:
    run = analyze(take, example, text=SENTENCE_TEXT, exercise="syllable_repetition")
    drowned = analyze(take, sound(with_noise(say(), -3)), text=SENTENCE_TEXT)

    assert run.absent["syllable_places"] == "not_for_this_exercise"
    assert drowned.absent["syllable_places"] == "unfit_example"


def test_english_is_listed_by_words_with_places_and_no_tones(example: Sound, take: Sound) -> None:
    analysis = analyze(take, example, text="seven syllables and then one", language="en")

    assert [each.word for each in analysis.syllables[:2]] == ["seven", "seven"]
    assert len(analysis.syllables) == 8
    starts = np.array([each.start for each in analysis.syllables], dtype=float)
    assert (np.diff(starts) > 0).all()
    assert {each.tone_score for each in analysis.syllables} == {None}
    assert {each.segment_score for each in analysis.syllables} == {None}
    assert analysis.absent["syllable_sounds"] == "not_for_this_language"
    assert analysis.absent["npvi"] == "not_for_this_language"


def test_a_therapist_may_mark_english_syllables_too(example: Sound, take: Sound, marks: list[Mark]) -> None:
    analysis = analyze(take, example, text="seven syllables and then one", language="en", marks=marks)

    assert [each.example_start for each in analysis.syllables] == [mark.start for mark in marks]
    assert "places_estimated" not in analysis.caveats


def test_no_text_no_syllables(example: Sound, take: Sound) -> None:
    analysis = analyze(take, example)

    assert analysis.syllables == ()
    assert analysis.absent["syllables"] == "no_text"


def test_more_syllables_than_there_is_speech_for_have_no_places(example: Sound, take: Sound) -> None:
    analysis = analyze(take, example, text="很" * 90)

    assert analysis.absent["syllable_places"] == "not_measurable"
    assert analysis.scores.overall is not None


@pytest.mark.parametrize(
    "wrong",
    [
        [Mark(0.3, 0.2)] * 8,
        [Mark(-1, 0.2)] * 8,
        [Mark(0.1, float("nan"))] * 8,
        [Mark(0.3, 0.6), Mark(0.5, 0.9)],
        [Mark(0.25, 0.5)],
        [Mark(index, index + 1) for index in range(8)],
    ],
)
def test_marks_that_do_not_fit_are_refused(wrong: list[Mark], example: Sound, take: Sound) -> None:
    with pytest.raises(InvalidRequest) as caught:
        analyze(take, example, text=SENTENCE_TEXT, marks=wrong)

    assert caught.value.parameter == "marks"
