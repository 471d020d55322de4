"""Recordings and examples to change: from rated speakers, and sentences joined from two speakers' syllables."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from analysis.acoustics import Sound, UnusableRecording, decode
from analysis.acoustics.rated import only, rated_rows, sentence_of
from analysis.acoustics.sentence_trials import joined
from analysis.acoustics.syllable_tokens import Token
from bench.accuracy.changed import Case

_LENGTH = 8


def rated_cases(folder: Path, limit: int, language: str) -> list[Case]:
    """So many recordings, spread over the speakers; each with one of another sentence by somebody else."""
    chosen = _spread(rated_rows(folder), limit)
    read = [(row, sounds) for row in chosen if (sounds := _read(folder, row))]
    ordered = sorted(read, key=lambda each: each[1][0].seconds)
    cases = []
    for row, (recording, example) in read:
        stranger = _stranger(ordered, row)
        if stranger is not None:
            text = row.get("text", "")
            cases.append(Case(row["utterance"], row["speaker"], recording, example, stranger, text, language))
    return cases


def _spread(rows: Sequence[dict[str, str]], limit: int) -> list[dict[str, str]]:
    """The speakers in turn, until there are enough; a fixed seed."""
    draw = np.random.default_rng(0)
    waiting: dict[str, list[dict[str, str]]] = {}
    for at in draw.permutation(len(rows)):
        waiting.setdefault(rows[at]["speaker"], []).append(rows[at])
    turns = max((len(each) for each in waiting.values()), default=0)
    return [each[turn] for turn in range(turns) for each in waiting.values() if turn < len(each)][:limit]


def _read(folder: Path, row: Mapping[str, str]) -> tuple[Sound, Sound] | None:
    name = row["utterance"]
    try:
        return decode(only(folder / "audio", name)), decode(only(folder / "example", name))
    except (UnusableRecording, OSError) as error:
        print(f"left out: {name}: {error}", file=sys.stderr)
        return None


def _stranger(
    ordered: Sequence[tuple[dict[str, str], tuple[Sound, Sound]]], row: Mapping[str, str]
) -> Sound | None:
    """The recording next in length, of another sentence by another speaker."""
    at = next(index for index, (each, _) in enumerate(ordered) if each is row)
    for other, (recording, _) in (*ordered[at:], *reversed(ordered[:at])):
        if other["speaker"] != row["speaker"] and sentence_of(other) != sentence_of(row):
            return recording
    return None


def matched(tokens: Sequence[Token]) -> list[tuple[Token, Token]]:
    """Characters of the one voice, with the same syllable and tone of the other."""
    theirs = {(token.base, token.tone): token for token in tokens if not token.patient}
    return [
        (token, theirs[token.base, token.tone])
        for token in tokens
        if token.patient and (token.base, token.tone) in theirs
    ]


def joined_cases(tokens: Sequence[Token], limit: int) -> Iterator[Case]:
    """Sentences of eight characters said right; the stranger is the example's voice, saying eight others."""
    pairs = matched(tokens)
    draw = np.random.default_rng(5)
    if len(pairs) < 2 * _LENGTH:
        return
    for number in range(limit):
        order = draw.permutation(len(pairs))
        said = [pairs[at] for at in order[:_LENGTH]]
        others = [pairs[at][1] for at in order[_LENGTH : 2 * _LENGTH]]
        recording, example, stranger = (
            joined(each)[0].sound for each in ([mine for mine, _ in said], [goal for _, goal in said], others)
        )
        text = "".join(mine.character for mine, _ in said)
        yield Case(f"sentence {number}", f"sentence {number}", recording, example, stranger, text, "zh")
