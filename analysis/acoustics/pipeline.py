"""The steps of one analysis, from a file to its result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter

from analysis.acoustics import advice
from analysis.acoustics.alignment import Alignment, align
from analysis.acoustics.codes import MODEL_VERSION
from analysis.acoustics.comparison import alone, compared
from analysis.acoustics.decoding import Readable, decode
from analysis.acoustics.errors import UnusableRecording
from analysis.acoustics.evidence import Evidence, gather
from analysis.acoustics.formants import Formants
from analysis.acoustics.gate import another_sentence, can_tell
from analysis.acoustics.measures import MEASURES
from analysis.acoustics.norms import norm_for
from analysis.acoustics.outcome import Outcome, absent
from analysis.acoustics.phone_match import heard_alike
from analysis.acoustics.pitch import pitch_measures, track_pitch
from analysis.acoustics.places import find_places, trusted_places
from analysis.acoustics.progress import OnStep, Progress
from analysis.acoustics.quality import Flag, assess, flags, quality_measures, require_speech
from analysis.acoustics.request import Limits, Mark, Request, Speaker
from analysis.acoustics.result import Analysis, Measured
from analysis.acoustics.scoring import Scored, no_scores, score
from analysis.acoustics.sound import Sound
from analysis.acoustics.spectrum import spectrum
from analysis.acoustics.speech import find_speech
from analysis.acoustics.syllables import Syllable, listed
from analysis.acoustics.text import SpokenSyllable, english_syllables, mandarin_syllables, syllable_count
from analysis.acoustics.timing import (
    pause_measures,
    phonation_time,
    rate_measures,
    repetition_measures,
    variability,
)
from analysis.acoustics.utterance import Utterance, evened, utterance
from analysis.acoustics.voice import listen_to_voice


@dataclass(frozen=True, slots=True)
class _Listed:
    """The syllables, their nPVI, and why some of it is missing."""

    syllables: tuple[Syllable, ...]
    npvi: Outcome
    absent: dict[str, str]
    estimated: bool = False


def analyze(
    recording: Readable | Sound,
    example: Readable | Sound | None = None,
    *,
    exercise: str = "sentence",
    text: str = "",
    language: str = "zh",
    speaker: Speaker | None = None,
    marks: Sequence[Mark] | None = None,
    on_step: OnStep | None = None,
    limits: Limits | None = None,
    speech: Readable | Sound | None = None,
) -> Analysis:
    """See `analysis.acoustics.analyze`."""
    began = perf_counter()
    request = Request(exercise, text, language, speaker or Speaker(), tuple(marks or ()))
    progress = Progress(on_step)
    with progress.step("decode"):
        sounds = _decoded(recording, example, limits or Limits())
        request.check_marks(_listed_count(request), sounds[1].seconds if len(sounds) > 1 else None)
        connected = _connected(speech, limits or Limits())
    heard, flagged, measured, formants = _listen(sounds, request, progress, connected)
    pair = _pair(heard, flagged, request)
    with progress.step("alignment"):
        alignment = align(*pair) if pair else None
    with progress.step("phones"):
        match = heard_alike(*pair, progress.tick) if pair else None
        evidence = gather(*pair, alignment, match) if pair and alignment else None
        if evidence and pair and (refused := another_sentence(evidence, pair[1], request.language)):
            flagged[0] = (refused, *flagged[0])
            pair = alignment = evidence = None
    with progress.step("syllables"):
        syllables = _syllables(request, heard[0], pair, alignment, _unpaired_reason(flagged, request))
    with progress.step("scores"):
        scored = score(evidence) if evidence else no_scores(_unpaired_reason(flagged, request))
        suggestions = _suggestions(scored, syllables, evidence, pair, flagged)
    values, missing = _table([*measured, syllables.npvi], request, heard[0], flagged[0])
    return Analysis(
        model_version=MODEL_VERSION,
        exercise=request.exercise,
        language=request.language,
        seconds=sounds[0].seconds,
        measures=values,
        absent=missing | syllables.absent,
        flags=flagged[0],
        scores=scored.scores,
        unscored=scored.unscored,
        costs=scored.costs,
        syllables=syllables.syllables,
        suggestions=suggestions,
        improvement_areas=advice.improvement_areas(scored.scores),
        caveats=_caveats(evidence, pair, flagged, syllables),
        processing_seconds=perf_counter() - began,
        step_seconds=progress.seconds,
        formants=formants,
    )


def _decoded(recording: Readable | Sound, example: Readable | Sound | None, limits: Limits) -> list[Sound]:
    """The recording and, where there is one, the example."""
    given = [(recording, "recording")] + ([(example, "example")] if example is not None else [])
    return [_decoded_one(source, limits, role) for source, role in given]


def _connected(speech: Readable | Sound | None, limits: Limits) -> Sound | None:
    """Speech for the AVQI of a vowel. One that cannot be read leaves the AVQI out, and all else as it is."""
    try:
        return None if speech is None else _decoded_one(speech, limits, "recording")
    except UnusableRecording:
        return None


def _decoded_one(source: Readable | Sound, limits: Limits, role: str) -> Sound:
    return source if isinstance(source, Sound) else decode(source, limits=limits, role=role)


def _listen(
    sounds: Sequence[Sound], request: Request, progress: Progress, connected: Sound | None
) -> tuple[list[Utterance], list[tuple[Flag, ...]], list[Outcome], tuple[Formants, ...]]:
    """Everything that needs one recording only. The measures are the recording's, not the example's."""
    with progress.step("quality"):
        spectra = [spectrum(sound.samples) for sound in sounds]
        speech = [find_speech(each) for each in spectra]
        quality = [assess(*each) for each in zip(sounds, spectra, speech, strict=True)]
        flagged = [flags(sound, each, request.exercise) for sound, each in zip(sounds, quality, strict=True)]
    with progress.step("pitch"):
        tracks = [track_pitch(sound, len(each)) for sound, each in zip(sounds, spectra, strict=True)]
        for role, track, each in zip(("recording", "example"), tracks, speech, strict=False):
            require_speech(each, len(track.voiced), role)
        heard = [utterance(*each) for each in zip(sounds, spectra, speech, tracks, strict=True)]
    measured = [*quality_measures(quality[0]), *pitch_measures(tracks[0])]
    with progress.step("voice"):
        voice = listen_to_voice(heard[0], request, connected)
        measured += voice.measured
    with progress.step("timing"):
        measured += _timing(heard[0], request)
    return heard, flagged, measured, voice.formants


def _timing(heard: Utterance, request: Request) -> list[Outcome]:
    measured = [*pause_measures(heard), phonation_time(heard), *repetition_measures(heard)]
    spoken = syllable_count(request.text, request.language)
    return [*measured, *rate_measures(heard, spoken)]


def _pair(
    heard: Sequence[Utterance], flagged: Sequence[Sequence[Flag]], request: Request
) -> tuple[Utterance, Utterance] | None:
    """Recording and example, where they may be compared."""
    if request.exercise != "sentence" or len(heard) < 2 or any(_unfit(each) for each in flagged):
        return None
    return evened(heard[0], heard[1])


def _unfit(flagged: Iterable[Flag]) -> bool:
    return any(flag.severity == "unfit" for flag in flagged)


def _unpaired_reason(flagged: Sequence[Sequence[Flag]], request: Request) -> str:
    """Why recording and example are not compared, where they are not."""
    if request.exercise != "sentence":
        return "not_for_this_exercise"
    if any(flag.code == "another_sentence" for flag in flagged[0]):
        return "another_sentence"
    if _unfit(flagged[0]):
        return "unfit_recording"
    return "no_example" if len(flagged) < 2 else "unfit_example"


def _spoken(request: Request) -> tuple[SpokenSyllable, ...]:
    return mandarin_syllables(request.text) if request.language == "zh" else english_syllables(request.text)


def _listed_count(request: Request) -> int:
    return len(_spoken(request)) if request.marks else 0


def _syllables(
    request: Request,
    heard: Utterance,
    pair: tuple[Utterance, Utterance] | None,
    alignment: Alignment | None,
    unpaired: str,
) -> _Listed:
    """The text's syllables, with places where they can be had; `unpaired` says why there is no pair."""
    spoken = _spoken(request)
    if not spoken:
        return _Listed((), absent("npvi", "no_text"), {"syllables": "no_text"})
    if pair is None or alignment is None:
        return _unpaired(spoken, heard, unpaired)
    marks = request.marks or find_places(pair[1], len(spoken))
    if marks is None:
        reason = "not_measurable"
        return _Listed(listed(spoken), absent("npvi", reason), {"syllable_places": reason})
    found = compared(spoken, marks, *pair, alignment)
    lengths = [each.end - each.start for each in found if each.start is not None and each.end is not None]
    if request.language != "zh":  # cut by spelling: too coarse for a figure made of single lengths
        reasons = {"syllable_sounds": "not_for_this_language", "syllable_tones": "not_for_this_language"}
        return _Listed(found, absent("npvi", "not_for_this_language"), reasons, estimated=not request.marks)
    return _Listed(found, variability(lengths), {}, estimated=not request.marks)


def _unpaired(spoken: Sequence[SpokenSyllable], heard: Utterance, reason: str) -> _Listed:
    """Without an example only the contours, and the tones of syllables that stand alone; no sounds."""
    npvi = absent("npvi", reason if spoken[0].tone is not None else "not_for_this_language")
    if reason != "no_example" or spoken[0].tone is None:
        return _Listed(listed(spoken), npvi, {"syllable_places": reason})
    marks = trusted_places(heard, len(spoken))
    if marks is None:
        return _Listed(listed(spoken), npvi, {"syllable_places": "places_uncertain"})
    found = alone(spoken, marks, heard)
    missing = {"syllable_sounds": reason}
    if all(each.heard_tone is None for each in found):
        missing["syllable_tones"] = "running_speech" if len(spoken) > 1 else "not_measurable"
    return _Listed(found, npvi, missing, estimated=True)


def _suggestions(
    scored: Scored,
    syllables: _Listed,
    evidence: Evidence | None,
    pair: tuple[Utterance, Utterance] | None,
    flagged: Sequence[Sequence[Flag]],
) -> tuple[advice.Suggestion, ...]:
    if evidence is None or pair is None:
        return advice.record_again(flagged[0])
    return advice.suggest(scored, syllables.syllables, evidence, *pair)


def _caveats(
    evidence: Evidence | None,
    pair: tuple[Utterance, Utterance] | None,
    flagged: Sequence[Sequence[Flag]],
    syllables: _Listed,
) -> tuple[str, ...]:
    """What a reader of the scores must know."""
    if evidence is None or pair is None:
        return ("places_estimated",) if syllables.estimated else ()
    found = [] if can_tell(evidence, pair[1]) else ["same_sentence_unchecked"]
    found += ["calibrated_elsewhere", "pitch_by_design"]
    if syllables.estimated:
        found.append("places_estimated")
    if any(each.tone_score is not None for each in syllables.syllables):
        found.append("tones_unproven")
    found += [
        code for code, each in zip(("doubtful_recording", "doubtful_example"), flagged, strict=False) if each
    ]
    return tuple(found)


def _table(
    measured: Iterable[Outcome], request: Request, heard: Utterance, flagged: Sequence[Flag]
) -> tuple[tuple[Measured, ...], dict[str, str]]:
    """Every row of the table of measures, as a value or as a reason why there is none."""
    norm = partial(
        norm_for,
        exercise=request.exercise,
        speaker=request.speaker,
        speech_seconds=heard.speech.seconds,
        flags=[flag.code for flag in flagged],
    )
    found = {each.name: each for each in measured}
    values: list[Measured] = []
    missing: dict[str, str] = {}
    for row in MEASURES:
        if request.exercise not in row.exercises:
            missing[row.name] = "not_for_this_exercise"
        elif (value := found[row.name].value) is None:
            missing[row.name] = found[row.name].reason or "not_measurable"
        else:
            values.append(Measured(row.name, value, row.unit, norm(row.name)))
    return tuple(values), missing
