"""Is this the example's sentence at all? Asked before any score."""

from __future__ import annotations

from analysis.acoustics.curves import sentence_gate
from analysis.acoustics.evidence import Evidence
from analysis.acoustics.quality import Flag

_UNKNOWN = 1.0  # a correlation that has no value counts as none


def another_sentence(evidence: Evidence, language: str) -> Flag | None:
    """The flag that refuses a recording, where the evidence says that it is not the example's sentence.

    Only a phone recogniser can tell (98 of 100; 45 without one): where the platform has none, nobody is
    refused, and the result carries the caveat `same_sentence_unchecked`.
    """
    if evidence.match is None:
        return None
    gate = sentence_gate()
    strangeness = 0.0
    for name, weight in gate.weights.items():
        value = evidence.values[name]
        strangeness += weight * (_UNKNOWN if value is None else value)
    if strangeness <= gate.limits[language]:
        return None
    return Flag("another_sentence", "unfit", {"phone_error": round(evidence.match.error, 2)})
