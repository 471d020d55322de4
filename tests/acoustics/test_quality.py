"""What makes a recording unfit or doubtful."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.acoustics import Analysis, Sound, UnusableRecording, analyze, decode
from tests.acoustics.files import wav
from tests.acoustics.voices import RATE, Spoken, held_vowel, say, sound, with_noise


def raised(analysis: Analysis) -> dict[str, str]:
    return {flag.code: flag.severity for flag in analysis.flags}


def test_a_clean_recording_has_no_flag(take: Sound) -> None:
    assert analyze(take).flags == ()


def test_noise_is_doubtful_and_drowning_noise_unfit() -> None:
    assert raised(analyze(sound(with_noise(say(), 15)))) == {"noise": "doubtful"}
    assert raised(analyze(sound(with_noise(say(), -3))))["noise"] == "unfit"


def test_a_held_vowel_is_not_noisy_for_being_steady() -> None:
    assert "noise" not in raised(analyze(sound(held_vowel()), exercise="sustained_vowel"))


@pytest.mark.parametrize(("gain", "severity"), [(1.5, "doubtful"), (30.0, "unfit")])
def test_clipping(gain: float, severity: str) -> None:
    speech = say()
    clipped = np.clip(gain * speech / np.abs(speech).max(), -1, 1)

    assert raised(analyze(decode(wav([clipped]))))["clipping"] == severity


def test_soft_speech_is_told() -> None:
    assert raised(analyze(sound(say(), level=10 ** (-58 / 20)))) == {"low_level": "doubtful"}


def test_a_word_in_a_long_silence_is_told() -> None:
    alone = np.concatenate([np.zeros(10 * RATE), say()[4000:12000], np.zeros(10 * RATE)])
    samples = with_noise(alone, 30)

    assert raised(analyze(sound(samples, level=0.02))) == {"mostly_silent": "doubtful"}


def test_a_grunt_is_too_little_speech_to_score(example: Sound) -> None:
    grunt = say([Spoken("p", "a", 1, 0.1)])
    analysis = analyze(sound(np.concatenate([np.zeros(RATE), grunt, np.zeros(RATE)])), example)

    assert raised(analysis)["short_speech"] == "unfit"
    assert analysis.scores.overall is None
    assert set(analysis.unscored.values()) == {"unfit_recording"}
    assert [(each.code, each.figures) for each in analysis.suggestions] == [
        ("record_again", {"flag": "short_speech"})
    ]


def test_telephone_band_is_told_with_its_bandwidth() -> None:
    telephone = decode(wav([say()[::2]], 8_000))

    flag = next(flag for flag in analyze(telephone).flags if flag.code == "narrow_band")

    assert flag.severity == "doubtful"
    assert flag.figures["bandwidth_hz"] == 4000
    assert flag.figures["rate_hz"] == 8000


def test_a_dead_channel_changes_no_score(example: Sound) -> None:
    speech = 0.4 * say(seed=5)
    mono = analyze(decode(wav([speech])), example)
    stereo = analyze(decode(wav([speech, np.zeros_like(speech)])), example)

    assert raised(stereo) == {"dead_channel": "doubtful"}
    assert stereo.scores.overall == pytest.approx(mono.scores.overall, abs=0.5)


def test_a_broken_off_file_is_told() -> None:
    assert raised(analyze(wav([say()], claims=10**7))) == {"truncated": "doubtful"}


@pytest.mark.parametrize("level", [0.01, 0.3])
def test_steady_noise_is_no_speech(level: float) -> None:
    hiss = level * np.random.default_rng(0).normal(size=3 * RATE)

    with pytest.raises(UnusableRecording) as caught:
        analyze(Sound.of(hiss))

    assert caught.value.code == "silent"


def test_an_unfit_example_is_told_apart_from_an_unfit_recording(take: Sound) -> None:
    analysis = analyze(take, sound(with_noise(say(), -3)))

    assert analysis.flags == ()
    assert set(analysis.unscored.values()) == {"unfit_example"}


def test_the_example_is_named_when_it_is_at_fault(take: Sound) -> None:
    with pytest.raises(UnusableRecording) as caught:
        analyze(take, wav([np.zeros(RATE)]))

    assert (caught.value.code, caught.value.role) == ("silent", "example")
