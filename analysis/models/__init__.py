"""What was asked, what was recorded, and what was found."""

from analysis.models.exercise import Exercise
from analysis.models.job import AnalysisJob
from analysis.models.patient import Patient
from analysis.models.recording import PracticeRecording
from analysis.models.result import SCORES, AnalysisResult

__all__ = [
    "SCORES",
    "AnalysisJob",
    "AnalysisResult",
    "Exercise",
    "Patient",
    "PracticeRecording",
]
