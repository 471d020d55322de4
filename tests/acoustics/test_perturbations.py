"""Each thing done to a good take lowers the score that it is about, and raises none: on the demo's speech."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from analysis.acoustics import SUB_SCORES, Sound, analyze
from bench.perturbing import flattened, replaced, slowed, with_pauses
from tests.acoustics.speech import EXAMPLES, example, recorded, take

ONE_POINT = 1.0  # of a single recording: what resynthesis alone can do

CHANGES: dict[str, Callable[[str], Sound]] = {
    "slow 1.2": lambda name: slowed(take(name), 1.2),
    "slow 1.5": lambda name: slowed(take(name), 1.5),
    "pauses": lambda name: with_pauses(take(name), (0.35, 0.65), 0.5),
    "flat": lambda name: flattened(take(name), 150),
    "a quarter replaced": lambda name: replaced(take(name), take(_another(name)), 0.4, 0.65),
}
# Which score it is about, and by how many points at least.
LOWERED = {
    "slow 1.2": ("fluency", 1),
    "slow 1.5": ("fluency", 5),
    "pauses": ("fluency", 3),
    "flat": ("pitch", 40),
    "a quarter replaced": ("pronunciation", 5),
}


def _another(name: str) -> str:
    return "park" if name != "park" else "milk"


@cache
def scores(name: str, change: str = "") -> dict[str, float]:
    recording = CHANGES[change](name) if change else take(name)
    given = analyze(recording, example(name)).scores
    found = {score: getattr(given, score) for score in SUB_SCORES}
    assert None not in found.values(), f"{name}, {change}: not scored"
    return found


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", EXAMPLES)
def test_it_lowers_the_score_that_it_is_about(name: str, change: str) -> None:
    score, least = LOWERED[change]

    assert scores(name, change)[score] < scores(name)[score] - least


@pytest.mark.parametrize("change", ["slow 1.2", "slow 1.5", "pauses"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_slowing_raises_no_score_of_any_recording(name: str, change: str) -> None:
    before, after = scores(name), scores(name, change)

    assert {score: after[score] for score in SUB_SCORES if after[score] > before[score] + ONE_POINT} == {}


@pytest.mark.parametrize("change", CHANGES)
def test_no_other_score_rises_on_average(change: str) -> None:
    for score in SUB_SCORES:
        rises = [scores(name, change)[score] - scores(name)[score] for name in EXAMPLES]
        assert sum(rises) / len(rises) < ONE_POINT / 2, score


@pytest.mark.parametrize("change", CHANGES)
def test_the_changed_are_told_from_the_unchanged_across_sentences(change: str) -> None:
    score = LOWERED[change][0]
    clean = [scores(name)[score] for name in EXAMPLES]
    changed = [scores(name, change)[score] for name in EXAMPLES]
    pairs = [(one, other) for one in clean for other in changed]

    told = sum((one > other) + 0.5 * (one == other) for one, other in pairs) / len(pairs)
    assert told >= (0.8 if change == "slow 1.2" else 0.96)  # people differ by more than a fifth in tempo


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("horse-wrong-syllable.wav", "horse"), ("turtle-two-wrong-syllables.mp3", "turtle")],
)
def test_a_wrong_syllable_shows_in_pronunciation(wrong: str, right: str) -> None:
    said = analyze(recorded(wrong), example(right))

    assert said.scores.pronunciation is not None
    assert said.scores.pronunciation < scores(right)["pronunciation"] - 3
