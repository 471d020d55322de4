"""Fitting what tells syllables and tones apart; `fit_syllables` gives it the data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy.linalg

from analysis.acoustics.arrays import Floats, Indices
from analysis.acoustics.dtw import sloped
from analysis.acoustics.sounds import PartModel, Projection, spliced, unit
from analysis.acoustics.tones import TONES

FRAME_DIRECTIONS, INITIAL_DIRECTIONS, FINAL_DIRECTIONS = 16, 12, 16
_TONE_SHRINKAGE = 0.1  # towards the identity, after standardising
_PART_SHRINKAGE = 0.3  # towards the diagonal: about as many vectors as there are entries in the covariance
_FRAME_SHRINKAGE = 0.05
_FRAMES_A_CLASS = 2

_PLAIN_STEPS, _NEWTON_STEPS = 1e-3, 30


def fit_tones(vectors: Floats, tones: Indices) -> dict[str, Any]:
    """One Gaussian a tone, as lists for `tones.json`; vectors (n, d), tones (n,) of 1-4."""
    mean, spread = vectors.mean(axis=0), vectors.std(axis=0)
    even = (vectors - mean) / spread
    centres, precisions = [], []
    for tone in TONES:
        own = even[tones == tone]
        covariance = (1 - _TONE_SHRINKAGE) * np.cov(own.T) + _TONE_SHRINKAGE * np.eye(even.shape[1])
        centres.append(own.mean(axis=0))
        precisions.append(np.linalg.inv(covariance))
    rounded = {
        "mean": mean,
        "spread": spread,
        "centres": np.array(centres),
        "precisions": np.array(precisions),
    }
    return {name: np.round(value, 4).tolist() for name, value in rounded.items()}


def fit_part(vectors: Floats, classes: Sequence[str], directions: int) -> PartModel:
    """Linear discriminants of vectors (n, d), so scaled that each class varies by 1 along them."""
    labels = np.array(classes)
    origin = vectors.mean(axis=0)
    within = np.zeros((vectors.shape[1], vectors.shape[1]))
    between = np.zeros_like(within)
    for label in np.unique(labels):
        own = vectors[labels == label]
        away, apart = own - own.mean(axis=0), own.mean(axis=0) - origin
        within += away.T @ away
        between += len(own) * np.outer(apart, apart)
    within, between = within / len(labels), between / len(labels)
    within = (1 - _PART_SHRINKAGE) * within + _PART_SHRINKAGE * np.diag(np.diag(within))
    within += 1e-3 * np.eye(len(within)) * np.trace(within) / len(within)
    spread, turned = scipy.linalg.eigh(between, within)
    best = slice(-1, -directions - 1, -1)
    return PartModel(Projection(origin, turned[:, best]), np.maximum(spread[best], 1e-3))


def fit_frames(syllables: Mapping[str, Sequence[Floats]]) -> Projection:
    """Directions that tell frames of a syllable from its other frames and from those of others.

    Every recording of a syllable (n, 20) is aligned to its first; what falls on the same two frames of that one is
    a class.
    """
    within, pooled = np.zeros((1, 1)), 0
    means, counts = [], []
    for recordings in syllables.values():
        for frames in _aligned(recordings):
            middle = frames.mean(axis=0)
            within = within + (frames - middle).T @ (frames - middle)
            pooled += len(frames)
            means.append(middle)
            counts.append(len(frames))
    weights = np.array(counts) / sum(counts)
    origin = weights @ np.array(means)
    apart = np.array(means) - origin
    between = (apart * weights[:, None]).T @ apart
    within = within / pooled
    within += _FRAME_SHRINKAGE * np.trace(within) / len(within) * np.eye(len(within))
    _, turned = scipy.linalg.eigh(between, within)
    return Projection(origin, turned[:, : -FRAME_DIRECTIONS - 1 : -1])


def _aligned(recordings: Sequence[Floats]) -> list[Floats]:
    first = unit(recordings[0])
    classes: dict[int, list[Floats]] = defaultdict(list)
    for cepstra in recordings:
        for here, frame in zip(_steps_to(first, cepstra), spliced(cepstra), strict=True):
            classes[here // _FRAMES_A_CLASS].append(frame)
    return [np.array(frames) for frames in classes.values()]


def _steps_to(goal: Floats, cepstra: Floats) -> Indices:
    """For each frame of `cepstra` the frame of `goal` it goes with; `sloped` wants both stretched alike."""
    at = np.rint(np.linspace(0, len(cepstra) - 1, len(goal))).astype(int)
    cost = np.ascontiguousarray(np.maximum(0.0, 1 - unit(cepstra)[at] @ goal.T))
    _, path = sloped(cost, max(10, int(0.4 * len(goal))))
    across = np.bincount(path[:, 0], weights=path[:, 1], minlength=len(goal))
    count = np.bincount(path[:, 0], minlength=len(goal))
    passed = np.flatnonzero(count)
    goal_step = np.interp(np.arange(len(goal)), passed, across[passed] / count[passed])
    back = np.interp(np.linspace(0, len(goal) - 1, len(cepstra)), np.arange(len(goal)), goal_step)
    steps: Indices = np.rint(back).astype(np.int64)
    return steps


def fit_likeness(right: Floats, wrong: Floats, missed: float = 0.05) -> dict[str, Any]:
    """Logistic regression of right (n, k) against wrong (m, k) evidence, both weighing alike, for `likeness.json`.

    `missed` is the share of right syllables that a finding may name.
    """
    evidence = np.concatenate([right, wrong])
    scale = evidence.std(axis=0)
    truth = np.concatenate([np.ones(len(right)), np.zeros(len(wrong))])
    weight = np.concatenate([np.full(len(right), 0.5 / len(right)), np.full(len(wrong), 0.5 / len(wrong))])
    found = _logistic(evidence / scale, truth, weight)
    # An evidence that would speak against likeness by being better is left out: it only echoes another.
    kept = found[1:] > 0
    if not kept.all():
        part = _logistic(evidence[:, kept] / scale[kept], truth, weight)
        found = np.zeros(len(scale) + 1)
        found[0], found[1:][kept] = part[0], part[1:]
    weights, bias = found[1:] / scale, float(found[0])
    odds = bias + right @ weights
    best = float(np.percentile(odds, 95))
    probability = 1 / (1 + np.exp(-np.clip(odds, -50, 50)))
    off_below = float(np.percentile(100 * probability * (1 + np.exp(-best)), 100 * missed))
    hit = float(np.mean(bias + wrong @ weights < np.percentile(odds, 100 * missed)))
    figures = {"bias": bias, "best": best, "off_below": min(off_below, 50.0)}
    rounded: dict[str, Any] = {name: round(value, 3) for name, value in figures.items()}
    return rounded | {
        "weights": np.round(weights, 4).tolist(),
        "found": f"area under the curve {area(odds, bias + wrong @ weights):.3f} ({len(right)} right, {len(wrong)} "
        f"wrong); {missed:.0%} of the right ones fall below off_below, and {hit:.0%} of the wrong ones",
    }


def _logistic(evidence: Floats, truth: Floats, weight: Floats) -> Floats:
    """Newton's method with a slight ridge: intercept, then one weight for each column."""
    design = np.column_stack([np.ones(len(evidence)), evidence])
    found = np.zeros(design.shape[1])
    ridge = _PLAIN_STEPS * np.eye(len(found))
    for _ in range(_NEWTON_STEPS):
        probability = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        slope = design.T @ (weight * (truth - probability)) - ridge @ found
        curve = (design * (weight * probability * (1 - probability))[:, None]).T @ design + ridge
        found = found + np.linalg.solve(curve, slope)
    return found


def area(right: Floats, wrong: Floats) -> float:
    """Area under the curve: how often a right one (n,) scores above a wrong one (m,)."""
    order = np.sort(wrong)
    below = np.searchsorted(order, right, side="left") + np.searchsorted(order, right, side="right")
    return float(below.mean() / (2 * len(wrong)))
