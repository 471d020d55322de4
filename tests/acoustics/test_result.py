"""The result as others read it: dictionary, progress, suggestions, codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from analysis import acoustics
from analysis.acoustics import InvalidRequest, Sound, Speaker, analyze
from analysis.acoustics.codes import AREA_CODES, SUGGESTION_CODES
from tests.acoustics.voices import SENTENCE_TEXT, say, sound


@pytest.fixture(scope="module")
def poor(example: Sound) -> acoustics.Analysis:
    recording = sound(say(tempo=1.9, pauses={1: 0.5, 4: 0.9}, flat=True, seed=5))
    return analyze(recording, example, text=SENTENCE_TEXT)


def test_it_goes_through_json_and_back_unchanged(poor: acoustics.Analysis) -> None:
    found = poor.to_dict()

    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_it_has_the_names_that_clients_rely_on(poor: acoustics.Analysis) -> None:
    found = poor.to_dict()

    assert {
        "overall_score",
        "pronunciation_accuracy",
        "fluency_score",
        "rhythm_score",
        "pitch_score",
        "detailed_analysis",
        "suggestions",
        "improvement_areas",
        "model_version",
        "processing_time_seconds",
    } <= set(found)
    assert set(found["detailed_analysis"]) == {"timing_analysis", "pitch_analysis", "phoneme_analysis"}
    assert found["overall_score"] == round(poor.scores.overall or 0, 1)
    assert found["measures"]["f0_median"]["unit"] == "Hz"
    assert found["model_version"] == acoustics.MODEL_VERSION


def test_it_holds_the_text_only_as_syllables(example: Sound, take: Sound) -> None:
    found = analyze(take, example, text="Zebras quilt", language="en").to_dict()
    spoken = found.pop("syllables")
    found["detailed_analysis"]["phoneme_analysis"].pop("syllables")

    assert {each["word"] for each in spoken} == {"zebras", "quilt"}
    assert "zebras" not in json.dumps(found).lower()
    assert "quilt" not in json.dumps(found)


def test_percent_rises_over_the_named_steps(example: Sound, take: Sound) -> None:
    seen: list[tuple[str, int]] = []

    analysis = analyze(take, example, on_step=lambda name, percent: seen.append((name, percent)))

    assert seen == [(step.name, step.percent) for step in acoustics.STEPS]
    percents = [percent for _, percent in seen]
    assert percents == sorted(set(percents))
    assert percents[-1] < 100
    assert set(analysis.step_seconds) == {name for name, _ in seen}
    assert sum(analysis.step_seconds.values()) <= analysis.processing_seconds


@pytest.mark.parametrize("stop_at", ["decode", "voice", "scores"])
def test_what_on_step_raises_goes_through_untouched(stop_at: str, example: Sound, take: Sound) -> None:
    class CancelledError(BaseException):
        pass

    def cancel(name: str, percent: int) -> None:
        if name == stop_at:
            raise CancelledError(percent)

    with pytest.raises(CancelledError):
        analyze(take, example, on_step=cancel)


def test_suggestions_come_dearest_first_and_five_at_most(poor: acoustics.Analysis) -> None:
    codes = [each.code for each in poor.suggestions]

    assert 2 <= len(codes) <= 5
    assert len(set(codes)) == len(codes)
    assert {"speak_faster", "widen_pitch"} <= set(codes)


def test_a_suggestion_carries_its_figures(example: Sound) -> None:
    halting = analyze(sound(say(pauses={1: 0.5, 4: 0.9}, seed=5)), example)

    pauses = next(each.figures for each in halting.suggestions if each.code == "shorten_pauses")
    assert pauses["pauses"] == 2
    assert pauses["longest_seconds"] == pytest.approx(0.9, abs=0.1)


def test_a_perfect_take_is_praised_and_nothing_else(example: Sound) -> None:
    analysis = analyze(example, example)

    assert [(each.code, each.figures) for each in analysis.suggestions] == [
        ("keep_it_up", {"overall": 100.0})
    ]
    assert analysis.improvement_areas == ()


def test_areas_are_the_low_scores_lowest_first(poor: acoustics.Analysis) -> None:
    low = {name: getattr(poor.scores, name) for name in AREA_CODES if getattr(poor.scores, name) < 70}

    assert poor.improvement_areas == tuple(sorted(low, key=lambda name: low[name]))
    assert "pitch" in poor.improvement_areas


@pytest.mark.parametrize(
    ("parameter", "options"),
    [
        ("exercise", {"exercise": "song"}),
        ("language", {"language": "fr"}),
        ("speaker.sex", {"speaker": Speaker(sex="other")}),  # type: ignore[arg-type]
        ("speaker.age", {"speaker": Speaker(age=-3)}),
    ],
)
def test_an_unknown_request_is_refused_by_name(
    parameter: str, options: Mapping[str, Any], take: Sound
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        analyze(take, **options)

    assert caught.value.parameter == parameter


def test_a_code_that_is_not_listed_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="unknown"):
        acoustics.Suggestion("try_harder", {})
    with pytest.raises(ValueError, match="unknown"):
        acoustics.Flag("ugly", "unfit", {})
    with pytest.raises(ValueError, match="unknown"):
        acoustics.Cost("fluency", "mood", 1.0, 1.0)
    with pytest.raises(ValueError, match="unknown"):
        acoustics.UnusableRecording("boring")


def test_no_code_is_listed_twice() -> None:
    for name in dir(acoustics):
        if name.endswith(("_CODES", "_FINDINGS")):
            codes = getattr(acoustics, name)
            assert len(set(codes)) == len(codes)
    assert "keep_it_up" in SUGGESTION_CODES


def test_importing_the_package_is_cheap() -> None:
    heavy = "('numpy', 'scipy', 'av', 'parselmouth', 'numba', 'librosa', 'pypinyin', 'django', 'celery')"
    code = f"import sys, analysis.acoustics as a; a.Limits(); print([m for m in {heavy} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout == "[]\n"


def test_all_that_is_promised_can_be_imported() -> None:
    for name in acoustics.__all__:
        assert getattr(acoustics, name) is not None
