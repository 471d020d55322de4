"""A measure that was taken, or the reason why it was not: never a number in its stead."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True, slots=True)
class Outcome:
    """One measure's value, or the `ABSENCE_CODES` code that says why there is none."""

    name: str
    value: float | None
    reason: str | None


def measured(name: str, value: float) -> Outcome:
    """A value; a formula that has none here (0/0) becomes an absence, not a NaN."""
    return Outcome(name, value, None) if isfinite(value) else absent(name, "not_measurable")


def absent(name: str, reason: str) -> Outcome:
    """No value, and why."""
    return Outcome(name, None, reason)
