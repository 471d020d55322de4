"""How long a job waits after a failed attempt."""

from __future__ import annotations

import random

BACKOFF_SECONDS = 5.0
BACKOFF_CAP_SECONDS = 300.0


def backoff(failures: int) -> float:
    """Seconds before the next attempt: doubling from five, at most five minutes, spread by half.

    The spread keeps jobs that failed together from coming back together.
    """
    pause = min(BACKOFF_SECONDS * 2.0 ** (failures - 1), BACKOFF_CAP_SECONDS)
    return pause * random.uniform(0.75, 1.25)  # noqa: S311 - a pause, not a secret
