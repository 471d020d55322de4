"""What leaves for Praat opens in Praat; what leaves for a spreadsheet runs nothing there."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from tempfile import NamedTemporaryFile

import parselmouth
import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from parselmouth.praat import call

from analysis import audit, reviews
from analysis.exports.praat import Interval, Tier, archive, textgrid
from analysis.exports.table import FORMULA, table
from analysis.models import AnalysisResult, Exercise, PracticeRecording, Review
from tests.analysis.conftest import found

pytestmark = pytest.mark.usefixtures("redis")
TEXT = "哥哥騎車去看烏龜"


def unpacked(content: bytes, folder: Path) -> dict[str, Path]:
    with zipfile.ZipFile(io.BytesIO(content)) as files:
        files.extractall(folder)
    return {path.name.split("-")[-1]: path for path in folder.iterdir()}


def test_praat_opens_both_sounds_and_both_textgrids(
    alice: User, result: AnalysisResult, tmp_path: Path
) -> None:
    review = reviews.record(alice, result.pk, reviews.Words({2: "disagree"}), version=0)
    files = unpacked(archive(result, review), tmp_path)
    assert set(files) == {"recording.wav", "recording.TextGrid", "example.wav", "example.TextGrid"}
    for name in ("recording", "example"):
        sound = parselmouth.Sound(str(files[f"{name}.wav"]))
        grid = parselmouth.read(str(files[f"{name}.TextGrid"]))
        assert sound.sampling_frequency == 16_000
        assert call(grid, "Get total duration") == pytest.approx(sound.duration, abs=1e-3)
        assert "".join(labels(grid, 1)) == TEXT


def test_the_textgrid_holds_places_findings_and_verdicts(
    alice: User, result: AnalysisResult, tmp_path: Path
) -> None:
    review = reviews.record(alice, result.pk, reviews.Words({2: "disagree"}), version=0)
    grid = parselmouth.read(str(unpacked(archive(result, review), tmp_path)["recording.TextGrid"]))
    tiers = {
        call(grid, "Get tier name", tier): tier for tier in range(1, call(grid, "Get number of tiers") + 1)
    }
    assert list(tiers) == ["syllable", "zhuyin", "pinyin", "tone", "heard tone", "findings", "verdict"]
    assert [label for label in labels(grid, tiers["verdict"]) if label] == ["disagree"]
    assert "tone differs from the example" in labels(grid, tiers["findings"])
    third = result.syllables[2]
    at = call(grid, "Get interval at time", 1, (third["start"] + third["end"]) / 2)
    assert call(grid, "Get label of interval", 1, at) == third["text"]
    assert call(grid, "Get start time of interval", 1, at) == pytest.approx(third["start"], abs=1e-3)


def labels(grid: object, tier: int) -> list[str]:
    count = call(grid, "Get number of intervals", tier)
    return [call(grid, "Get label of interval", tier, at) for at in range(1, count + 1)]


# What a person may have typed; Praat's files hold neither controls nor half a surrogate pair.
LABELS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=8)
PLACES = st.lists(
    st.tuples(st.floats(0, 3), st.floats(0, 3), LABELS).map(
        lambda each: Interval(min(each[:2]), max(each[:2]), each[2])
    ),
    max_size=6,
)


@given(PLACES)
def test_whatever_the_places_praat_reads_a_tier_without_gaps(intervals: list[Interval]) -> None:
    with NamedTemporaryFile("w", suffix=".TextGrid", encoding="utf-8") as file:
        file.write(textgrid(2.0, [Tier('a "tier"', tuple(intervals))]))
        file.flush()
        grid = parselmouth.read(file.name)
    count = call(grid, "Get number of intervals", 1)
    assert call(grid, "Get tier name", 1) == 'a "tier"'
    assert call(grid, "Get end time of interval", 1, count) == pytest.approx(2.0)


def test_the_table_has_a_row_for_each_syllable(result: AnalysisResult) -> None:
    rows = list(csv.DictReader(io.StringIO(table(result, Review(result=result)).removeprefix("\ufeff"))))
    assert "".join(row["text"] for row in rows) == TEXT
    assert (rows[2]["patient"], rows[2]["findings"], rows[2]["pinyin"]) == ("A-1", "tone_off", "qí")
    assert float(rows[2]["start"]) == result.syllables[2]["start"]


@pytest.mark.parametrize("sign", FORMULA)
def test_no_cell_is_a_formula(recording: PracticeRecording, exercise: Exercise, sign: str) -> None:
    exercise.title = f'{sign}HYPERLINK("http://x")'
    exercise.save()
    recording.refresh_from_db()
    syllable = {"text": f"{sign}1+1", "findings": [], "start": -1.5}
    written = table(found(recording, syllables=[syllable]), Review())
    row = next(csv.DictReader(io.StringIO(written.removeprefix("\ufeff"), newline="")))
    assert row["exercise"].startswith("'")
    assert row["text"].startswith("'")
    assert row["start"] == "-1.5"  # a number is no formula


@pytest.mark.parametrize(("door", "kind"), [("praat", "application/zip"), ("table", "text/csv")])
def test_an_export_is_audited_and_names_no_name(
    alice: User, result: AnalysisResult, client: Client, door: str, kind: str
) -> None:
    client.force_login(alice)
    answer = client.get(reverse(f"admin:analysis_analysisresult_{door}", args=[result.pk]))
    assert answer["Content-Type"].startswith(kind)
    assert "a-1-" in answer["Content-Disposition"]
    assert "Amy" not in answer["Content-Disposition"]
    entry = LogEntry.objects.get_for_object(result).get()
    assert (entry.actor, entry.additional_data) == (alice, {"access": audit.EXPORTED})


def test_a_lost_file_is_said_in_words(alice: User, result: AnalysisResult, client: Client) -> None:
    client.force_login(alice)
    audio = result.job.recording.audio
    audio.storage.delete(str(audio.name))
    client.cookies["django_language"] = "en"
    answer = client.get(reverse("admin:analysis_analysisresult_praat", args=[result.pk]), follow=True)
    assert "no longer in the storage" in answer.content.decode()
    assert not LogEntry.objects.filter(additional_data={"access": audit.EXPORTED}).exists()
