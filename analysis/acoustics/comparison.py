"""Syllable by syllable: which was off, and in what: sounds, tone or length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.acoustics.alignment import Alignment
from analysis.acoustics.arrays import Floats
from analysis.acoustics.likeness import likeness
from analysis.acoustics.melody import Melody, follow_melody
from analysis.acoustics.request import Mark
from analysis.acoustics.sounds import SoundModel, hear_sounds, hear_syllables, sound_evidence, sound_model
from analysis.acoustics.spectrum import HOP
from analysis.acoustics.syllables import Syllable, listed
from analysis.acoustics.text import SpokenSyllable, zhuyin_parts
from analysis.acoustics.tones import (
    TONES,
    ToneModel,
    contour,
    named,
    same_tone,
    tone_distance,
    tone_model,
    tone_model_for,
    tone_vectors,
)
from analysis.acoustics.utterance import Utterance

# Against its own tempo: in fluent reading a syllable stays well within these.
LONG, SHORT = 1.8, 0.55
_MISSING = 0.45  # near the alignment's steepest slope, 1/3: the recording has next to nothing there
_COINCIDE = 1.0  # distance of two contours; of one tone by two voices it is about 3
_WARP_FROM = 4  # syllables: a vocal-tract warp chosen on fewer flatters a wrong one


@dataclass(frozen=True, slots=True, eq=False)
class ToneEvidence:
    """What is known of the tone of one syllable in both recordings.

    Attributes
    ----------
    contours : tuple of np.ndarray [shape=(30,)] or None
        Recording's and example's.
    beliefs : tuple of np.ndarray [shape=(4,)]
        Probability of each tone, likewise.
    """

    contours: tuple[Floats | None, Floats | None]
    beliefs: tuple[Floats, Floats]

    @property
    def distance(self) -> float | None:
        """Of the two contours; None where one is missing."""
        mine, goal = self.contours
        return None if mine is None or goal is None else tone_distance(mine, goal)


def compared(
    spoken: Sequence[SpokenSyllable],
    marks: Sequence[Mark],
    recording: Utterance,
    example: Utterance,
    alignment: Alignment,
) -> tuple[Syllable, ...]:
    """The text's syllables, compared one by one.

    Parameters
    ----------
    spoken : sequence of SpokenSyllable
    marks : sequence of Mark
        Their places in the example, one each.
    recording, example : Utterance
    alignment : Alignment
        Of the two; it carries the places to the recording.
    """
    heard = (recording, example)
    places = (carried(alignment, marks), list(marks))
    ratios = length_ratios(recording, example, *places)
    placed = [
        replace(
            each,
            start=here.start,
            end=here.end,
            example_start=there.start,
            example_end=there.end,
            length_ratio=ratio,
        )
        for each, here, there, ratio in zip(listed(spoken), *places, ratios, strict=True)
    ]
    if spoken[0].word:  # the models of sounds and tones know Mandarin only
        return tuple(_found(each) for each in placed)
    melodies = (_melody(recording), _melody(example))
    sounds = compare_sounds(heard, melodies, places, alignment.warp, sound_model())
    tones = compare_tones(heard, melodies, places, tone_model_for(len(marks)))
    return tuple(
        _found(_with_tone(_with_sounds(each, evidence), tone))
        for each, evidence, tone in zip(placed, sounds, tones, strict=True)
    )


def carried(alignment: Alignment, marks: Sequence[Mark]) -> list[Mark]:
    """The example's marks on the recording."""
    return [Mark(*alignment.carry(mark.start, mark.end)) for mark in marks]


def _melody(heard: Utterance) -> Melody:
    return follow_melody(heard.sound, len(heard.spectrum))


def compare_sounds(
    heard: tuple[Utterance, Utterance],
    melodies: tuple[Melody, Melody],
    places: tuple[list[Mark], list[Mark]],
    warp: float,
    model: SoundModel,
) -> Floats:
    """Evidence (k, 3) of `sound_evidence` for each syllable of recording and example."""
    warps = (warp if len(places[0]) >= _WARP_FROM else 1.0, 1.0)
    mine, goal = (
        hear_syllables(hear_sounds(each, melody, model.ground, factor), marks, model)
        for each, melody, marks, factor in zip(heard, melodies, places, warps, strict=True)
    )
    return sound_evidence(mine, goal, model)


def compare_tones(
    heard: tuple[Utterance, Utterance],
    melodies: tuple[Melody, Melody],
    places: tuple[list[Mark], list[Mark]],
    model: ToneModel,
) -> list[ToneEvidence]:
    """Contours and beliefs of each syllable of recording and example."""
    sides = [
        [
            (
                contour(each, melody, mark.start, mark.end),
                model.beliefs(tone_vectors(each, melody, mark.start, mark.end)),
            )
            for mark in marks
        ]
        for each, melody, marks in zip(heard, melodies, places, strict=True)
    ]
    return [ToneEvidence((mine[0], goal[0]), (mine[1], goal[1])) for mine, goal in zip(*sides, strict=True)]


def _with_sounds(syllable: Syllable, evidence: Floats) -> Syllable:
    initial, final = zhuyin_parts(syllable.zhuyin)
    return replace(
        syllable,
        segment_score=likeness("segment")(evidence),
        initial_score=likeness("initial")(evidence[1:2]) if initial else None,
        final_score=likeness("final")(evidence[2:3]) if final else None,
    )


def _with_tone(syllable: Syllable, tone: ToneEvidence) -> Syllable:
    mine, goal = tone.contours
    placed = replace(
        syllable,
        contour=None if mine is None else tuple(mine.tolist()),
        example_contour=None if goal is None else tuple(goal.tolist()),
    )
    if tone.distance is None:
        return placed
    # The Gaussians know tones said alone. Where they do not know the example's, they say nothing of the patient's.
    if syllable.tone not in TONES or named(tone.beliefs[1]) != syllable.tone:
        return replace(placed, tone_score=likeness("contour")([-tone.distance]))
    score = likeness("tone")([same_tone(*tone.beliefs), -tone.distance])
    return replace(
        placed,
        # Curves that all but coincide are one tone, even one between two tones.
        tone_score=max(score, likeness("contour")([-tone.distance])) if tone.distance < _COINCIDE else score,
        heard_tone=named(tone.beliefs[0]),
        example_heard_tone=syllable.tone,
    )


def _found(syllable: Syllable) -> Syllable:
    return replace(syllable, findings=tuple(_findings(syllable)))


def _findings(syllable: Syllable) -> list[str]:
    ratio = syllable.length_ratio or 1.0
    segment_off = _below(syllable.segment_score, "segment")
    if segment_off and ratio < _MISSING:
        return ["missing"]
    found = _sound_findings(syllable) if segment_off else []
    if syllable.tone_score is not None:
        of = "contour" if syllable.example_heard_tone is None else "tone"
        if _below(syllable.tone_score, of):
            found.append("tone_off")
    if ratio > LONG:
        found.append("too_long")
    elif ratio < SHORT:
        found.append("too_short")
    return found


def _sound_findings(syllable: Syllable) -> list[str]:
    """Which part of the syllable, where only one of them stands out; otherwise the whole."""
    initial, final = _below(syllable.initial_score, "initial"), _below(syllable.final_score, "final")
    if initial == final:
        return ["segment_off"]
    return ["segment_off", "initial_off" if initial else "final_off"]


def _below(score: float | None, of: str) -> bool:
    return score is not None and score < likeness(of).off_below


def length_ratios(
    recording: Utterance, example: Utterance, here: Sequence[Mark], there: Sequence[Mark]
) -> list[float]:
    """Length of each syllable, recording over example, over the median of these ratios."""
    ratios = _spoken_frames(recording, here) / _spoken_frames(example, there)
    return [float(ratio) for ratio in ratios / np.median(ratios)]


def _spoken_frames(utterance: Utterance, marks: Sequence[Mark]) -> Floats:
    """Frames of speech in each place, at least one: a pause between two syllables makes neither longer."""
    first = np.searchsorted(utterance.speech.frames, [round(mark.start / HOP) for mark in marks])
    stop = np.searchsorted(utterance.speech.frames, [round(mark.end / HOP) for mark in marks])
    frames: Floats = np.maximum(stop - first, 1).astype(np.float64)
    return frames


def alone(spoken: Sequence[SpokenSyllable], marks: Sequence[Mark], heard: Utterance) -> tuple[Syllable, ...]:
    """Without an example: places, contours, and the tones of syllables said one by one.

    Parameters
    ----------
    spoken : sequence of SpokenSyllable
    marks : sequence of Mark
        Their places in the recording, one each.
    """
    melody = _melody(heard)
    # The Gaussians were fitted on single syllables. In running speech they name under half of them rightly.
    one_by_one = len(heard.speech.pauses) >= len(spoken) - 1
    return tuple(
        _alone(replace(each, start=mark.start, end=mark.end), mark, (heard, melody), one_by_one)
        for each, mark in zip(listed(spoken), marks, strict=True)
    )


def _alone(syllable: Syllable, mark: Mark, heard: tuple[Utterance, Melody], one_by_one: bool) -> Syllable:
    mine = contour(*heard, mark.start, mark.end)
    if mine is None:
        return syllable
    syllable = replace(syllable, contour=tuple(mine.tolist()))
    if not one_by_one or syllable.tone not in TONES:
        return syllable
    beliefs = tone_model("alone").beliefs(tone_vectors(*heard, mark.start, mark.end))
    expected = np.eye(len(TONES))[syllable.tone - 1]
    score = likeness("lexical")([same_tone(beliefs, expected)])
    found = ("tone_off",) if score < likeness("lexical").off_below else ()
    return replace(syllable, tone_score=score, heard_tone=named(beliefs), findings=found)
