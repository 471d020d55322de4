"""What is done to recordings does what its name says, and the same at each run."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.acoustics import Sound, analyze
from bench.disturbing import DISTURBANCES, NOISES, noisy, one_channel_dead, telephone
from bench.perturbing import as_another, flattened, replaced, slowed, with_pauses
from tests.acoustics.speech import take

PARK = take("park")


def f0(sound: Sound) -> dict[str, float]:
    return {each.name: each.value for each in analyze(sound).measures}


@pytest.mark.parametrize(
    "made",
    [lambda: slowed(PARK, 1.2), lambda: flattened(PARK, 120), lambda: as_another(PARK, 1.1, 200)],
    ids=["slowed", "flattened", "as another"],
)
def test_nothing_is_drawn_by_lot(made: object) -> None:
    first, second = made().samples, made().samples  # type: ignore[operator]
    assert np.array_equal(first, second)


def test_slower_is_longer_at_the_same_pitch() -> None:
    slow = slowed(PARK, 1.5)
    assert slow.seconds == pytest.approx(1.5 * PARK.seconds, rel=0.02)
    assert f0(slow)["f0_median"] == pytest.approx(f0(PARK)["f0_median"], rel=0.03)


def test_flat_is_flat_and_another_is_another() -> None:
    assert f0(flattened(PARK, 120))["f0_sd"] < 0.3 < f0(PARK)["f0_sd"]
    assert f0(as_another(PARK, 1.0, 220))["f0_median"] == pytest.approx(220, rel=0.05)


def test_pauses_are_put_in() -> None:
    assert with_pauses(PARK, (0.35, 0.65), 0.5).seconds == pytest.approx(PARK.seconds + 1.0, abs=0.01)


def test_a_short_stranger_fills_a_long_gap() -> None:
    short = Sound.of(PARK.samples[8000:16000])
    there = replaced(PARK, short, 0.2, 0.9)
    assert there.seconds == PARK.seconds
    assert not np.array_equal(there.samples, PARK.samples)


def test_noise_is_as_loud_as_it_says() -> None:
    noise = noisy(PARK, 20).samples.astype(np.float64) - PARK.samples
    speech = (PARK.samples.astype(np.float64) ** 2).mean()
    assert 10 * np.log10(speech / (noise**2).mean()) == pytest.approx(20, abs=0.3)


def test_a_telephone_has_no_low_and_no_high() -> None:
    band = np.abs(np.fft.rfft(telephone(PARK).samples)) ** 2
    hertz = np.fft.rfftfreq(len(PARK.samples), 1 / 16_000)
    inside = (hertz > 250) & (hertz < 4000)
    assert band[~inside].sum() < 0.02 * band.sum()


def test_a_dead_channel_is_left_out() -> None:
    assert one_channel_dead(PARK).source.dead_channels == 1


@pytest.mark.parametrize("change", [*DISTURBANCES, *NOISES])
def test_each_can_be_analysed(change: str) -> None:
    assert analyze((DISTURBANCES | NOISES)[change](PARK)).measures
