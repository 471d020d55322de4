"""The door for a therapist's word on a result: verdicts, a note, the signature, and taking it back.

The machine never has the last word. What it found stays as it was; this stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from analysis.models import AnalysisResult, Review, Verdict
from analysis.querysets import ResultQuerySet

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LONGEST_NOTE = 4000  # characters
PERMISSION = "analysis.change_review"
UNSIGNED = Q(review=None) | Q(review__signed_at=None)


class ChangedMeanwhile(Exception):
    """The review is not the one that the person read: another tab, or a colleague, was quicker.

    Attributes
    ----------
    review : Review
        As it stands.
    """

    def __init__(self, review: Review) -> None:
        super().__init__(f"review of result {review.result_id} has version {review.version}")
        self.review = review


class AlreadySigned(Exception):
    """A signed review is changed only after its signature was taken back."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a therapist says: a `Verdict` by a syllable's index, and a note."""

    verdicts: Mapping[int, str]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What awaits review around a result: how many there are, and the ids before and after it."""

    waiting: int
    previous: int | None
    next: int | None


def may_review(user: User) -> bool:
    """Whether the person reviews results at all; which ones, `visible_to` says."""
    return user.has_perm(PERMISSION)


def review_of(result: AnalysisResult) -> Review:
    """The review as it stands; an empty one of version 0, not saved, where nobody has begun."""
    return Review.objects.filter(result=result).select_related("signed_by").first() or Review(result=result)


def record(user: User, result_id: Any, words: Words, *, version: int, sign: bool = False) -> Review:
    """Keep verdicts and note as they are given, and sign them where asked to.

    Raises
    ------
    AnalysisResult.DoesNotExist
        Where there is no such result, or none that the user may see.
    PermissionDenied
        For those who see results, but do not review them.
    ChangedMeanwhile
        Where the review is no longer of this version.
    AlreadySigned
    ValidationError
        For a verdict on a syllable that is not there, or a note that is too long.
    """
    with transaction.atomic():
        result, review = _locked(user, result_id, version)
        if review.is_signed:
            raise AlreadySigned
        review.verdicts, review.note = _checked(result, words), words.note.strip()
        if sign:
            _sign(review, user)
        return _saved(review, user)


def reopen(user: User, result_id: Any, *, version: int) -> Review:
    """Take the signature back; what was said stays. Raises as :func:`record`."""
    with transaction.atomic():
        _result, review = _locked(user, result_id, version)
        review.signed_at, review.signed_by, review.signed_name = None, None, ""
        return _saved(review, user)


def sign_off_many(user: User, results: Iterable[Any]) -> int:
    """Sign each of these results that nobody has signed yet; how many these were. Raises as :func:`record`."""
    count = 0
    for result_id in results:
        with transaction.atomic():
            _result, review = _locked(user, result_id, None)
            if not review.is_signed:
                _sign(review, user)
                _saved(review, user)
                count += 1
    return count


def awaiting(user: User) -> ResultQuerySet:
    """What this person may see and nobody has signed, the newest recording first.

    Only the latest result of each recording waits.
    """
    rows = AnalysisResult.objects.visible_to(user).newest_each().filter(UNSIGNED)
    return rows.order_by("-job__recording__recorded_at", "-pk")


def neighbours(user: User, result: AnalysisResult) -> Neighbours:
    """The queue around a result. After the last comes the first."""
    others = awaiting(user).exclude(pk=result.pk)
    at = result.job.recording.recorded_at
    older = Q(job__recording__recorded_at__lt=at) | Q(job__recording__recorded_at=at, pk__lt=result.pk)
    nearest = others.exclude(older).reverse()  # the newer ones, nearest first
    return Neighbours(
        waiting=awaiting(user).count(),
        previous=_first(nearest) or _first(others.reverse()),
        next=_first(others.filter(older)) or _first(others),
    )


def _first(rows: ResultQuerySet) -> int | None:
    return rows.values_list("pk", flat=True).first()


def _locked(user: User, result_id: Any, version: int | None) -> tuple[AnalysisResult, Review]:
    """The result, locked so that two who write wait for each other, and its review, of the version asked for."""
    if not may_review(user):
        raise PermissionDenied
    rows = AnalysisResult.objects.visible_to(user).only("pk", "syllables")
    result = rows.select_for_update(of=("self",)).get(pk=result_id)
    review = review_of(result)
    if version is not None and review.version != version:
        raise ChangedMeanwhile(review)
    return result, review


def _checked(result: AnalysisResult, words: Words) -> dict[str, str]:
    if len(words.note) > LONGEST_NOTE:
        raise ValidationError(_("The note is longer than %(most)d characters.") % {"most": LONGEST_NOTE})
    indices = range(len(result.syllables))
    for index, verdict in words.verdicts.items():
        if index not in indices or verdict not in Verdict.values:
            raise ValidationError(_("There is no such syllable, or no such verdict."))
    return {str(index): verdict for index, verdict in sorted(words.verdicts.items())}


def _sign(review: Review, user: User) -> None:
    review.signed_by, review.signed_at = user, timezone.now()
    review.signed_name = user.get_full_name() or user.get_username()


def _saved(review: Review, user: User) -> Review:
    review.changed_by, review.version = user, review.version + 1
    review.save()
    return review
