"""What is not the voice does not move its measures: level, silence, a cough, a little hum."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from analysis.acoustics import Sound, analyze
from tests.acoustics.voices import RATE, Samples, held_vowel, say, with_noise

LEVEL = 0.05
QUIET = np.random.default_rng(3).normal(0, 1e-4, 2 * RATE)

# How far each may move: a share of itself, or decibels and seconds as they are.
SHARES = {"f0_median": 0.01, "jitter_local": 0.05, "shimmer_local": 0.1, "f1_median": 0.01, "f2_median": 0.01}
STEPS = {"hnr": 0.3, "cpps_utterance": 0.3, "intensity_sd": 0.15}


def levelled(samples: Samples) -> Samples:
    return samples * (LEVEL / float(np.sqrt((samples**2).mean())))


VOICES = {
    "sustained_vowel": levelled(with_noise(held_vowel(3.0, jitter=0.008, shimmer=0.04), 30)),
    "sentence": levelled(say()),
}


def cough(decibels: float) -> Samples:
    """A quarter of a second of noise, so much louder than the voice."""
    noise = np.random.default_rng(4).normal(size=RATE // 4) * np.hanning(RATE // 4)
    return levelled(noise) * 10 ** (decibels / 20)


DISTURBANCES: dict[str, Callable[[Samples], Samples]] = {
    "ten times softer": lambda voice: voice * 0.1,
    "digital silence around": lambda voice: np.concatenate([np.zeros(2 * RATE), voice, np.zeros(2 * RATE)]),
    "a quiet room around": lambda voice: np.concatenate([QUIET, voice, QUIET]),
    "a cough before": lambda voice: np.concatenate([QUIET, cough(6), QUIET[:8000], voice]),
    "a loud cough before": lambda voice: np.concatenate([cough(12), QUIET[:8000], voice, QUIET]),
}


def taken(samples: Samples, exercise: str) -> dict[str, float]:
    return {each.name: each.value for each in analyze(Sound.of(samples), exercise=exercise).measures}


@pytest.mark.parametrize("exercise", VOICES)
@pytest.mark.parametrize("name", DISTURBANCES)
def test_the_voice_measures_stay(name: str, exercise: str) -> None:
    voice = VOICES[exercise]
    clean, disturbed = taken(voice, exercise), taken(DISTURBANCES[name](voice), exercise)

    for measure, share in SHARES.items():
        assert disturbed[measure] == pytest.approx(clean[measure], rel=share), measure
    for measure, step in STEPS.items():
        assert disturbed[measure] == pytest.approx(clean[measure], abs=step), measure


@pytest.mark.parametrize("name", DISTURBANCES)
def test_the_time_of_phonation_stays(name: str) -> None:
    voice = VOICES["sustained_vowel"]

    disturbed = taken(DISTURBANCES[name](voice), "sustained_vowel")

    assert disturbed["maximum_phonation_time"] == pytest.approx(2.98, abs=0.05)


@pytest.mark.parametrize("exercise", VOICES)
def test_a_little_hum_moves_neither_pitch_nor_perturbation(exercise: str) -> None:
    voice = VOICES[exercise]
    at = np.arange(len(voice)) / RATE
    hum = LEVEL * 10 ** (-30 / 20) * np.sqrt(2) * np.sin(2 * np.pi * 50 * at)
    clean, disturbed = taken(voice, exercise), taken(voice + hum, exercise)

    for measure, share in SHARES.items():
        assert disturbed[measure] == pytest.approx(clean[measure], rel=share), measure
    assert disturbed["hnr"] == pytest.approx(clean["hnr"], abs=1.0)  # hum is noise, as Praat has it
