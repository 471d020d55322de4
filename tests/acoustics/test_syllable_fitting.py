"""Fitting on made-up data whose truth is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from analysis.acoustics.likeness import LIKENESS_FILE, read_likeness
from analysis.acoustics.sounds import sound_model
from analysis.acoustics.syllable_fitting import area, fit_likeness, fit_part, fit_tones
from analysis.acoustics.tones import read_tone_model


def test_the_area_is_the_share_of_pairs_in_the_right_order() -> None:
    assert area(np.array([3.0, 4.0]), np.array([1.0, 2.0])) == 1
    assert area(np.array([1.0]), np.array([1.0])) == 0.5
    assert area(np.array([1.0, 3.0]), np.array([2.0])) == 0.5


def test_tones_are_learnt_from_their_vectors() -> None:
    draw = np.random.default_rng(0)
    tones = np.repeat([1, 2, 3, 4], 60)
    vectors = draw.normal(0, 1, (240, 3)) + 4 * np.eye(4)[tones - 1, :3]

    model = read_tone_model(fit_tones(vectors, tones))

    named = [int(np.argmax(model.beliefs([vector]))) + 1 for vector in vectors]
    assert np.mean(np.array(named) == tones) > 0.9


def test_a_map_leaves_out_evidence_that_would_lower_it_by_being_better() -> None:
    draw = np.random.default_rng(1)
    right, wrong = draw.normal(2, 1, (400, 2)), draw.normal(0, 1, (400, 2))
    right[:, 1] *= -1

    fitted = fit_likeness(right, wrong)

    assert fitted["weights"][0] > 0
    assert fitted["weights"][1] == 0
    likeness = read_likeness(fitted)
    assert likeness([4.0, 0.0]) > likeness([0.0, 0.0])
    assert np.mean([likeness(row) < likeness.off_below for row in right]) == pytest.approx(0.05, abs=0.03)


def test_a_part_knows_its_class_from_others_never_seen() -> None:
    draw = np.random.default_rng(2)
    centres = draw.normal(0, 5, (30, 6))
    seen = np.repeat(np.arange(20), 30)
    part = fit_part(centres[seen] + draw.normal(0, 1, (600, 6)), [str(each) for each in seen], 5)

    mine = part.projection(centres[20:] + draw.normal(0, 1, (10, 6)))
    goal = part.projection(centres[20:] + draw.normal(0, 1, (10, 6)))
    ratios = part.ratio(mine[:, None, :], goal[None, :, :])

    assert (np.diag(ratios) > 0).all()
    assert np.mean(ratios[~np.eye(10, dtype=bool)] < 0) > 0.9


def test_what_is_shipped_names_its_data_and_no_evidence_speaks_against_likeness() -> None:
    fitted = json.loads(LIKENESS_FILE.read_text(encoding="utf-8"))

    assert "CC BY-SA" in fitted["data"]
    for name in ("segment", "initial", "final", "tone", "contour", "lexical"):
        assert min(fitted[name]["weights"]) >= 0
        assert 0 < fitted[name]["off_below"] <= 50
    assert sound_model().background.shape[1] == 16
    assert np.linalg.norm(sound_model().background, axis=1) == pytest.approx(1, abs=0.01)
