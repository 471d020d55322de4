"""What leaves for other programs: Praat, and spreadsheets."""

from __future__ import annotations

from django.utils import timezone
from django.utils.text import slugify

from analysis.models import AnalysisResult


def stem(result: AnalysisResult) -> str:
    """What an exported file is called: the patient's code and the day, never a name."""
    recording = result.job.recording
    day = timezone.localtime(recording.recorded_at)
    return f"{slugify(recording.patient.code) or 'recording'}-{day:%Y%m%d-%H%M}-{result.pk}"
