"""Each measure that Praat has too, against Praat itself with the same parameters, on speech and on vowels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import parselmouth
import pytest
from parselmouth.praat import call

from analysis.acoustics import Sound, analyze, decode
from analysis.acoustics.cepstrum import cpps
from analysis.acoustics.harmonicity import harmonicity
from analysis.acoustics.pitch import praat_sound
from tests.acoustics.files import wav
from tests.acoustics.voices import RATE, Samples, held_vowel, say, sound, with_noise
from tests.conftest import ROOT

SPEECH = ROOT / "analysis" / "demo" / "speech"
PERIODS = (0, 0, 0.0001, 0.02, 1.3)
CPPS = ("no", 0.01, 0.001, 60, 330, 0.05, "Parabolic", 0.001, 0, "Straight", "Robust")

# Of the differences: median, and 95th percentile; per cent, or decibels and semitones as they are.
LIMITS = {
    "f0_median": (0.1, 0.5),
    "f0_p05": (0.1, 1.0),
    "f0_p95": (0.1, 1.0),
    "f0_sd": (0.01, 0.1),
    "jitter_local": (0.1, 1.0),
    "jitter_rap": (0.1, 1.0),
    "jitter_ppq5": (0.1, 1.0),
    "shimmer_local": (0.1, 1.0),
    "shimmer_local_db": (0.1, 1.0),
    "shimmer_apq11": (0.1, 1.0),
    "hnr": (0.01, 0.1),
    "cpps": (0.001, 0.01),
    "f1_median": (0.5, 1.0),
    "f2_median": (0.5, 10.0),
}
ABSOLUTE = {"hnr", "cpps", "f0_sd"}


def praats(source: parselmouth.Sound, moments: list[float]) -> dict[str, float]:
    """Praat's own figures, as a clinician gets them by hand; formants at the moments given."""
    low, high = 60.0, 600.0
    for _ in range(2):
        pitch = source.to_pitch_ac(time_step=0.01, pitch_floor=low, pitch_ceiling=high)
        hertz = pitch.selected_array["frequency"]
        hertz = hertz[hertz > 0]
        low, high = 0.75 * np.percentile(hertz, 25), 1.5 * np.percentile(hertz, 75)
    p05, median, p95 = np.percentile(hertz, [5, 50, 95])
    pulses = call([source, pitch], "To PointProcess (cc)")
    formants = source.to_formant_burg(maximum_formant=5500.0, time_step=0.005)
    first, second = ([formants.get_value_at_time(k, at) for at in moments] for k in (1, 2))
    return {
        "f0_median": median,
        "f0_p05": p05,
        "f0_p95": p95,
        "f0_sd": float(np.std(12 * np.log2(hertz / median))),
        "jitter_local": 100 * call(pulses, "Get jitter (local)", *PERIODS),
        "jitter_rap": 100 * call(pulses, "Get jitter (rap)", *PERIODS),
        "jitter_ppq5": 100 * call(pulses, "Get jitter (ppq5)", *PERIODS),
        "shimmer_local": 100 * call([source, pulses], "Get shimmer (local)", *PERIODS, 1.6),
        "shimmer_local_db": call([source, pulses], "Get shimmer (local_dB)", *PERIODS, 1.6),
        "shimmer_apq11": 100 * call([source, pulses], "Get shimmer (apq11)", *PERIODS, 1.6),
        "hnr": praats_hnr(source),
        "cpps": praats_cpps(source),
        "f1_median": float(np.median(first)),
        "f2_median": float(np.median(second)),
    }


def praats_hnr(source: parselmouth.Sound) -> float:
    return float(call(call(source, "To Harmonicity (cc)", 0.01, 75, 0.1, 1.0), "Get mean", 0, 0))


def praats_cpps(source: parselmouth.Sound) -> float:
    return float(call(call(source, "To PowerCepstrogram", 60, 0.002, 5000, 50), "Get CPPS", *CPPS))


def varied() -> list[Sound]:
    """Voices of known F0, jitter, shimmer and noise, and the demo's speech: ten of each kind."""
    made = [
        held_vowel(1.5, hertz, jitter=jitter, shimmer=shimmer, vowel=vowel)
        for hertz, jitter, shimmer, vowel in (
            (95.0, 0.004, 0.02, "a"),
            (130.0, 0.01, 0.05, "e"),
            (210.0, 0.005, 0.03, "i"),
            (240.0, 0.015, 0.08, "o"),
            (300.0, 0.003, 0.02, "a"),
        )
    ]
    made += [say(hertz=hertz, seed=seed) for seed, hertz in enumerate((105.0, 140.0, 200.0, 230.0, 280.0))]
    synthesised = [
        sound(with_noise(each, snr)) for each, snr in zip(made, (40, 20, 30, 15, 50) * 2, strict=True)
    ]
    files = sorted(SPEECH.glob("*-*.*"))[::3][:10]
    return [*synthesised, *(decode(file) for file in files)]


def test_each_measure_is_praats_own() -> None:
    apart: dict[str, list[float]] = {name: [] for name in LIMITS}
    for voice in varied():
        analysis = analyze(voice)
        found = {each.name: each.value for each in analysis.measures}
        for name, theirs in praats(praat_sound(voice), [each.seconds for each in analysis.formants]).items():
            difference = abs(found[name] - theirs)
            apart[name].append(difference if name in ABSOLUTE else 100 * difference / theirs)

    for name, (median, percentile) in LIMITS.items():
        assert np.median(apart[name]) <= median, name
        assert np.percentile(apart[name], 95) <= percentile, name


def with_holes(samples: Samples) -> Samples:
    """Digital silence inside, as a telephone's noise gate leaves it."""
    holed = samples.copy()
    holed[RATE // 2 : RATE] = 0
    return holed


# None without any noise: above 45 dB, which no voice reaches, the HNRs differ by decibels.
EDGES = {
    "digital silence inside": with_holes(with_noise(say(), 30)),
    "digital silence around": np.concatenate(
        [np.zeros(RATE), with_noise(held_vowel(0.5), 30), np.zeros(RATE)]
    ),
    "as short as can be": with_noise(held_vowel(), 30)[4000 : 4000 + int(0.3 * RATE)],
    "a frame more or less": say()[: int(0.7312 * RATE) + 1],
    "deep voice": with_noise(held_vowel(1.0, 80.0, jitter=0.02), 30),
    "child's voice": with_noise(held_vowel(1.0, 420.0, vowel="i"), 30),
    "noise only behind": with_noise(say(), 0.0),
    "16 bits": np.rint(say() / np.abs(say()).max() * 3000) / 32768,
}


@pytest.mark.parametrize("name", EDGES)
def test_the_fast_ways_are_praats_at_the_edges_too(name: str) -> None:
    voice = sound(EDGES[name])
    samples = voice.samples.astype(np.float64)

    assert cpps(samples) == pytest.approx(praats_cpps(praat_sound(voice)), abs=0.05)
    assert harmonicity(samples).mean() == pytest.approx(praats_hnr(praat_sound(voice)), abs=0.2)


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100])
def test_the_fast_ways_are_praats_whatever_the_file_was_sampled_at(rate: int) -> None:
    at = np.arange(int(2.0 * rate)) / rate
    samples = np.interp(at, np.arange(len(say())) / RATE, with_noise(say(), 30))
    voice = decode(wav([0.3 * samples / np.abs(samples).max()], rate))
    source = praat_sound(voice)

    assert cpps(voice.samples.astype(np.float64)) == pytest.approx(praats_cpps(source), abs=0.05)
    assert harmonicity(voice.samples.astype(np.float64)).mean() == pytest.approx(praats_hnr(source), abs=0.2)


def test_speech_files_are_there() -> None:
    assert len(list(Path(SPEECH).glob("*-*.*"))) >= 30
