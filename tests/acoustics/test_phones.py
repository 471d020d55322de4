"""The phone recogniser: what it refuses, what it costs, and doing without it."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import numpy as np
import pytest

from analysis.acoustics import Analysis, Scores, Sound, analyze, warm_up
from analysis.acoustics.phones import Recogniser, recogniser
from bench.perturbing import slowed
from tests.acoustics.speech import EXAMPLES, RATE, example, music, take
from tests.acoustics.voices import held_vowel, sound


@pytest.fixture
def heard_by() -> Recogniser:
    found = recogniser()
    if found is None:
        pytest.skip("no phone recogniser for this platform")
    return found


@pytest.fixture
def no_recogniser(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A platform for which there is no such package."""
    monkeypatch.setitem(sys.modules, "hama", None)
    recogniser.cache_clear()
    yield
    recogniser.cache_clear()


def is_refused(analysis: Analysis) -> bool:
    return any(flag.code == "another_sentence" for flag in analysis.flags)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_right_sentence_by_another_voice_is_let_in(name: str, heard_by: Recogniser) -> None:
    analysis = analyze(take(name), example(name))

    assert not is_refused(analysis)
    assert analysis.scores.overall is not None
    assert "same_sentence_unchecked" not in analysis.caveats


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_other_sentence_is_refused(name: str, heard_by: Recogniser) -> None:
    others = [analyze(take(other), example(name)) for other in EXAMPLES if other != name]

    assert [is_refused(each) for each in others] == [True] * 4


def test_a_refused_recording_has_a_reason_in_place_of_scores(heard_by: Recogniser) -> None:
    analysis = analyze(take("park"), example("bread"), text="我今天吃麵包")

    assert analysis.flags[0].code == "another_sentence"
    assert analysis.flags[0].severity == "unfit"
    assert analysis.scores == Scores()
    assert set(analysis.unscored.values()) == {"another_sentence"}
    assert analysis.costs == ()
    assert {each.start for each in analysis.syllables} == {None}
    assert analysis.absent["syllable_places"] == "another_sentence"
    assert [each.code for each in analysis.suggestions] == ["say_the_sentence"]
    assert analysis.measures


def test_a_word_or_two_is_too_little_to_refuse_anybody_by(heard_by: Recogniser) -> None:
    """A patient who says one word in a way of their own must not be told that it was another sentence."""
    word = Sound.of(example("park").samples[: int(0.75 * RATE)])

    analysis = analyze(take("bread"), word)

    assert not is_refused(analysis)
    assert "same_sentence_unchecked" in analysis.caveats


@pytest.mark.parametrize("what", [music(), sound(held_vowel(3.0))], ids=["music", "a held vowel"])
def test_what_is_no_sentence_gets_no_score(what: Sound, heard_by: Recogniser) -> None:
    analysis = analyze(what, example("park"))

    assert analysis.scores == Scores()
    assert analysis.flags[0].severity == "unfit"


def test_without_a_recogniser_nobody_is_refused_and_it_says_so(no_recogniser: None) -> None:
    right, wrong = (analyze(take(name), example("park")) for name in ("park", "bread"))

    for each in (right, wrong):
        assert each.scores.overall is not None
        assert "same_sentence_unchecked" in each.caveats
        assert not any(cost.evidence.startswith(("phone", "worst_phones")) for cost in each.costs)
    assert (right.scores.pronunciation or 0) > (wrong.scores.pronunciation or 0) + 20


def test_an_example_against_itself_is_a_hundred_with_and_without(no_recogniser: None) -> None:
    assert analyze(example("milk"), example("milk")).scores.overall == pytest.approx(100, abs=0.5)


def test_a_slow_pair_scores_the_same_twice(heard_by: Recogniser) -> None:
    slow = slowed(take("milk"), 1.3)

    assert analyze(slow, example("milk")).scores == analyze(slow, example("milk")).scores


def test_a_whisper_is_not_taken_for_another_sentence(heard_by: Recogniser) -> None:
    voiced = take("milk").samples.astype(np.float64)
    loudness = np.sqrt(np.convolve(voiced**2, np.ones(320) / 320, "same"))
    whisper = Sound.of(loudness * np.random.default_rng(0).normal(size=len(voiced)))
    analysis = analyze(whisper, example("milk"))

    assert not is_refused(analysis)
    assert "same_sentence_unchecked" in analysis.caveats


def test_a_forked_worker_hears_the_same_and_starts_warm(heard_by: Recogniser) -> None:
    warm_up()
    here = analyze(take("milk"), example("milk")).scores
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_two_in_a_child, args=(sender,))
    child.start()
    assert receiver.poll(60)
    there, first, second = receiver.recv()
    child.join()

    assert there == here
    assert first < 2 * second + 0.3


def _two_in_a_child(sender: multiprocessing.connection.Connection) -> None:
    recording, goal = take("turtle"), example("turtle")
    began = perf_counter()
    analyze(recording, goal)
    first = perf_counter() - began
    began = perf_counter()
    analyze(take("park"), example("park"))
    sender.send((analyze(take("milk"), example("milk")).scores, first, perf_counter() - began))


def test_threads_hear_the_same(heard_by: Recogniser) -> None:
    names = list(EXAMPLES) * 2
    alone = [heard_by.log_probabilities(take(name).samples) for name in names]

    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(heard_by.log_probabilities, [take(name).samples for name in names]))

    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


def test_log_probabilities_are_of_one_frame_in_twenty_milliseconds(heard_by: Recogniser) -> None:
    samples = take("milk").samples
    found = heard_by.log_probabilities(samples)

    assert len(found) == pytest.approx(len(samples) / RATE / heard_by.frame, abs=2)
    assert np.allclose(np.exp(found).sum(axis=1), 1, atol=1e-3)


def test_a_long_recording_can_be_stopped_while_it_is_listened_to(heard_by: Recogniser) -> None:
    class Stopped(BaseException):
        pass

    minute = Sound.of(np.tile(take("milk").samples, 12))
    told: list[float] = []

    def stop(name: str, percent: int) -> None:
        told.extend([perf_counter()] if name == "phones" else [])
        if len(told) == 3:
            raise Stopped

    with pytest.raises(Stopped):
        analyze(minute, minute, on_step=stop)

    assert max(np.diff(told)) < 3  # 1.0 on a machine that does nothing else
