"""Held-out figures of the models of single syllables, and the maps from evidence to scores that follow from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
from analysis.acoustics.sounds import SoundModel, hear_sounds, hear_syllables, sound_evidence
from analysis.acoustics.syllable_fitting import area, fit_likeness, fit_tones
from analysis.acoustics.syllable_tokens import Token, fit_sounds, listen, tone_vectors_of
from analysis.acoustics.tones import TONES, ToneModel, read_tone_model, same_tone
from analysis.acoustics.utterance import Utterance

_FOLDS = 5
_SENTENCES, _LENGTH = 300, 8
_METHOD = (
    "logistic regression of right against wrong, both weighing alike, on 300 sentences of eight held-out syllables "
    "joined without gaps (every second wrong syllable differs in its initial or final only), places marked on the "
    "example and carried by the alignment; tones without the patient's voice; the score is that probability over its "
    "value at `best`"
)
_PAD = 0.2  # s of silence about a sentence


def folds(tokens: Sequence[Token], count: int) -> dict[str, int]:
    """A fold for each base, drawn with a fixed seed."""
    bases = sorted({token.base for token in tokens})
    order = np.random.default_rng(0).permutation(len(bases))
    return {base: int(order[at]) % count for at, base in enumerate(bases)}


def tones_alone(tokens: Sequence[Token]) -> str:
    """Which of the example's four tones a character has; fitted on the other voice's other syllables."""
    fold = folds(tokens, _FOLDS)
    hits: list[bool] = []
    right: list[float] = []
    wrong: list[float] = []
    for number in range(_FOLDS):
        known = [token for token in tokens if fold[token.base] != number and not token.patient]
        vectors, tones = tone_vectors_of(known)
        model = read_tone_model(fit_tones(vectors[:, 1:], tones))
        held = [token for token in tokens if fold[token.base] == number]
        examples = {(each.base, each.tone): model.beliefs(each.tones) for each in held if not each.patient}
        for token in (each for each in held if each.patient):
            if not all((token.base, tone) in examples for tone in TONES):
                continue
            beliefs = model.beliefs(token.tones)
            odds = [same_tone(beliefs, examples[token.base, tone]) for tone in TONES]
            hits.append(int(np.argmax(odds)) == token.tone - 1)
            right.append(odds[token.tone - 1])
            wrong += [value for tone, value in zip(TONES, odds, strict=True) if tone != token.tone]
    return (
        f"held out (base and patient's voice): which of four {np.mean(hits):.1%}, area under the curve "
        f"{area(np.array(right), np.array(wrong)):.3f} ({len(hits)} characters)"
    )


@dataclass
class SoundTrial:
    """Evidence (n, 3) of pairs of single syllables with one tone, by what differs between the two."""

    pairs: dict[str, list[Floats]] = field(
        default_factory=lambda: {"same": [], "initial": [], "final": [], "both": []}
    )

    @classmethod
    def run(cls, tokens: Sequence[Token]) -> SoundTrial:
        """Each character against every held-out syllable of the other voice in its tone."""
        fold = folds(tokens, _FOLDS)
        trial = cls()
        for number in range(_FOLDS):
            model = fit_sounds([token for token in tokens if fold[token.base] != number])
            trial._add([token for token in tokens if fold[token.base] == number], model)
        return trial

    def _add(self, held: Sequence[Token], model: SoundModel) -> None:
        seen = [
            hear_syllables(hear_sounds(each.heard[0], each.melodies[0], model.ground), [each.mark], model)
            for each in held
        ]
        for mine, here in zip(held, seen, strict=True):
            for goal, there in zip(held, seen, strict=True):
                if mine.patient and not goal.patient and mine.tone == goal.tone:
                    self.pairs[_difference(mine, goal)].append(sound_evidence(here, there, model)[0])

    def figures(self, weights: Sequence[float]) -> str:
        """Areas under the curve, of the evidence weighed as in `likeness.json` and of each part's own."""
        scored = {kind: np.array(pairs) for kind, pairs in self.pairs.items()}
        others = np.concatenate([scored["initial"], scored["final"], scored["both"]])
        whole = [
            f"{name} {area(scored['same'] @ np.array(weights), wrong @ np.array(weights)):.3f} ({len(wrong)})"
            for name, wrong in (
                ("all", others),
                ("initial only", scored["initial"]),
                ("final only", scored["final"]),
            )
        ]
        parts = [
            f"{name} {area(scored['same'][:, at], scored[name][:, at]):.3f}"
            for at, name in ((1, "initial"), (2, "final"))
        ]
        return (
            f"held out (base), single syllables, {len(scored['same'])} right; areas under the curve of segment_score "
            f"by what is wrong: {', '.join(whole)}; of initial_score and final_score, that alone wrong: "
            f"{', '.join(parts)}"
        )


def _difference(mine: Token, goal: Token) -> str:
    same = (mine.parts[0] == goal.parts[0], mine.parts[1] == goal.parts[1])
    return {(True, True): "same", (False, True): "initial", (True, False): "final", (False, False): "both"}[
        same
    ]


@dataclass
class _Evidence:
    """What the syllables of sentences gave: rows of evidence, and what was put in."""

    sounds: list[Floats] = field(default_factory=list)
    tones: list[tuple[float, float]] = field(default_factory=list)
    lexical: list[float] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)  # right, tone, initial, final, both
    toned: list[bool] = field(default_factory=list)  # whether the contours could be had
    # The sounds of each whole sentence, by how its places were had, and which syllable is wrong.
    whole: dict[str, list[tuple[Floats, int]]] = field(default_factory=lambda: {"marked": [], "found": []})


def likeness_maps(tokens: Sequence[Token]) -> dict[str, Any]:
    """The maps of `likeness.json`, fitted on sentences of held-out syllables joined without gaps.

    Eight characters of one voice against the same syllables of the other; one is another syllable, one has another
    tone. Places marked on the example, carried by the alignment.
    """
    evidence = _Evidence()
    fold = folds(tokens, 2)
    models = [_models([token for token in tokens if fold[token.base] != number]) for number in (0, 1)]
    draw = np.random.default_rng(2)
    for number in range(_SENTENCES):
        half = number % 2
        _sentence([token for token in tokens if fold[token.base] == half], models[half], draw, evidence)
    maps = _fit_maps(evidence)
    weights = np.array(maps["segment"]["weights"])
    for places in ("marked", "found"):
        ranks = [int(np.argmin(sounds @ weights)) == wrong for sounds, wrong in evidence.whole[places]]
        maps[f"wrong_syllable_lowest_places_{places}"] = round(float(np.mean(ranks)), 3)
    return {"method": _METHOD} | maps


def _models(tokens: Sequence[Token]) -> tuple[SoundModel, ToneModel, ToneModel]:
    # Without the patient's voice, as in `tones_alone`: the maps must hold for one who was never heard.
    vectors, tones = tone_vectors_of([token for token in tokens if not token.patient])
    alone, in_speech = fit_tones(vectors[:, 1:], tones), fit_tones(vectors, tones)
    return fit_sounds(tokens), read_tone_model(in_speech), read_tone_model(alone)


def _sentence(
    tokens: Sequence[Token],
    models: tuple[SoundModel, ToneModel, ToneModel],
    draw: np.random.Generator,
    evidence: _Evidence,
) -> None:
    mine = [token for token in tokens if token.patient]
    theirs = {(token.base, token.tone): token for token in tokens if not token.patient}
    pool = [token for token in mine if (token.base, token.tone) in theirs]
    said = [pool[at] for at in draw.permutation(len(pool))[:_LENGTH]]
    goal = [theirs[token.base, token.tone] for token in said]
    wrong, off = (int(at) for at in draw.permutation(_LENGTH)[:2])
    said[wrong] = _other(pool, goal[wrong], draw)
    others = [token for token in mine if token.base == goal[off].base and token.tone != goal[off].tone]
    if others:
        said[off] = others[int(draw.integers(len(others)))]
    (recording, _), (example, marks) = (_joined(each) for each in (said, goal))
    alignment = align(recording, example)
    heard = (recording, example)
    melodies = (
        follow_melody(recording.sound, len(recording.spectrum)),
        follow_melody(example.sound, len(example.spectrum)),
    )
    for places in ("marked", "found"):
        here = marks if places == "marked" else find_places(example, _LENGTH)
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


def _other(pool: Sequence[Token], goal: Token, draw: np.random.Generator) -> Token:
    """Another syllable with the same tone; every second time one that differs in its initial or final only."""
    same_tone_others = [each for each in pool if each.tone == goal.tone and each.base != goal.base]
    near = [each for each in same_tone_others if _difference(each, goal) in ("initial", "final")]
    chosen = near if near and draw.random() < 0.5 else same_tone_others
    return chosen[int(draw.integers(len(chosen)))]


def _kind(said: Token, goal: Token) -> str:
    difference = _difference(said, goal)
    if difference != "same":
        return difference
    return "right" if said.tone == goal.tone else "tone"


def _joined(tokens: Sequence[Token]) -> tuple[Utterance, list[Mark]]:
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


def _fit_maps(evidence: _Evidence) -> dict[str, Any]:
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
