"""Each measure against a sound whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from parselmouth.praat import call

from analysis.acoustics import MEASURES, Analysis, Sound, analyze
from analysis.acoustics.cepstrum import cpps
from analysis.acoustics.harmonicity import harmonicity
from analysis.acoustics.pitch import praat_sound
from tests.acoustics.voices import RATE, Spoken, held_vowel, say, sound, with_noise


def value(analysis: Analysis, name: str) -> float:
    return next(each.value for each in analysis.measures if each.name == name)


def held(**options: float) -> Analysis:
    return analyze(sound(held_vowel(**options)), exercise="sustained_vowel")  # type: ignore[arg-type]


@pytest.mark.parametrize("hertz", [80.0, 120.0, 215.0, 330.0])
def test_f0_of_a_steady_voice(hertz: float) -> None:
    analysis = held(hertz=hertz)

    assert value(analysis, "f0_median") == pytest.approx(hertz, rel=0.002)
    assert value(analysis, "f0_sd") < 0.1


def test_f0_range_in_semitones_follows_the_tones() -> None:
    wide, flat = analyze(sound(say())), analyze(sound(say(flat=True)))

    assert value(wide, "f0_range") == pytest.approx(10, abs=1.5)
    assert value(flat, "f0_range") < 0.5


@pytest.mark.parametrize("share", [0.005, 0.01, 0.02])
def test_local_jitter_of_known_periods(share: float) -> None:
    # At 100 Hz each pulse has died away before the next, so that nothing but its time moves the period.
    analysis = analyze(sound(held_vowel(hertz=100.0, jitter=share, vowel="u")), exercise="sustained_vowel")

    assert value(analysis, "jitter_local") == pytest.approx(100 * share, rel=0.1)


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1])
def test_local_shimmer_of_known_pulses(share: float) -> None:
    steady = value(held(), "shimmer_local")

    # Each pulse rings into the next period, which evens the heights out a little.
    assert value(held(shimmer=share), "shimmer_local") - steady == pytest.approx(100 * share, rel=0.3)


def test_a_steady_voice_has_next_to_no_perturbation() -> None:
    analysis = held()

    assert value(analysis, "jitter_local") < 0.1
    assert value(analysis, "shimmer_local") < 1.0


@pytest.mark.parametrize("snr_db", [10.0, 20.0, 30.0])
def test_hnr_is_the_ratio_of_voice_to_noise(snr_db: float) -> None:
    noisy = sound(with_noise(held_vowel(), snr_db))

    assert value(analyze(noisy, exercise="sustained_vowel"), "hnr") == pytest.approx(snr_db, abs=1.0)


def test_voice_measures_are_praats_own(take: Sound) -> None:
    analysis = analyze(take)
    source = praat_sound(take)
    low, high = 60.0, 600.0
    for _ in range(2):
        pitch = source.to_pitch_ac(time_step=0.01, pitch_floor=low, pitch_ceiling=high, octave_jump_cost=0.35)
        found = pitch.selected_array["frequency"]
        lower, upper = np.percentile(found[found > 0], [25, 75])
        low, high = 0.75 * lower, 1.5 * upper
    pulses = call([source, pitch], "To PointProcess (cc)")

    assert value(analysis, "f0_median") == pytest.approx(np.median(found[found > 0]), rel=0.001)
    jitter = call(pulses, "Get jitter (rap)", 0, 0, 0.0001, 0.02, 1.3)
    assert value(analysis, "jitter_rap") == pytest.approx(100 * jitter, rel=0.05)
    shimmer = call([source, pulses], "Get shimmer (apq11)", 0, 0, 0.0001, 0.02, 1.3, 1.6)
    assert value(analysis, "shimmer_apq11") == pytest.approx(100 * shimmer, rel=0.05)
    praat = call(source, "To Harmonicity (cc)", 0.01, 75, 0.1, 1.0)
    assert value(analysis, "hnr") == pytest.approx(call(praat, "Get mean", 0, 0), abs=0.2)


@pytest.mark.parametrize("snr_db", [0.0, 15.0, 40.0])
def test_harmonicity_is_praats_cross_correlation(snr_db: float) -> None:
    for samples in (with_noise(held_vowel(hertz=230.0), snr_db), with_noise(say(), snr_db)):
        voice = sound(samples)
        praat = call(praat_sound(voice), "To Harmonicity (cc)", 0.01, 75, 0.1, 1.0)

        ours = harmonicity(voice.samples.astype(np.float64))

        assert ours.mean() == pytest.approx(call(praat, "Get mean", 0, 0), abs=0.2)


@pytest.mark.parametrize("seconds", [0.3, 0.512, 2.0])
@pytest.mark.parametrize("snr_db", [0.0, 20.0, 60.0])
def test_cpps_is_praats(snr_db: float, seconds: float) -> None:
    for samples in (with_noise(held_vowel(), snr_db), with_noise(say(), snr_db)):
        voice = sound(samples[4000 : 4000 + int(seconds * RATE)])
        cepstrogram = call(praat_sound(voice), "To PowerCepstrogram", 60, 0.002, 5000, 50)
        options = ("no", 0.01, 0.001, 60, 330, 0.05, "Parabolic", 0.001, 0, "Straight", "Robust")

        assert cpps(voice.samples.astype(np.float64)) == pytest.approx(
            call(cepstrogram, "Get CPPS", *options), abs=0.02
        )


def test_cpps_holds_where_digital_silence_begins() -> None:
    samples = np.concatenate([np.zeros(RATE), held_vowel(0.5), np.zeros(RATE)])
    cepstrogram = call(praat_sound(sound(samples)), "To PowerCepstrogram", 60, 0.002, 5000, 50)
    options = ("no", 0.01, 0.001, 60, 330, 0.05, "Parabolic", 0.001, 0, "Straight", "Robust")

    ours = cpps(sound(samples).samples.astype(np.float64))

    assert ours == pytest.approx(call(cepstrogram, "Get CPPS", *options), abs=0.05)


@pytest.mark.parametrize("length", [0, 1, 300, 426, 427, 600])
def test_harmonicity_of_next_to_nothing_is_empty_or_finite(length: int) -> None:
    assert np.isfinite(harmonicity(held_vowel()[:length])).all()


def test_intensity_rises_by_the_decibels_it_was_raised(take: Sound) -> None:
    soft, loud = analyze(Sound.of(take.samples * 0.1)), analyze(take)

    assert value(loud, "intensity_mean") - value(soft, "intensity_mean") == pytest.approx(20, abs=0.2)
    assert value(loud, "intensity_sd") == pytest.approx(value(soft, "intensity_sd"), abs=0.2)


def test_pauses_are_counted_and_timed() -> None:
    analysis = analyze(sound(say(pauses={2: 0.4, 5: 0.7})))

    assert value(analysis, "pause_count") == 2
    assert value(analysis, "pause_longest") == pytest.approx(0.7, abs=0.08)
    assert value(analysis, "pause_mean") == pytest.approx(0.55, abs=0.08)
    assert value(analysis, "pause_ratio") == pytest.approx(1.1 / (2.25 + 1.1), abs=0.04)


def test_closures_of_stops_are_no_pauses(take: Sound) -> None:
    analysis = analyze(take)

    assert value(analysis, "pause_count") == 0
    assert analysis.absent["pause_longest"] == "no_pauses"


def test_rates_count_the_syllables_of_the_text() -> None:
    whole = analyze(sound(say(pauses={4: 1.0})), text="三題哭寫破華疊四", language="zh")

    assert value(whole, "articulation_rate") == pytest.approx(8 / 2.25, rel=0.08)
    assert value(whole, "speech_rate") == pytest.approx(8 / 3.25, rel=0.08)


def test_without_a_text_nuclei_are_counted() -> None:
    analysis = analyze(sound(say()))

    assert value(analysis, "syllable_nuclei") == pytest.approx(8, abs=1)
    expected = value(analysis, "syllable_nuclei") / value(analysis, "speech_time")
    assert value(analysis, "articulation_rate") == pytest.approx(expected)


def test_maximum_phonation_time_is_the_longest_voiced_stretch() -> None:
    quiet = np.zeros(RATE)
    samples = np.concatenate([quiet, held_vowel(1.0), quiet, held_vowel(3.0), quiet])

    analysis = analyze(sound(samples), exercise="sustained_vowel")

    assert value(analysis, "maximum_phonation_time") == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize("seconds", [0.09, 0.14])
def test_a_syllable_run_is_timed_by_its_onsets(seconds: float) -> None:
    run = [Spoken(onset, "a", 5, seconds) for onset in "ptk" * 5]
    interval = seconds + 0.05 + (0.02 + 0.03 + 0.03) / 3

    analysis = analyze(sound(say(run)), exercise="syllable_repetition")

    assert value(analysis, "ddk_rate") == pytest.approx(1 / interval, rel=0.05)
    assert value(analysis, "ddk_interval_cov") < 12


def test_an_uneven_run_varies_more() -> None:
    run = [Spoken(onset, "a", 5, seconds) for onset, seconds in zip("ptk" * 5, [0.07, 0.2] * 8, strict=False)]

    assert value(analyze(sound(say(run)), exercise="syllable_repetition"), "ddk_interval_cov") > 25


def test_speech_without_voice_has_no_f0_and_says_why() -> None:
    draw = np.random.default_rng(0)
    whisper = np.concatenate([np.zeros(4000), *([draw.normal(size=3000), np.zeros(3000)] * 5)])

    analysis = analyze(sound(whisper))

    names = ("f0_median", "jitter_local", "shimmer_local", "hnr")
    assert {analysis.absent[name] for name in names} == {"no_voicing"}


@pytest.mark.parametrize("exercise", ["sentence", "sustained_vowel", "syllable_repetition"])
def test_every_row_of_the_table_is_a_value_or_a_reason(exercise: str, take: Sound) -> None:
    analysis = analyze(take, exercise=exercise)
    measured = {each.name for each in analysis.measures}

    assert measured | (set(analysis.absent) - {"syllables", "syllable_places"}) == {
        row.name for row in MEASURES
    }
    assert not measured & set(analysis.absent)
    for row in MEASURES:
        assert (analysis.absent.get(row.name) == "not_for_this_exercise") == (exercise not in row.exercises)


def test_the_table_says_of_each_measure_how_it_is_taken() -> None:
    assert len({row.name for row in MEASURES}) == len(MEASURES)
    for row in MEASURES:
        assert all((row.unit, row.definition, row.parameters, row.source, row.exercises))
