"""Held-out figures of the models of single syllables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from analysis.acoustics.arrays import Bools, Floats, Indices
from analysis.acoustics.sounds import SoundModel, hear_sounds, hear_syllables, sound_evidence
from analysis.acoustics.syllable_fitting import area, fit_tones
from analysis.acoustics.syllable_tokens import Token, fit_sounds, tone_vectors_of
from analysis.acoustics.tones import TONES, ToneModel, read_tone_model, same_tone

FOLDS = 5


def folds(tokens: Sequence[Token], count: int) -> dict[str, int]:
    """A fold for each base, drawn with a fixed seed."""
    bases = sorted({token.base for token in tokens})
    order = np.random.default_rng(0).permutation(len(bases))
    return {base: int(order[at]) % count for at, base in enumerate(bases)}


@dataclass
class ToneTrial:
    """Characters of one voice against the four tones of the same syllable by the other.

    Attributes
    ----------
    bases : list[str]
    tones : list[int]
        The right one.
    odds : list[Floats]
        Of "the same tone as the example's", for each of the example's four.
    """

    bases: list[str] = field(default_factory=list)
    tones: list[int] = field(default_factory=list)
    odds: list[Floats] = field(default_factory=list)

    @classmethod
    def run(cls, tokens: Sequence[Token], model: ToneModel | None = None) -> ToneTrial:
        """Fitted on the other voice's other syllables; or with a model that is given."""
        fold = folds(tokens, FOLDS)
        trial = cls()
        for number in range(FOLDS):
            held = [token for token in tokens if fold[token.base] == number]
            trial._add(held, model or _tone_model([each for each in tokens if fold[each.base] != number]))
        return trial

    def _add(self, held: Sequence[Token], model: ToneModel) -> None:
        examples = {(each.base, each.tone): model.beliefs(each.tones) for each in held if not each.patient}
        for token in (each for each in held if each.patient):
            if not all((token.base, tone) in examples for tone in TONES):
                continue
            beliefs = model.beliefs(token.tones)
            self.bases.append(token.base)
            self.tones.append(token.tone)
            self.odds.append(np.array([same_tone(beliefs, examples[token.base, tone]) for tone in TONES]))

    def hits(self) -> Bools:
        """Whether the right tone is the likeliest (n,)."""
        found: Bools = np.argmax(self.odds, axis=1) == np.array(self.tones) - 1
        return found

    def area(self, chosen: Indices | None = None) -> float:
        """How often the right tone of one character is likelier than a wrong one of any; of some of them."""
        odds = np.array(self.odds)
        right = np.arange(len(TONES)) == np.array(self.tones)[:, None] - 1
        if chosen is not None:
            odds, right = odds[chosen], right[chosen]
        return area(odds[right], odds[~right])


def _tone_model(tokens: Sequence[Token]) -> ToneModel:
    """Without the patient's voice and without the height."""
    vectors, tones = tone_vectors_of([token for token in tokens if not token.patient])
    return read_tone_model(fit_tones(vectors[:, 1:], tones))


def tones_alone(tokens: Sequence[Token]) -> str:
    """Which of the example's four tones a character has; fitted on the other voice's other syllables."""
    trial = ToneTrial.run(tokens)
    return (
        f"held out (base and patient's voice): which of four {trial.hits().mean():.1%}, area under the curve "
        f"{trial.area():.3f} ({len(trial.odds)} characters)"
    )


@dataclass
class SoundTrial:
    """Evidence (n, 3) of pairs of single syllables with one tone, by what differs between the two."""

    pairs: dict[str, list[Floats]] = field(
        default_factory=lambda: {"same": [], "initial": [], "final": [], "both": []}
    )

    bases: dict[str, list[str]] = field(
        default_factory=lambda: {"same": [], "initial": [], "final": [], "both": []}
    )  # of the character in each pair

    @classmethod
    def run(cls, tokens: Sequence[Token]) -> SoundTrial:
        """Each character against every held-out syllable of the other voice in its tone."""
        trial = cls()
        for number in range(FOLDS):
            trial.join(cls.of_fold(tokens, number))
        return trial

    @classmethod
    def of_fold(cls, tokens: Sequence[Token], number: int, model: SoundModel | None = None) -> SoundTrial:
        """One of `FOLDS`, by a model fitted on the others; or by one that is given."""
        fold = folds(tokens, FOLDS)
        trial = cls()
        known = model or fit_sounds([token for token in tokens if fold[token.base] != number])
        trial._add([token for token in tokens if fold[token.base] == number], known)
        return trial

    def join(self, other: SoundTrial) -> None:
        """Take in the pairs of another fold."""
        for kind in self.pairs:
            self.pairs[kind] += other.pairs[kind]
            self.bases[kind] += other.bases[kind]

    def _add(self, held: Sequence[Token], model: SoundModel) -> None:
        seen = [
            hear_syllables(hear_sounds(each.heard[0], each.melodies[0], model.ground), [each.mark], model)
            for each in held
        ]
        for mine, here in zip(held, seen, strict=True):
            for goal, there in zip(held, seen, strict=True):
                if mine.patient and not goal.patient and mine.tone == goal.tone:
                    kind = difference(mine, goal)
                    self.pairs[kind].append(sound_evidence(here, there, model)[0])
                    self.bases[kind].append(mine.base)

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


def difference(mine: Token, goal: Token) -> str:
    """Which part of two syllables is not the same: ``same``, ``initial``, ``final`` or ``both``."""
    same = (mine.parts[0] == goal.parts[0], mine.parts[1] == goal.parts[1])
    return {(True, True): "same", (False, True): "initial", (True, False): "final", (False, False): "both"}[
        same
    ]
