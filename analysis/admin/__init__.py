"""Speech practice in the admin."""

from analysis.admin import exercises, jobs, patients, people, recordings, results, tokens

__all__ = ["exercises", "jobs", "patients", "people", "recordings", "results", "tokens"]
