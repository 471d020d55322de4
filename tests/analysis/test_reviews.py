"""A therapist's word on a result: who may give it, what is kept, and what is never lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse

from analysis import reviews
from analysis.models import AnalysisResult, Exercise, Patient, PracticeRecording, Review
from analysis.reviews import AlreadySigned, ChangedMeanwhile, Words
from tests.analysis.conftest import found
from tests.conftest import record

pytestmark = pytest.mark.usefixtures("redis")
SYLLABLES = [{"text": character} for character in "今天我們"]


@pytest.fixture
def result(recording: PracticeRecording) -> AnalysisResult:
    return found(recording, syllables=SYLLABLES)


def test_verdicts_and_note_are_kept_as_they_are_given(alice: User, result: AnalysisResult) -> None:
    reviews.record(alice, result.pk, Words({2: "disagree", 0: "agree"}, " well said "), version=0)
    kept = Review.objects.get(result=result)
    assert (kept.verdicts, kept.note, kept.version) == ({"0": "agree", "2": "disagree"}, "well said", 1)
    assert (kept.is_signed, kept.changed_by) == (False, alice)


def test_a_signature_tells_who_and_when_and_can_be_taken_back(alice: User, result: AnalysisResult) -> None:
    signed = reviews.record(alice, result.pk, Words({}, "note"), version=0, sign=True)
    assert (signed.signed_by, signed.signed_name, signed.is_signed) == (alice, "alice", True)
    opened = reviews.reopen(alice, result.pk, version=1)
    assert (opened.signed_by, opened.signed_name, opened.note) == (None, "", "note")


def test_the_name_of_who_signed_outlives_their_account(alice: User, result: AnalysisResult) -> None:
    reviews.record(alice, result.pk, Words({}), version=0, sign=True)
    alice.delete()
    kept = Review.objects.get(result=result)
    assert (kept.signed_by, kept.signed_name, kept.is_signed) == (None, "alice", True)


def test_a_second_tab_overwrites_nothing(alice: User, result: AnalysisResult) -> None:
    reviews.record(alice, result.pk, Words({}, "first"), version=0)
    with pytest.raises(ChangedMeanwhile) as said:
        reviews.record(alice, result.pk, Words({}, "second"), version=0)
    assert said.value.review.note == "first"
    assert Review.objects.get().note == "first"


def test_a_signed_review_is_changed_only_after_it_was_opened_again(
    alice: User, result: AnalysisResult
) -> None:
    reviews.record(alice, result.pk, Words({}, "first"), version=0, sign=True)
    with pytest.raises(AlreadySigned):
        reviews.record(alice, result.pk, Words({}, "second"), version=1)
    assert Review.objects.get().note == "first"


@pytest.mark.parametrize(
    "words", [Words({4: "agree"}), Words({-1: "agree"}), Words({0: "perhaps"}), Words({}, "x" * 4001)]
)
def test_what_fits_no_syllable_is_refused(alice: User, result: AnalysisResult, words: Words) -> None:
    with pytest.raises(ValidationError):
        reviews.record(alice, result.pk, words, version=0)
    assert not Review.objects.exists()


def test_anothers_result_is_not_there(bob: User, result: AnalysisResult) -> None:
    for door in (
        lambda: reviews.record(bob, result.pk, Words({}), version=0),
        lambda: reviews.reopen(bob, result.pk, version=0),
        lambda: reviews.sign_off_many(bob, [result.pk]),
    ):
        with pytest.raises(AnalysisResult.DoesNotExist):
            door()
    assert not reviews.awaiting(bob).exists()


def test_a_patient_sees_their_result_and_reviews_nothing(amy: Patient, result: AnalysisResult) -> None:
    amy.user = User.objects.create_user("amy")
    amy.save()
    assert AnalysisResult.objects.visible_to(amy.user).exists()
    with pytest.raises(PermissionDenied):
        reviews.record(amy.user, result.pk, Words({}), version=0)


def test_the_audit_log_tells_of_the_note_but_not_what_it_says(alice: User, result: AnalysisResult) -> None:
    reviews.record(alice, result.pk, Words({1: "agree"}, "a private word"), version=0)
    reviews.record(alice, result.pk, Words({1: "agree"}, "another one"), version=1, sign=True)
    entries = LogEntry.objects.get_for_object(Review.objects.get())
    assert [entry.changes.get("note") for entry in entries.order_by("pk")] == [["***", "***"]] * 2
    assert "signed_at" in entries.order_by("pk").last().changes
    assert "word" not in str([entry.changes for entry in entries])


def test_only_the_latest_result_of_a_recording_waits(alice: User, recording: PracticeRecording) -> None:
    found(recording)
    newest = found(recording)
    assert list(reviews.awaiting(alice)) == [newest]
    reviews.record(alice, newest.pk, Words({}), version=0, sign=True)
    assert not reviews.awaiting(alice).exists()


def test_the_queue_goes_round(alice: User, amy: Patient, exercise: Exercise) -> None:
    oldest, middle, newest = (found(record(amy, exercise)) for _ in range(3))
    around = reviews.neighbours(alice, middle)
    assert (around.waiting, around.previous, around.next) == (3, newest.pk, oldest.pk)
    around = reviews.neighbours(alice, oldest)
    assert (around.previous, around.next) == (middle.pk, newest.pk)
    assert reviews.sign_off_many(alice, [newest.pk, middle.pk]) == 2
    around = reviews.neighbours(alice, oldest)
    assert (around.waiting, around.previous, around.next) == (1, None, None)


def test_many_are_signed_and_none_twice(alice: User, result: AnalysisResult) -> None:
    signed = reviews.record(alice, result.pk, Words({}), version=0, sign=True)
    assert reviews.sign_off_many(alice, [result.pk]) == 0
    assert Review.objects.get().signed_at == signed.signed_at


@pytest.mark.django_db(transaction=True)
def test_of_two_who_write_at_once_one_is_told(alice: User, result: AnalysisResult) -> None:
    together = Barrier(2)

    def write(note: str) -> str:
        together.wait(10)
        try:
            return reviews.record(alice, result.pk, Words({}, note), version=0).note
        except ChangedMeanwhile:
            return "told"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(write, ["first", "second"]))
    kept = Review.objects.get()
    assert said == sorted([kept.note, "told"])
    assert kept.version == 1


def test_removing_a_patient_takes_the_review_along(
    alice: User, result: AnalysisResult, client: Client
) -> None:
    reviews.record(alice, result.pk, Words({}, "note"), version=0, sign=True)
    client.force_login(alice)
    patient = result.job.recording.patient
    answer = client.post(
        reverse("admin:analysis_patient_delete", args=[patient.pk]), {"post": "yes", "code": "A-1"}
    )
    assert answer.status_code == 302
    assert not Review.objects.exists()
