"""A result as a note for the chart: plain text, to be pasted into another system. It holds the code, never a name."""

from __future__ import annotations

from collections.abc import Iterator

from django.template.defaultfilters import floatformat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from analysis.models import AnalysisResult, Review, Verdict
from analysis.report import Measure, Report


def chart_note(result: AnalysisResult, report: Report, review: Review) -> str:
    """A few lines in the language in force."""
    return "\n".join(_lines(result, report, review))


def _lines(result: AnalysisResult, report: Report, review: Review) -> Iterator[str]:
    recording = result.job.recording
    exercise = recording.exercise
    yield _("%(code)s, recorded %(when)s") % {
        "code": recording.patient.code,
        "when": _when(recording.recorded_at),
    }
    yield _("Exercise: %(exercise)s") % {"exercise": exercise.text or exercise.title}
    for flag in report.flags:
        yield f"⚠ {flag.text}"
    if scored := [score for score in report.scores if score.value is not None]:
        figures = [f"{score.name} {floatformat(score.value, 0)}" for score in scored]
        yield _("Scores (0 to 100): %(scores)s") % {"scores": _list(figures)}
    for measure in [] if report.is_scored else report.chief:
        if measure.value is not None:
            yield _("%(name)s: %(value)s") % {"name": measure.name, "value": _figure(measure)}
    if off := [
        _("%(syllable)s (%(what)s)") % {"syllable": each.text, "what": _list(each.findings)}
        for each in report.syllables
        if each.findings
    ]:
        yield _("To be practised: %(syllables)s") % {"syllables": _list(off)}
    yield from _reviewed(report, review)
    yield _("Feedback for practice, for reference; not a diagnosis.")


def _reviewed(report: Report, review: Review) -> Iterator[str]:
    if counted := [
        f"{label} {_count(review, verdict)}" for verdict, label in Verdict.choices if _count(review, verdict)
    ]:
        yield _("Therapist's verdict by syllable: %(verdicts)s") % {"verdicts": _list(counted)}
    if disagreed := [
        each.text for each in report.syllables if review.verdicts.get(str(each.index)) == Verdict.DISAGREE
    ]:
        yield _("The therapist disagrees at: %(syllables)s") % {"syllables": _list(disagreed)}
    if review.note:
        yield _("Note: %(note)s") % {"note": review.note}
    if review.signed_at:
        yield _("Signed off by %(name)s, %(when)s") % {
            "name": review.signed_name,
            "when": _when(review.signed_at),
        }
    else:
        yield _("Not yet signed off by a therapist")


def _figure(measure: Measure) -> str:
    value = f"{measure.figure} {measure.unit}".rstrip()
    return f"{value}; {measure.norm}" if measure.norm else value


def _count(review: Review, verdict: str) -> int:
    return sum(said == verdict for said in review.verdicts.values())


def _when(moment: object) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")  # type: ignore[arg-type]


def _list(words: list[str]) -> str:
    return _(", ").join(words)
