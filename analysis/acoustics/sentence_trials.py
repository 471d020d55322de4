"""Sentences joined from held-out syllables, one of which is wrong, and the maps from evidence to scores.

`fit_syllables` writes the maps to `likeness.json`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from analysis.acoustics.alignment import align
from analysis.acoustics.arrays import Floats
from analysis.acoustics.comparison import carried, compare_sounds, compare_tones
from analysis.acoustics.melody import follow_melody
from analysis.acoustics.places import find_places
from analysis.acoustics.request import Mark
from analysis.acoustics.sound import RATE, Sound
from analysis.acoustics.sounds import SoundModel
from analysis.acoustics.syllable_fitting import fit_likeness, fit_tones
from analysis.acoustics.syllable_tokens import Token, fit_sounds, listen, tone_vectors_of
from analysis.acoustics.syllable_trials import difference, folds
from analysis.acoustics.tones import ToneModel, read_tone_model, same_tone
from analysis.acoustics.utterance import Utterance

_SENTENCES, _LENGTH = 300, 8
_METHOD = (
    "logistic regression of right against wrong, both weighing alike, on 300 sentences of eight held-out syllables "
    "joined without gaps (every second wrong syllable differs in its initial or final only), places marked on the "
    "example and carried by the alignment; tones without the patient's voice; the score is that probability over its "
    "value at `best`"
)
_PAD = 0.2  # s of silence about a sentence


@dataclass
class SentenceTrial:
    """What the syllables of sentences gave: rows of evidence, and what was put in."""

    sounds: list[Floats] = field(default_factory=list)
    tones: list[tuple[float, float]] = field(default_factory=list)
    lexical: list[float] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)  # right, tone, initial, final, both
    toned: list[bool] = field(default_factory=list)  # whether the contours could be had
    # The sounds of each whole sentence, by how its places were had, and which syllable is wrong.
    whole: dict[str, list[tuple[Floats, int]]] = field(default_factory=lambda: {"marked": [], "found": []})

    @classmethod
    def run(cls, tokens: Sequence[Token]) -> SentenceTrial:
        """Sentences of held-out syllables, joined without gaps.

        Eight characters of one voice against the same syllables of the other; one is another syllable, one has
        another tone. Places marked on the example, carried by the alignment; and found.
        """
        trial = cls()
        for said in sentences(tokens):
            trial.join(said)
        return trial

    def join(self, other: SentenceTrial) -> None:
        """Take in another sentence."""
        for name in ("sounds", "tones", "lexical", "kinds", "toned"):
            getattr(self, name).extend(getattr(other, name))
        for places in self.whole:
            self.whole[places] += other.whole[places]

    def ranks(self, places: str, weights: Floats) -> list[bool]:
        """Of each sentence whether its wrong syllable is the one most unlike."""
        return [int(np.argmin(sounds @ weights)) == wrong for sounds, wrong in self.whole[places]]


Models = tuple[SoundModel, ToneModel, ToneModel]  # of sounds; of tones in speech; of tones alone


@dataclass(frozen=True)
class Sentence:
    """What one voice says, what the other's example is, and which syllable is wrong.

    `half` is the half of the bases that its syllables are of.
    """

    half: int
    said: list[Token]
    goal: list[Token]
    wrong: int


def drawn_sentences(
    tokens: Sequence[Token], count: int = _SENTENCES, length: int = _LENGTH
) -> list[Sentence]:
    """Sentences whose syllables are all of one half of the bases, the halves taking turns; a fixed seed."""
    fold = folds(tokens, 2)
    draw = np.random.default_rng(2)
    halves = [[token for token in tokens if fold[token.base] == half] for half in (0, 1)]
    return [_drawn(halves[number % 2], number % 2, length, draw) for number in range(count)]


def models_without(tokens: Sequence[Token], half: int) -> Models:
    """Fitted on the other half of the bases; those of tones without the patient's voice."""
    fold = folds(tokens, 2)
    return _models([token for token in tokens if fold[token.base] != half])


def sentences(tokens: Sequence[Token]) -> Iterator[SentenceTrial]:
    """What each drawn sentence gives."""
    models = [models_without(tokens, half) for half in (0, 1)]
    for sentence in drawn_sentences(tokens):
        yield evidence_of(sentence, models[sentence.half])


def likeness_maps(tokens: Sequence[Token]) -> dict[str, Any]:
    """The maps of `likeness.json`, fitted on `SentenceTrial`."""
    trial = SentenceTrial.run(tokens)
    maps = fit_maps(trial)
    weights = np.array(maps["segment"]["weights"])
    for places in ("marked", "found"):
        maps[f"wrong_syllable_lowest_places_{places}"] = round(
            float(np.mean(trial.ranks(places, weights))), 3
        )
    return {"method": _METHOD} | maps


def _models(tokens: Sequence[Token]) -> tuple[SoundModel, ToneModel, ToneModel]:
    # Without the patient's voice, as in `tones_alone`: the maps must hold for one who was never heard.
    vectors, tones = tone_vectors_of([token for token in tokens if not token.patient])
    alone, in_speech = fit_tones(vectors[:, 1:], tones), fit_tones(vectors, tones)
    return fit_sounds(tokens), read_tone_model(in_speech), read_tone_model(alone)


def _drawn(tokens: Sequence[Token], half: int, length: int, draw: np.random.Generator) -> Sentence:
    mine = [token for token in tokens if token.patient]
    theirs = {(token.base, token.tone): token for token in tokens if not token.patient}
    pool = [token for token in mine if (token.base, token.tone) in theirs]
    said = [pool[at] for at in draw.permutation(len(pool))[:length]]
    goal = [theirs[token.base, token.tone] for token in said]
    wrong, off = (int(at) for at in draw.permutation(length)[:2])
    said[wrong] = other_syllable(pool, goal[wrong], draw)
    others = [token for token in mine if token.base == goal[off].base and token.tone != goal[off].tone]
    if others:
        said[off] = others[int(draw.integers(len(others)))]
    return Sentence(half, said, goal, wrong)


def evidence_of(sentence: Sentence, models: Models) -> SentenceTrial:
    """What one sentence gives."""
    evidence = SentenceTrial()
    said, goal, wrong = sentence.said, sentence.goal, sentence.wrong
    (recording, _), (example, marks) = (joined(each) for each in (said, goal))
    alignment = align(recording, example)
    heard = (recording, example)
    melodies = (
        follow_melody(recording.sound, len(recording.spectrum)),
        follow_melody(example.sound, len(example.spectrum)),
    )
    for places in ("marked", "found"):
        here = marks if places == "marked" else find_places(example, len(goal))
        if here is None:
            continue
        both = (carried(alignment, here), list(here))
        sounds = compare_sounds(heard, melodies, both, alignment.warp, models[0])
        evidence.whole[places].append((sounds, wrong))
        if places == "found":
            continue
        tones = compare_tones(heard, melodies, both, models[1])
        for at, (row, tone) in enumerate(zip(sounds, tones, strict=True)):
            evidence.kinds.append(_kind(said[at], goal[at]))
            evidence.sounds.append(row)
            distance = tone.distance
            evidence.toned.append(distance is not None)
            evidence.tones.append((same_tone(*tone.beliefs), -(distance or 0.0)))
            # Which tone alone: the token as it was recorded, by a model that does not know its base.
            beliefs = models[2].beliefs(said[at].tones)
            evidence.lexical.append(same_tone(beliefs, np.eye(4)[goal[at].tone - 1]))
    return evidence


def other_syllable(pool: Sequence[Token], goal: Token, draw: np.random.Generator) -> Token:
    """Another syllable with the same tone; every second time one that differs in its initial or final only."""
    same_tone_others = [each for each in pool if each.tone == goal.tone and each.base != goal.base]
    near = [each for each in same_tone_others if difference(each, goal) in ("initial", "final")]
    chosen = near if near and draw.random() < 0.5 else same_tone_others
    return chosen[int(draw.integers(len(chosen)))]


def _kind(said: Token, goal: Token) -> str:
    kind = difference(said, goal)
    if kind != "same":
        return kind
    return "right" if said.tone == goal.tone else "tone"


def joined(tokens: Sequence[Token]) -> tuple[Utterance, list[Mark]]:
    """One sentence without gaps, each syllable as loud as the next, and where each one is."""
    pieces = []
    for token in tokens:
        samples = token.heard[0].sound.samples[round(token.mark.start * RATE) : round(token.mark.end * RATE)]
        pieces.append(samples / (np.abs(samples).max() + 1e-9) * 0.5)
    silence = np.zeros(round(_PAD * RATE), dtype=np.float32)
    joined = np.concatenate([silence, *pieces, silence])
    edges = _PAD + np.cumsum([0, *(len(piece) for piece in pieces)]) / RATE
    noise = np.random.default_rng(0).normal(0, 3e-4, len(joined))
    return listen(Sound.of(joined + noise)), [Mark(float(a), float(b)) for a, b in pairwise(edges)]


def fit_maps(evidence: SentenceTrial) -> dict[str, Any]:
    """Right against wrong, for each map of `likeness.json`."""
    kinds = np.array(evidence.kinds)
    sounds, tones, lexical = (
        np.array(evidence.sounds),
        np.array(evidence.tones),
        np.array(evidence.lexical)[:, None],
    )
    sounding = np.isin(kinds, ("right", "tone"))
    toned = np.array(evidence.toned)
    in_tone, off_tone = toned & (kinds == "right"), toned & (kinds == "tone")
    chosen: Mapping[str, Callable[[], dict[str, Any]]] = {
        "segment": lambda: fit_likeness(sounds[sounding], sounds[~sounding]),
        "initial": lambda: fit_likeness(
            sounds[sounding][:, 1:2], sounds[np.isin(kinds, ("initial", "both"))][:, 1:2]
        ),
        "final": lambda: fit_likeness(
            sounds[sounding][:, 2:3], sounds[np.isin(kinds, ("final", "both"))][:, 2:3]
        ),
        "tone": lambda: fit_likeness(tones[in_tone], tones[off_tone]),
        "contour": lambda: fit_likeness(tones[in_tone][:, 1:], tones[off_tone][:, 1:]),
        "lexical": lambda: fit_likeness(lexical[kinds == "right"], lexical[kinds == "tone"]),
    }
    return {name: fit() for name, fit in chosen.items()}
