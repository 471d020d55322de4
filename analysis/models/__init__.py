"""What was asked, what was recorded, and what was found."""

from analysis.models.assignment import Assignment
from analysis.models.exercise import Exercise
from analysis.models.job import AnalysisJob
from analysis.models.patient import Patient
from analysis.models.recording import PracticeRecording
from analysis.models.result import LONG_COLUMNS, SCORES, AnalysisResult
from analysis.models.review import Review, Verdict
from analysis.models.token import AccessToken
from analysis.models.upload_key import UploadKey

__all__ = [
    "LONG_COLUMNS",
    "SCORES",
    "AccessToken",
    "AnalysisJob",
    "AnalysisResult",
    "Assignment",
    "Exercise",
    "Patient",
    "PracticeRecording",
    "Review",
    "UploadKey",
    "Verdict",
]
