"""Is this the example's sentence at all? Asked before any score."""

from __future__ import annotations

from analysis.acoustics.curves import sentence_gate
from analysis.acoustics.evidence import Evidence
from analysis.acoustics.quality import Flag
from analysis.acoustics.utterance import Utterance

_UNKNOWN = 1.0  # a correlation that has no value counts as none
# Of 240 pairs of single syllables, said right or in another tone, 20 were refused: a word is too little to tell by.
LEAST_NUCLEI = 4


def can_tell(evidence: Evidence, example: Utterance) -> bool:
    """Whether it can be told that another sentence was said.

    Only a phone recogniser can (98 of 100; 45 without one), and not by a word or two. Where it can't be told
    nobody is refused, and the result carries the caveat `same_sentence_unchecked`.
    """
    return evidence.match is not None and len(example.nuclei) >= LEAST_NUCLEI


def another_sentence(evidence: Evidence, example: Utterance, language: str) -> Flag | None:
    """The flag that refuses a recording, where the evidence says that it is not the example's sentence."""
    if evidence.match is None or not can_tell(evidence, example):
        return None
    gate = sentence_gate()
    strangeness = 0.0
    for name, weight in gate.weights.items():
        value = evidence.values[name]
        strangeness += weight * (_UNKNOWN if value is None else value)
    if strangeness <= gate.limits[language]:
        return None
    return Flag("another_sentence", "unfit", {"phone_error": round(evidence.match.error, 2)})
