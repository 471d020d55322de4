"""A stand-in for a real patient: another voice, another device, four of seventeen syllables wrong, 14 % slower."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.acoustics import Analysis, Sound, UnusableRecording, analyze
from analysis.acoustics.many import in_order
from analysis.acoustics.sentence_trials import joined, other_syllable
from analysis.acoustics.syllable_tokens import Token
from bench.accuracy.figure import Figure, interval, mean_of
from bench.accuracy.spoken import matched
from bench.disturbing import by_opus, hum
from bench.perturbing import as_another, slowed

_SYLLABLES, _WRONG, _SLOWER = 17, 4, 1.14
_STRANGERS = 100
_APART = 4.0  # semitones between two speakers' centres, from which they pass for man and woman
_HIGHEST, _LOWEST = 90.0, 40.0


@dataclass(frozen=True, slots=True, eq=False)
class _Try:
    """What somebody says where the example's sentence was asked for; `wrong` is None for a stranger."""

    patient: int
    recording: Sound
    example: Sound
    text: str
    wrong: tuple[int, ...] | None


def figures(tokens: Sequence[Token], patients: int) -> Iterator[Figure]:
    """Of so many patients, the first of whom is held against a hundred strangers."""
    pairs = matched(tokens)
    if len(pairs) < 3 * _SYLLABLES:
        yield Figure("stand-in patient", None, "points", 0, 2, note="too few characters said by both")
        return
    tries = [each for number in range(patients) for each in _tries(pairs, number)]
    taken = [
        (each, found)
        for each, found in zip(tries, in_order(_analysed, tries), strict=True)
        if isinstance(found, Analysis)
    ]
    yield from _patients([each for each in taken if each[0].wrong is not None])
    yield from _strangers(taken)


def _analysed(given: _Try) -> Analysis | None:
    try:
        return analyze(given.recording, given.example, text=given.text)
    except UnusableRecording:
        return None


def _tries(pairs: Sequence[tuple[Token, Token]], number: int) -> Iterator[_Try]:
    draw = np.random.default_rng(100 + number)
    order = draw.permutation(len(pairs))
    said = [pairs[at] for at in order[:_SYLLABLES]]
    goal = [theirs for _, theirs in said]
    mine = [mine for mine, _ in said]
    text = "".join(token.character for token in mine)
    wrong = sorted(int(at) for at in draw.permutation(_SYLLABLES)[:_WRONG])
    for at in wrong:
        mine[at] = other_syllable([each for each, _ in pairs], goal[at], draw)
    example = joined(goal)[0].sound
    yield _Try(number, _on_a_phone(_apart(joined(mine)[0].sound, pairs)), example, text, tuple(wrong))
    for stranger in range(_STRANGERS if number == 0 else 0):
        yield _Try(number, _stranger(pairs, order[_SYLLABLES:], stranger, draw), example, text, None)


def _apart(sound: Sound, pairs: Sequence[tuple[Token, Token]]) -> Sound:
    """A voice of the other sex than the example's: the two speakers', or where they are alike a changed one."""
    mine, theirs = (float(np.median([pair[side].melodies[0].centre for pair in pairs])) for side in (0, 1))
    if abs(mine - theirs) >= _APART:
        return sound
    return as_another(sound, 0.85, 120.0) if _hertz(theirs) > 160 else as_another(sound, 1.18, 210.0)


def _hertz(semitones: float) -> float:
    """`Melody.centre` is in semitones above 1 Hz."""
    return float(2 ** (semitones / 12))


def _on_a_phone(sound: Sound) -> Sound:
    return by_opus(hum(slowed(sound, _SLOWER), 35))


def _stranger(
    pairs: Sequence[tuple[Token, Token]], order: np.ndarray[tuple[int, ...], np.dtype[np.int64]], number: int,
    draw: np.random.Generator,
) -> Sound:  # fmt: skip
    """Seventeen other characters by one of the two, made into a voice of its own."""
    chosen = draw.permutation(order)[:_SYLLABLES]
    sound = joined([pairs[at][number % 2] for at in chosen])[0].sound
    sound = as_another(sound, float(draw.uniform(0.85, 1.18)), float(draw.uniform(100, 260)))
    return by_opus(slowed(sound, float(draw.uniform(0.85, 1.3))))


def _patients(taken: Sequence[tuple[_Try, Analysis]]) -> Iterator[Figure]:
    whose = [str(given.patient) for given, _ in taken]
    count = len(taken)
    right = [float(found.scores.overall is not None) for _, found in taken]
    yield Figure(
        "stand-in patient: taken for the right sentence", float(np.mean(right)) if right else None, "share", count, 2,
        aim=1.0, interval=interval(mean_of(right), whose), over="patients",
    )  # fmt: skip
    overall = [found.scores.overall for _, found in taken if found.scores.overall is not None]
    if not overall:
        return
    median = float(np.median(overall))
    yield Figure("stand-in patient: median overall score", median, "points", len(overall), 2)
    yield Figure(
        "stand-in patient: highest overall score",
        max(overall),
        "points",
        len(overall),
        2,
        aim=_HIGHEST,
        most=True,
    )
    yield Figure(
        "stand-in patient: lowest overall score", min(overall), "points", len(overall), 2, aim=_LOWEST
    )
    for lowest in (_WRONG, 2 * _WRONG):
        shares = [
            _share_among(given, found, lowest) for given, found in taken if found.scores.overall is not None
        ]
        name = f"stand-in patient: wrong syllables among the {lowest} lowest of {_SYLLABLES}"
        kept = [str(at) for at in range(len(shares))]
        yield Figure(
            name, float(np.mean(shares)), "share", len(shares), 2,
            interval=interval(mean_of(shares), kept), over="patients",
        )  # fmt: skip


def _share_among(given: _Try, found: Analysis, lowest: int) -> float:
    scores = [100.0 if each.segment_score is None else each.segment_score for each in found.syllables]
    order = np.argsort(scores, kind="stable")[:lowest]
    return len(set(order.tolist()) & set(given.wrong or ())) / _WRONG


def _strangers(taken: Sequence[tuple[_Try, Analysis]]) -> Iterator[Figure]:
    """Those of the first patient."""
    strangers = [found for given, found in taken if given.wrong is None]
    own = [found for given, found in taken if given.wrong is not None and given.patient == 0]
    count = len(strangers)
    if not strangers or not own:
        return
    scores = [found.scores.overall for found in strangers]
    refused = [float(any(flag.code == "another_sentence" for flag in found.flags)) for found in strangers]
    yield Figure(
        "stand-in patient: strangers refused", float(np.mean(refused)), "share", count, count, aim=0.98
    )
    mine = own[0].scores.overall
    below = [float(score is None or (mine is not None and score < mine)) for score in scores]
    yield Figure(
        "stand-in patient: strangers below the patient", float(np.mean(below)), "share", count, count, aim=1.0
    )
    known = [score for score in scores if score is not None]
    note = "" if known else "all were refused, and have no score"
    yield Figure(
        "stand-in patient: highest stranger",
        max(known) if known else None,
        "points",
        len(known),
        count,
        note=note,
    )
