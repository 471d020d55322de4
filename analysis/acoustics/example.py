"""Whether a recording is fit to be an example, and where its syllables are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.acoustics.decoding import Readable, decode
from analysis.acoustics.errors import InvalidRequest
from analysis.acoustics.pitch import track_pitch
from analysis.acoustics.places import find_places
from analysis.acoustics.quality import Flag, assess, flags, require_speech
from analysis.acoustics.request import Limits, Mark, Request
from analysis.acoustics.sound import Sound
from analysis.acoustics.spectrum import spectrum
from analysis.acoustics.speech import find_speech
from analysis.acoustics.text import SpokenSyllable, english_syllables, mandarin_syllables
from analysis.acoustics.utterance import utterance

_NEAR = 0.15  # share of the syllables by which a count of nuclei is off in fluent speech


@dataclass(frozen=True, slots=True)
class Example:
    """What was found in a recording that is to be an example.

    Attributes
    ----------
    seconds : float
        Of the sound.
    flags : tuple[Flag, ...]
        As of any recording, the unfit first.
    nuclei : int
        Syllable nuclei heard.
    syllables : tuple[SpokenSyllable, ...]
        Of the text; empty for what is no sentence.
    places : tuple[Mark, ...]
        One for each syllable; empty where they were not found.
    """

    seconds: float
    flags: tuple[Flag, ...]
    nuclei: int
    syllables: tuple[SpokenSyllable, ...]
    places: tuple[Mark, ...]

    @property
    def is_fit(self) -> bool:
        return not any(flag.severity == "unfit" for flag in self.flags)

    @property
    def is_about_as_long(self) -> bool:
        """Whether about as many nuclei are heard as the text has syllables: one more or less says nothing."""
        expected = len(self.syllables)
        return not expected or abs(self.nuclei - expected) <= max(1, round(_NEAR * expected))


def examine(
    source: Readable | Sound,
    *,
    exercise: str = "sentence",
    text: str = "",
    language: str = "zh",
    limits: Limits | None = None,
) -> Example:
    """Look at an example as an analysis will.

    Raises
    ------
    UnusableRecording
        With the role ``"example"``: it cannot be read, or nobody speaks in it.
    InvalidRequest
        For an unknown exercise or language.
    """
    Request(exercise, text, language)
    sound = source if isinstance(source, Sound) else decode(source, limits=limits, role="example")
    seen = spectrum(sound.samples)
    speech = find_speech(seen)
    track = track_pitch(sound, len(seen))
    require_speech(speech, len(track.voiced), "example")
    heard = utterance(sound, seen, speech, track)
    syllables = spoken(exercise, text, language)
    return Example(
        seconds=sound.seconds,
        flags=flags(sound, assess(sound, seen, speech), exercise),
        nuclei=len(heard.nuclei),
        syllables=syllables,
        places=(find_places(heard, len(syllables)) if syllables else None) or (),
    )


def spoken(exercise: str, text: str, language: str) -> tuple[SpokenSyllable, ...]:
    """The syllables that are marked on an example: a sentence's."""
    if exercise != "sentence":
        return ()
    return mandarin_syllables(text) if language == "zh" else english_syllables(text)


def checked_marks(rows: object, syllables: Sequence[SpokenSyllable], seconds: float) -> tuple[Mark, ...]:
    """Marks from outside, as ``[[start, end], ...]`` in seconds, one for each syllable.

    Raises
    ------
    InvalidRequest
        For what are no marks, or marks that do not fit the example.
    """
    if not isinstance(rows, list):
        raise InvalidRequest("marks", type(rows).__name__, "[[start, end], ...] in seconds")
    try:
        marks = tuple(Mark(float(start), float(end)) for start, end in rows)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidRequest("marks", "?", "[[start, end], ...] in seconds") from error
    if not marks:
        raise InvalidRequest("marks", 0, f"{len(syllables)}, one for each syllable of the text")
    Request(marks=marks).check_marks(len(syllables), seconds)
    return marks
