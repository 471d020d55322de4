"""The page that a therapist reads, and its doors."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from analysis import audit, reviews
from analysis.chart_note import chart_note
from analysis.models import AnalysisResult, Exercise, Patient, PracticeRecording, Review
from analysis.report import report
from tests.analysis.conftest import found
from tests.conftest import group, record

pytestmark = pytest.mark.usefixtures("redis")
MOST_QUERIES = 25
DOORS = ("review", "analyse", "print", "praat", "table")


def address(name: str, result: AnalysisResult) -> str:
    return reverse(f"admin:analysis_analysisresult_{name}", args=[result.pk])


@pytest.fixture
def therapist(client: Client, alice: User) -> Client:
    client.force_login(alice)
    client.cookies["django_language"] = "en"
    return client


def page(client: Client, result: AnalysisResult, name: str = "change") -> str:
    return client.get(address(name, result)).content.decode()


def handed(body: str) -> Any:
    """What the page hands to its scripts."""
    return json.loads(re.search(r'<script id="vb-result" type="application/json">(.*?)</script>', body)[1])  # type: ignore[index]


def test_flags_come_before_scores_and_say_that_these_are_not_reliable(
    therapist: Client, recording: PracticeRecording
) -> None:
    flag = {"code": "noise", "severity": "doubtful", "figures": {}}
    doubtful = found(recording, overall_score=80.0, quality_flags=[flag], caveats=["doubtful_recording"])
    body = page(therapist, doubtful)
    assert body.index("These scores are not reliable.") < body.index('class="vb-scores"')
    assert "level 5 of 5" in body


def test_the_scripts_get_addresses_that_are_checked_and_figures_only(
    therapist: Client, result: AnalysisResult
) -> None:
    body = page(therapist, result)
    recording = result.job.recording
    assert reverse("api-v1:play", args=[recording.pk]) in body
    assert reverse("api-v1:play_example", args=[recording.exercise_id]) in body
    data = handed(body)
    assert [each["text"] for each in data["syllables"]] == list("哥哥騎車去看烏龜")
    assert len(data["syllables"][2]["contour"]) == 30
    assert "Amy" not in json.dumps(data)


def test_nothing_on_the_page_is_an_inline_script_or_style(therapist: Client, result: AnalysisResult) -> None:
    for name in ("change", "print"):
        body = page(therapist, result, name)
        own = body[body.index("vb-report") : body.index("</article>")] if name == "change" else body
        assert not re.findall(
            r"<script(?![^>]*\b(?:src|application/json))[^>]*>|\son\w+=|\sstyle=|<style", own
        )


def test_a_text_cannot_break_out_of_the_page(
    therapist: Client, recording: PracticeRecording, exercise: Exercise
) -> None:
    exercise.text = "</script><script>alert(1)</script>"
    exercise.save()
    recording.refresh_from_db()
    body = page(therapist, found(recording, syllables=[]))
    assert "<script>alert" not in body


@pytest.mark.parametrize("name", ["change", "print"])
def test_however_many_rows_the_page_asks_little(
    therapist: Client, amy: Patient, result: AnalysisResult, name: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    for _ in range(12):
        found(record(amy, result.job.recording.exercise), overall_score=50.0)
    with django_assert_max_num_queries(MOST_QUERIES):
        assert therapist.get(address(name, result)).status_code == 200


def test_the_list_loads_no_whole_result(
    therapist: Client, result: AnalysisResult, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(2 * MOST_QUERIES) as asked:
        for model in ("analysisresult", "practicerecording"):
            therapist.get(reverse(f"admin:analysis_{model}_changelist"))
    assert not [query for query in asked.captured_queries if '"syllables"' in query["sql"]]


def test_a_review_is_written_signed_and_taken_back(therapist: Client, result: AnalysisResult) -> None:
    form = {"version": "0", "verdict_2": "agree", "verdict_3": "", "note": "flat <b>"}
    assert therapist.post(address("review", result), form | {"action": "save"}).status_code == 302
    body = page(therapist, result)
    assert "flat &lt;b&gt;" in body
    assert 'data-verdict="agree"' in body
    therapist.post(address("review", result), form | {"version": "1", "action": "sign"})
    signed = Review.objects.get()
    assert (signed.signed_name, signed.verdicts) == ("alice", {"2": "agree"})
    assert "signed off by alice" in page(therapist, result)
    therapist.post(address("review", result), {"version": "2", "action": "reopen"})
    assert not Review.objects.get().is_signed


def test_signing_goes_on_to_the_next_that_waits(
    therapist: Client, amy: Patient, exercise: Exercise, result: AnalysisResult
) -> None:
    other = found(record(amy, exercise), overall_score=1.0)
    form = {"version": "0", "action": "sign_next"}
    assert therapist.post(address("review", result), form).headers["Location"] == address("change", other)
    last = therapist.post(address("review", other), form).headers["Location"]
    assert last == reverse("admin:analysis_analysisresult_changelist")


def test_the_queue_opens_at_the_first_that_waits(therapist: Client, result: AnalysisResult) -> None:
    queue = reverse("admin:analysis_analysisresult_awaiting")
    assert therapist.get(queue).headers["Location"] == address("change", result)
    therapist.post(address("review", result), {"version": "0", "action": "sign"})
    assert therapist.get(queue).headers["Location"] == reverse("admin:analysis_analysisresult_changelist")


def test_of_two_tabs_the_second_is_shown_both(therapist: Client, result: AnalysisResult) -> None:
    therapist.post(address("review", result), {"version": "0", "action": "save", "note": "first"})
    answer = therapist.post(
        address("review", result), {"version": "0", "action": "sign", "note": "second", "verdict_0": "agree"}
    )
    body = answer.content.decode()
    assert answer.status_code == 409
    assert "first" in body
    assert "second" in body
    assert Review.objects.get().note == "first"
    chosen = dict(re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', body))
    therapist.post(address("review", result), chosen | {"action": "save"})
    kept = Review.objects.get()
    assert (kept.note, kept.verdicts) == ("second", {"0": "agree"})


@pytest.mark.parametrize(
    "form",
    [
        {"version": "0", "action": "shout"}, {"action": "save"},
        {"version": "0", "action": "save", "note": "x" * 4001},
        {"version": "0", "action": "save", "verdict_0": "perhaps"}, {"version": "-1", "action": "sign"},
    ],
)  # fmt: skip
def test_a_form_that_fits_nothing_changes_nothing(
    therapist: Client, result: AnalysisResult, form: dict[str, str]
) -> None:
    answer = therapist.post(address("review", result), form, follow=True)
    assert answer.status_code == 200
    assert "messagelist" in answer.content.decode() or answer.context["messages"]
    assert not Review.objects.exists()


def test_a_review_is_posted_with_a_token(alice: User, result: AnalysisResult) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    answer = strict.post(address("review", result), {"version": "0", "action": "sign"})
    assert answer.status_code == 403
    assert not Review.objects.exists()


def test_anothers_result_has_no_doors(client: Client, bob: User, result: AnalysisResult) -> None:
    client.force_login(bob)
    for door in DOORS:
        answer = client.post(address(door, result), {"version": "0", "action": "sign"})
        assert answer.status_code == 404, door
    assert not LogEntry.objects.get_for_object(result).exists()


def test_an_administrator_and_a_user_without_a_group_have_no_doors(
    client: Client, amy: Patient, result: AnalysisResult
) -> None:
    for name, groups in (("adam", ["administrators"]), ("carol", [])):
        user = User.objects.create_user(name, is_staff=True)
        user.groups.set([group(each) for each in groups])
        client.force_login(user)
        for door in DOORS:
            assert client.get(address(door, result)).status_code == 403, (name, door)
        assert client.get(reverse("admin:analysis_analysisresult_awaiting")).status_code == 403


@pytest.mark.parametrize(
    ("score", "findings", "state"),
    [
        (90.0, [], "good"),
        (17.0, [], "unsure"),
        (None, [], "plain"),
        (None, ["too_long"], "off"),
        (9.0, ["missing"], "missing"),
    ],
)
def test_only_what_was_scored_is_shown_as_good(
    recording: PracticeRecording, score: float | None, findings: list[str], state: str
) -> None:
    syllable = {"text": "tea", "pinyin": "", "zhuyin": "", "segment_score": score, "tone_score": None,
                "length_ratio": 1.0, "findings": findings}  # fmt: skip
    assert report(found(recording, syllables=[syllable])).syllables[0].state == state


def test_who_reads_and_may_not_review_gets_no_form(
    client: Client, alice: User, result: AnalysisResult
) -> None:
    from django.contrib.auth.models import Permission

    alice.groups.clear()
    alice.user_permissions.add(Permission.objects.get(codename="view_analysisresult"))
    client.force_login(alice)
    assert 'id="vb-review"' not in page(client, result)
    assert client.post(address("review", result), {"version": "0", "action": "sign"}).status_code == 403
    assert not Review.objects.exists()


def test_many_are_signed_from_the_list_and_listed_by_it(therapist: Client, result: AnalysisResult) -> None:
    changelist = reverse("admin:analysis_analysisresult_changelist")
    recordings = reverse("admin:analysis_practicerecording_changelist")
    own = address("change", result)
    assert own in therapist.get(f"{changelist}?review=no").content.decode()
    assert therapist.get(f"{recordings}?review=no").context["cl"].result_count == 1
    therapist.post(changelist, {"action": "sign_off_selected", "_selected_action": [str(result.pk)]})
    assert Review.objects.get().is_signed
    assert own not in therapist.get(f"{changelist}?review=no").content.decode()
    assert own in therapist.get(f"{changelist}?review=yes").content.decode()
    assert therapist.get(f"{recordings}?review=no").context["cl"].result_count == 0


def test_a_visit_is_one_entry_and_the_page_tells_who_was_there(
    therapist: Client, alice: User, result: AnalysisResult
) -> None:
    for _ in range(3):
        page(therapist, result)
    therapist.get(address("table", result))
    reviews.record(alice, result.pk, reviews.Words({}), version=0, sign=True)
    assert [entry.additional_data["access"] for entry in LogEntry.objects.get_for_object(result).order_by("pk")] == [
        audit.READ, audit.EXPORTED,
    ]  # fmt: skip
    body = page(therapist, result)
    for what in ("opened the result", "exported it", "signed it off"):
        assert what in body


def test_an_earlier_analysis_says_so_and_is_compared(therapist: Client, recording: PracticeRecording) -> None:
    old, new = found(recording, overall_score=70.0), found(recording, overall_score=75.5)
    assert "This is an earlier analysis." in page(therapist, old)
    assert "(+5.5)" in page(therapist, old)
    assert "This is an earlier analysis." not in page(therapist, new)
    assert "(-5.5)" in page(therapist, new)


def test_it_is_analysed_again_from_its_page(therapist: Client, alice: User, result: AnalysisResult) -> None:
    assert therapist.get(address("analyse", result)).status_code == 405
    assert therapist.post(address("analyse", result)).headers["Location"] == address("change", result)
    job = result.job.recording.jobs.get(state="queued")
    assert job.created_by == alice
    assert f'data-job="{job.pk}"' in page(therapist, result)


def test_the_chart_note_is_plain_text_without_the_name(
    alice: User, amy: Patient, result: AnalysisResult
) -> None:
    amy.name = "Amelia Example"
    amy.save()
    review = reviews.record(
        alice, result.pk, reviews.Words({2: "agree", 5: "disagree"}, "again next week"), version=0, sign=True
    )
    fresh = AnalysisResult.objects.get(pk=result.pk)
    note = chart_note(fresh, report(fresh), review)
    for said in ("A-1, recorded", "overall score 8", "騎 (tone differs", "disagrees at: 看", "again next week",
                 "Signed off by alice", "not a diagnosis"):  # fmt: skip
        assert said in note, said
    assert "Amelia" not in note
    assert "<" not in note


def test_dates_are_written_as_in_taiwan(alice: User, result: AnalysisResult) -> None:
    with translation.override("zh-hant"):
        note = chart_note(result, report(result), Review(result=result))
    assert re.search(r"20\d\d年\d{1,2}月\d{1,2}日", note)


def test_a_vowel_has_its_own_view(therapist: Client, amy: Patient) -> None:
    vowel = Exercise.objects.create(title="ah", kind=Exercise.Kind.SUSTAINED_VOWEL)
    norm = {"low": None, "high": 1.04, "group": "adults", "source": "MDVP, in Praat manual, Voice 2",
            "checked": True, "position": "above"}  # fmt: skip
    shown = found(
        record(amy, vowel), measures={"jitter_local": {"value": 1.4, "unit": "%", "norm": norm}},
        absent={"hnr": "no_voicing"}, unscored={"overall": "not_for_this_exercise"},
    )  # fmt: skip
    body = page(therapist, shown)
    for said in (
        "MDVP, in Praat manual",
        "above the reference range",
        "vb-gauge-value",
        "too little voiced sound",
    ):
        assert said in body, said
    assert 'class="vb-scores"' not in body
    assert 'class="vb-scores"' not in page(therapist, shown, "print")
