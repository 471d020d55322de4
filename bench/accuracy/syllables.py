"""Tones and sounds of single syllables, and one wrong syllable in a sentence, bases held out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from analysis.acoustics.arrays import Bools, Floats
from analysis.acoustics.likeness import likeness
from analysis.acoustics.many import Died, in_order
from analysis.acoustics.sentence_trials import (
    Models,
    Sentence,
    SentenceTrial,
    drawn_sentences,
    evidence_of,
    fit_maps,
    models_without,
)
from analysis.acoustics.sounds import sound_model
from analysis.acoustics.syllable_tokens import Token
from analysis.acoustics.syllable_trials import FOLDS, SoundTrial, ToneTrial, folds
from analysis.acoustics.tones import tone_model
from bench.accuracy.figure import Figure, area_of, interval, mean_of

_SHIPPED = "models of the repository: no held-out figure where they were fitted on these data"
_LENGTH = 8
_LEAST = 3 * _LENGTH  # characters of each half of the bases

# What the forked processes share without a copy.
_tokens: Sequence[Token] = ()
_models: Sequence[Models] = ()
_sentences: Sequence[Sentence] = ()


def figures(tokens: Sequence[Token]) -> Iterator[Figure]:
    """Everything that is taken on single syllables, and the one wrong of eight."""
    global _tokens, _models, _sentences  # noqa: PLW0603 - set before the fork, read after it
    _tokens = tokens
    yield from _tones(ToneTrial.run(tokens), "base and patient's voice held out")
    yield from _tones(ToneTrial.run(tokens, tone_model("alone")), "models of the repository", note=_SHIPPED)
    if min(_said_by_both(tokens)) < _LEAST:
        yield Figure("one wrong syllable", None, "share", 0, 2, note=f"fewer than {_LEAST} characters a half")
        return
    _models = [each for each in in_order(_fit_half, (0, 1), method="fork") if not isinstance(each, Died)]
    _sentences = drawn_sentences(tokens)
    halves = _halves()
    maps = [fit_maps(halves[half]) for half in (0, 1)]
    yield from _one_wrong(halves, maps)
    yield from _sounds(_joined_folds(shipped=False), maps, folds(tokens, 2))
    segment = likeness("segment")
    shipped = {"weights": segment.weights, "bias": segment.bias}
    yield from _sounds(
        _joined_folds(shipped=True), [{"segment": shipped}] * 2, folds(tokens, 2), shipped=True
    )


def _said_by_both(tokens: Sequence[Token]) -> list[int]:
    """How many characters of each half of the bases the other voice has as well."""
    half = folds(tokens, 2)
    theirs = {(token.base, token.tone) for token in tokens if not token.patient}
    mine = [half[token.base] for token in tokens if token.patient and (token.base, token.tone) in theirs]
    return [mine.count(0), mine.count(1)]


def _tones(trial: ToneTrial, how: str, note: str = "") -> Iterator[Figure]:
    count = len(trial.odds)
    if not count:
        yield Figure(f"tone, which of four, {how}", None, "share", 0, 2, note="no syllable in all four tones")
        return
    hits = trial.hits()
    yield Figure(
        f"tone, which of four, {how}", float(hits.mean()), "share", count, 2, aim=0.96,
        interval=interval(mean_of(hits.astype(np.float64)), trial.bases), over="bases", note=note,
    )  # fmt: skip
    yield Figure(
        f"tone, right against wrong, {how}", trial.area(), "AUC", count, 2, aim=0.99,
        interval=interval(trial.area, trial.bases), over="bases", note=note,
    )  # fmt: skip


def _fit_half(half: int) -> Models:
    return models_without(_tokens, half)


def _evidence_of(number: int) -> SentenceTrial:
    sentence = _sentences[number]
    return evidence_of(sentence, _models[sentence.half])


def _halves() -> list[SentenceTrial]:
    """What the sentences of each half gave, by models fitted on the other."""
    halves = [SentenceTrial(), SentenceTrial()]
    found = in_order(_evidence_of, range(len(_sentences)), method="fork")
    for sentence, each in zip(_sentences, found, strict=True):
        if not isinstance(each, Died):
            halves[sentence.half].join(each)
    return halves


def _one_wrong(halves: Sequence[SentenceTrial], maps: Sequence[dict[str, Any]]) -> Iterator[Figure]:
    """Weights from the other half's sentences."""
    for places, aim in (("found", 0.85), ("marked", None)):
        ranks = [
            rank
            for half, trial in enumerate(halves)
            for rank in trial.ranks(places, np.array(maps[1 - half]["segment"]["weights"]))
        ]
        yield Figure(
            f"one wrong of {_LENGTH} syllables ranked lowest, boundaries {places}, bases held out",
            float(np.mean(ranks)), "share", len(ranks), 2, aim=aim,
            interval=interval(mean_of(ranks), [str(at) for at in range(len(ranks))]), over="sentences",
        )  # fmt: skip


def _fold(number: int, *, shipped: bool) -> SoundTrial:
    return SoundTrial.of_fold(_tokens, number, sound_model() if shipped else None)


def _joined_folds(*, shipped: bool) -> SoundTrial:
    trial = SoundTrial()
    for found in in_order(partial(_fold, shipped=shipped), range(FOLDS), method="fork"):
        if not isinstance(found, Died):
            trial.join(found)
    return trial


def _sounds(
    trial: SoundTrial, maps: Sequence[dict[str, Any]], half: dict[str, int], *, shipped: bool = False
) -> Iterator[Figure]:
    """Areas of the whole evidence, weighed by the other half's map, and of each part's own."""
    how, note = ("models of the repository", _SHIPPED) if shipped else ("bases held out", "")

    def odds(kind: str) -> Floats:
        rows = [
            maps[1 - half[base]]["segment"]["bias"]
            + float(np.dot(evidence, maps[1 - half[base]]["segment"]["weights"]))
            for evidence, base in zip(trial.pairs[kind], trial.bases[kind], strict=True)
        ]
        return np.array(rows)

    known = {kind: odds(kind) for kind in trial.pairs}
    others = ("initial", "final", "both")
    yield _area("segments, right against wrong", known, trial, others, how, 0.98, note)
    yield _area("segments, only the initial wrong", known, trial, ("initial",), how, 0.93, note)
    yield _area("segments, only the final wrong", known, trial, ("final",), how, None, note)
    for at, part in ((1, "initial"), (2, "final")):
        own = {kind: np.array([row[at] for row in pairs]) for kind, pairs in trial.pairs.items()}
        yield _area(f"{part} by its own evidence, only it wrong", own, trial, (part,), how, None, note)


def _area(
    name: str,
    known: dict[str, Floats],
    trial: SoundTrial,
    wrong: Sequence[str],
    how: str,
    aim: float | None,
    note: str,
) -> Figure:
    values = np.concatenate([known["same"], *(known[kind] for kind in wrong)])
    right: Bools = np.arange(len(values)) < len(known["same"])
    whose = [base for kind in ("same", *wrong) for base in trial.bases[kind]]
    found = area_of(values, right)
    bounds = interval(lambda at: area_of(values[at], right[at]), whose, draws=200)
    return Figure(
        f"{name}, {how}", found, "AUC", len(values), 2, aim=aim, interval=bounds, over="bases", note=note
    )
