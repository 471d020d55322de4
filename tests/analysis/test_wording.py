"""Every code that the analysis can give has its sentence, and no sentence is left over."""

from __future__ import annotations

import pytest
from django.utils import translation

from analysis import acoustics, wording

ROLES = ("recording", "example")


@pytest.mark.parametrize(
    ("texts", "codes"),
    [
        (wording.FLAG_TEXTS, acoustics.FLAG_CODES),
        (wording.EVIDENCE_TEXTS, acoustics.EVIDENCE_CODES),
        (wording.SUGGESTION_TEXTS, acoustics.SUGGESTION_CODES),
        (wording.SCORE_TEXTS, acoustics.SCORES),
        (wording.SYLLABLE_TEXTS, acoustics.SYLLABLE_FINDINGS),
        (wording.CAVEAT_TEXTS, acoustics.CAVEAT_CODES),
        (wording.ABSENCE_TEXTS, acoustics.ABSENCE_CODES),
        (wording.MEASURE_TEXTS, [measure.name for measure in acoustics.MEASURES]),
        (wording.GROUP_TEXTS, list(acoustics.GROUPS)),
        (wording.STEP_TEXTS, [step.name for step in acoustics.STEPS]),
        (
            wording.UNUSABLE_TEXTS,
            [f"{role}_{code}" for role in ROLES for code in (*acoustics.UNUSABLE_CODES, "missing")]
            + ["recording_changed", "invalid_parameters", "invalid_exercise"],
        ),
    ],
)
def test_codes_and_sentences_match(texts: wording.Texts, codes: list[str]) -> None:
    assert set(texts) == set(codes)


def test_a_sentence_carries_its_figures() -> None:
    said = wording.sentence(wording.SUGGESTION_TEXTS, "shorten_pauses", {"pauses": 3, "longest_seconds": 0.8})
    assert "3" in said
    assert "0.8" in said


def test_a_sentence_without_its_figures_is_still_said() -> None:
    assert wording.sentence(wording.SUGGESTION_TEXTS, "shorten_pauses")
    assert wording.sentence(wording.SUGGESTION_TEXTS, "of a later version") == "of a later version"


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(100.0, 146.0, "men 100 to 146"), (None, 1.04, "men at most 1.04"), (9.33, None, "men at least 9.33")],
)
def test_a_norm_names_its_limits_its_group_and_its_source(
    low: float | None, high: float | None, said: str
) -> None:
    norm = {"low": low, "high": high, "group": "men", "source": "Somebody 2001", "checked": True}

    with translation.override("en"):
        assert wording.norm(norm) == f"{said} (Somebody 2001)"
        assert "not yet checked" in wording.norm(norm | {"checked": False})
