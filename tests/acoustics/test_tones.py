"""What is heard in a contour that is known."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.acoustics import Mark, Sound, Syllable, analyze
from analysis.acoustics.melody import Melody, follow_melody
from analysis.acoustics.pitch import track_pitch
from analysis.acoustics.spectrum import HOP, spectrum
from analysis.acoustics.speech import find_speech
from analysis.acoustics.tones import (
    contour,
    named,
    same_tone,
    tone_distance,
    tone_model,
    tone_vectors,
)
from analysis.acoustics.utterance import Utterance, utterance
from tests.acoustics.voices import (
    RATE,
    SENTENCE,
    SENTENCE_TEXT,
    VOWELS,
    Spoken,
    pulse_times,
    pulses,
    say,
    sound,
    syllable_starts,
    through_formants,
)

# Chao's tone letters 55, 35, 214 and 51 said alone, a step of about 3 semitones, about the middle of the range.
CITATION = {1: (5, 5, 5, 5), 2: (-1, -1, 1, 4), 3: (-2, -6, -7, -2), 4: (6, 4, 0, -5)}
# A third tone is softest at its bottom, a fourth fades as it falls.
LOUDNESS = {1: (1, 1, 1, 0.9), 2: (0.7, 0.8, 1, 1), 3: (1, 0.5, 0.25, 0.5), 4: (1, 1, 0.6, 0.2)}


def vowel(tone: int, hertz: float = 200.0, seconds: float = 0.4, vowel: str = "a") -> Sound:
    """One vowel in one tone, between silences."""
    length = round(seconds * RATE)
    through = np.linspace(0, 3, length)
    curve = hertz * 2 ** (np.interp(through, range(4), CITATION[tone]) / 12)
    times = pulse_times(curve)
    source = pulses(times, np.ones(len(times)), seconds)
    voiced = through_formants(source, np.tile(VOWELS[vowel], (length // 80 + 2, 1)))
    voiced *= np.interp(through, range(4), LOUDNESS[tone])[: len(voiced)] * np.hanning(len(voiced)) ** 0.2
    silence = np.zeros(round(0.2 * RATE))
    joined = np.concatenate([silence, voiced / np.abs(voiced).max(), silence])
    return sound(joined + np.random.default_rng(0).normal(0, 3e-4, len(joined)))


def heard(spoken: Sound) -> tuple[Utterance, Melody, float, float]:
    seen = spectrum(spoken.samples)
    whole = utterance(spoken, seen, find_speech(seen), track_pitch(spoken, len(seen)))
    return whole, follow_melody(spoken, len(seen)), whole.speech.start * HOP, whole.speech.stop * HOP


def beliefs(spoken: Sound) -> NDArray[np.float64]:
    return tone_model("alone").beliefs(tone_vectors(*heard(spoken)))


@pytest.mark.parametrize("hertz", [95.0, 200.0, 300.0])
@pytest.mark.parametrize("tone", [1, 2, 3, 4])
def test_a_tone_said_alone_is_named(tone: int, hertz: float) -> None:
    assert named(beliefs(vowel(tone, hertz))) == tone


@pytest.mark.parametrize("tone", [1, 2, 3, 4])
def test_slow_speech_keeps_its_tones(tone: int) -> None:
    assert named(beliefs(vowel(tone, seconds=0.7))) == tone


@pytest.mark.parametrize(("mine", "goal"), list(itertools.product([1, 2, 3, 4], repeat=2)))
def test_two_voices_have_one_tone_or_two(mine: int, goal: int) -> None:
    odds = same_tone(beliefs(vowel(mine, 110.0)), beliefs(vowel(goal, 230.0, vowel="o")))

    assert (odds > 0) == (mine == goal)


def test_nothing_is_said_of_what_is_not_voiced() -> None:
    hiss = sound(np.random.default_rng(0).normal(0, 1, RATE) * np.hanning(RATE) ** 4)
    whole, melody, start, end = heard(hiss)

    assert contour(whole, melody, start, end) is None
    assert named(tone_model("alone").beliefs(tone_vectors(whole, melody, start, end))) is None


def test_no_contour_excludes_a_tone_altogether() -> None:
    assert beliefs(vowel(4)).min() >= 0.01
    assert beliefs(vowel(4)).sum() == pytest.approx(1)


def test_the_path_follows_a_known_curve_within_a_quarter_of_a_semitone() -> None:
    _, melody, start, end = heard(vowel(2, 150.0))
    found = melody.semitones[round(start / HOP) + 6 : round(end / HOP) - 6]
    voiced = found[~np.isnan(found)]

    # Between the curve's two ends; no octave is lost or won on the way.
    bottom, top = (12 * np.log2(150.0 * 2 ** (edge / 12)) for edge in (-1, 4))
    assert len(voiced) > 0.9 * len(found)
    assert voiced.min() > bottom - 0.25
    assert voiced.max() < top + 0.25


def test_the_path_keeps_to_the_voice_in_a_creak_an_octave_below() -> None:
    samples = vowel(1, 180.0).samples.astype(np.float64)
    # Every second period weaker towards the end: an autocorrelation hears that an octave down.
    tail = slice(int(0.45 * RATE), int(0.58 * RATE))
    half = 180.0 * 2 ** (5 / 12) / 2
    samples[tail] *= 1 + 0.2 * np.sign(np.sin(2 * np.pi * half * np.arange(tail.stop - tail.start) / RATE))
    values = contour(*heard(Sound.of(samples)))

    assert values is not None
    assert np.abs(values).max() < 3


def test_a_contour_is_about_the_speakers_centre() -> None:
    values = contour(*heard(vowel(1)))

    assert values is not None and len(values) == 30
    assert np.abs(values).max() < 0.5


def test_the_distance_of_contours_is_nought_for_itself_and_large_for_another_tone() -> None:
    curves = {tone: np.interp(np.linspace(0, 3, 30), range(4), CITATION[tone]) for tone in CITATION}

    for mine, goal in itertools.combinations(curves, 2):
        assert tone_distance(curves[mine], curves[mine]) == 0
        assert tone_distance(curves[mine], curves[goal]) > 2.5


def analysed(mine: Sequence[Spoken], text: str = SENTENCE_TEXT) -> tuple[Syllable, ...]:
    marks = [Mark(start, end) for start, end in itertools.pairwise(syllable_starts())]
    return analyze(sound(say(mine, seed=5)), sound(say()), text=text, marks=marks).syllables


def test_what_was_heard_is_named_beside_the_example() -> None:
    changed = [Spoken("p", "o", 2, 0.18) if at == 4 else each for at, each in enumerate(SENTENCE)]

    found = analysed(changed)[4]

    assert "tone_off" in found.findings
    assert (found.tone, found.example_heard_tone, found.heard_tone) == (4, 4, 2)


def test_a_tone_is_only_named_where_the_examples_own_can_be_read() -> None:
    for each in analysed(SENTENCE):
        assert each.example_heard_tone in (None, each.tone)
        assert each.heard_tone is None or each.example_heard_tone is not None
        assert each.tone_score is not None


def test_a_single_syllable_is_compared_with_its_example() -> None:
    right = analyze(vowel(3, 110.0), vowel(3, 220.0), text="我").syllables[0]
    wrong = analyze(vowel(2, 110.0), vowel(4, 220.0), text="大").syllables[0]

    assert right.tone_score is not None and wrong.tone_score is not None
    assert wrong.tone_score < 30
    assert right.tone_score > 70
    assert (wrong.heard_tone, wrong.example_heard_tone) == (2, 4)
    assert "tone_off" in wrong.findings


def test_without_an_example_a_single_tone_is_held_against_the_text() -> None:
    right, wrong = (analyze(vowel(tone), text="大") for tone in (4, 2))

    assert right.syllables[0].heard_tone == 4
    assert right.syllables[0].findings == ()
    assert wrong.syllables[0].heard_tone == 2
    assert wrong.syllables[0].findings == ("tone_off",)
    assert wrong.syllables[0].segment_score is None
    assert wrong.absent["syllable_sounds"] == "no_example"
    assert wrong.scores.overall is None


def test_without_an_example_running_speech_shows_curves_and_no_verdict() -> None:
    analysis = analyze(sound(say()), text=SENTENCE_TEXT)

    assert {each.tone_score for each in analysis.syllables} == {None}
    assert {each.heard_tone for each in analysis.syllables} == {None}
    assert analysis.absent["syllable_tones"] == "running_speech"
    assert sum(each.contour is not None for each in analysis.syllables) >= 6
    assert "places_estimated" in analysis.caveats


def test_without_an_example_places_are_only_told_where_the_nuclei_agree() -> None:
    analysis = analyze(sound(say()), text=SENTENCE_TEXT[:5])

    assert {each.start for each in analysis.syllables} == {None}
    assert analysis.absent["syllable_places"] == "places_uncertain"
