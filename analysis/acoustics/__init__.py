"""Signal work on speech: samples in, frozen dataclasses out. Knows nothing of Django or Celery.

Importing this package is cheap; what is heavy (NumPy's friends, FFmpeg, Praat, the compiled alignment) is
imported by the first `decode` or `analyze`, or by `warm_up` in a worker's parent before it forks.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import IO, TYPE_CHECKING, Any

from analysis.acoustics.codes import (
    ABSENCE_CODES,
    AREA_CODES,
    CAVEAT_CODES,
    EVIDENCE_CODES,
    EXERCISES,
    FLAG_CODES,
    LANGUAGES,
    MODEL_VERSION,
    SCORES,
    SUB_SCORES,
    SUGGESTION_CODES,
    SYLLABLE_FINDINGS,
    UNUSABLE_CODES,
)
from analysis.acoustics.errors import InvalidRequest, UnusableRecording
from analysis.acoustics.measures import MEASURES, MeasureInfo
from analysis.acoustics.norms import GROUPS, NORMS, Norm
from analysis.acoustics.progress import STEPS, OnStep, Step
from analysis.acoustics.request import Limits, Mark, Speaker

if TYPE_CHECKING:
    from analysis.acoustics.advice import Suggestion
    from analysis.acoustics.quality import Flag
    from analysis.acoustics.result import Analysis, Measured
    from analysis.acoustics.scoring import Cost, Scores
    from analysis.acoustics.sound import Sound, Source
    from analysis.acoustics.syllables import Syllable
    from analysis.acoustics.voice_quality import VoiceQuality

_HEAVY = {
    "Analysis": "result",
    "Cost": "scoring",
    "Flag": "quality",
    "Measured": "result",
    "Scores": "scoring",
    "Sound": "sound",
    "Source": "sound",
    "Suggestion": "advice",
    "Syllable": "syllables",
    "VoiceQuality": "voice_quality",
}

__all__ = [
    "ABSENCE_CODES",
    "AREA_CODES",
    "CAVEAT_CODES",
    "EVIDENCE_CODES",
    "EXERCISES",
    "FLAG_CODES",
    "GROUPS",
    "LANGUAGES",
    "MEASURES",
    "MODEL_VERSION",
    "NORMS",
    "SCORES",
    "STEPS",
    "SUB_SCORES",
    "SUGGESTION_CODES",
    "SYLLABLE_FINDINGS",
    "UNUSABLE_CODES",
    "Analysis",
    "Cost",
    "Flag",
    "InvalidRequest",
    "Limits",
    "Mark",
    "MeasureInfo",
    "Measured",
    "Norm",
    "Scores",
    "Sound",
    "Source",
    "Speaker",
    "Step",
    "Suggestion",
    "Syllable",
    "UnusableRecording",
    "VoiceQuality",
    "analyze",
    "avqi",
    "decode",
    "warm_up",
]


def decode(
    source: str | PathLike[str] | IO[bytes], *, limits: Limits | None = None, role: str = "recording"
) -> Sound:
    """Decode a file to 16 kHz mono under limits; see `decoding.decode`."""
    from analysis.acoustics.decoding import decode as decode_file

    return decode_file(source, limits=limits, role=role)


def analyze(
    recording: str | PathLike[str] | IO[bytes] | Sound,
    example: str | PathLike[str] | IO[bytes] | Sound | None = None,
    *,
    exercise: str = "sentence",
    text: str = "",
    language: str = "zh",
    speaker: Speaker | None = None,
    marks: Sequence[Mark] | None = None,
    on_step: OnStep | None = None,
    limits: Limits | None = None,
    speech: str | PathLike[str] | IO[bytes] | Sound | None = None,
) -> Analysis:
    """Measure a recording, and score it against the example of the same sentence where there is one.

    Parameters
    ----------
    recording, example : path, binary file or Sound
        The example is only asked for where scores are: a sentence.
    exercise : {"sentence", "sustained_vowel", "syllable_repetition"}
    text : str
        What is to be said; rates and syllables come from it.
    language : {"zh", "en"}
        Syllables are listed for "zh" only.
    speaker : Speaker, optional
        Sex and age, where known: they choose the norms and the ceiling of the formants.
    marks : sequence of Mark, optional
        The syllables' places on the example, as a person set them, one for each syllable of the text.
        Without them they are found.
    on_step : callable, optional
        Called with the name of each of `STEPS` and the percentage done as it starts. What it raises goes
        through untouched: that is how a job is cancelled.
    limits : Limits, optional
        How much of a file is accepted.
    speech : path, binary file or Sound, optional
        Only for a sustained vowel: connected speech of the same person, with which the AVQI is made.

    Returns
    -------
    Analysis
        Nothing in it is invented: what could not be measured is absent, with the reason.

    Raises
    ------
    UnusableRecording
        The recording or the example is at fault; no retry helps.
    InvalidRequest
        The request is: an unknown exercise, marks that do not fit.
    OSError
        A file could not be read; a retry may help.
    """
    from analysis.acoustics.pipeline import analyze as run

    return run(
        recording,
        example,
        exercise=exercise,
        text=text,
        language=language,
        speaker=speaker,
        marks=marks,
        on_step=on_step,
        limits=limits,
        speech=speech,
    )


def avqi(speech: Sound, vowel: Sound) -> VoiceQuality | None:
    """The Acoustic Voice Quality Index v03.01 and its six figures; see `voice_quality.avqi`."""
    from analysis.acoustics.voice_quality import avqi as run

    return run(speech, vowel)


def warm_up() -> None:
    """Import and compile all that an analysis needs, so that the first one is as fast as the next."""
    from analysis.acoustics.warm import warm_up as run

    run()


def __getattr__(name: str) -> Any:
    """The result's types, imported when first asked for: they bring NumPy and SciPy with them."""
    if name not in _HEAVY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HEAVY[name]}"), name)
