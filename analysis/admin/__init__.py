"""Speech practice in the admin."""

from analysis.admin import exercises, jobs, patients, people, recordings, results

__all__ = ["exercises", "jobs", "patients", "people", "recordings", "results"]
