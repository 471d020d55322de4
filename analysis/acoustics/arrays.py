"""The kinds of array that pass between the modules."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]  # (n,) sound at RATE, full scale 1.0
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.int64]


Float32s = NDArray[np.float32]


def runs(mask: Bools) -> tuple[Indices, Indices]:
    """First and one-past-last index of each run of true values in `mask` (n,)."""
    steps = np.diff(np.concatenate(([0], mask.astype(np.int8), [0])))
    return np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)


def smoothed(values: Floats, window: Floats) -> Floats:
    """`values` (n,) averaged under an odd `window`, edges repeated; the length is kept."""
    padded = np.pad(values, len(window) // 2, mode="edge")
    return np.convolve(padded, window / window.sum(), "valid")


def correlation(left: Floats, right: Floats) -> float | None:
    """Pearson's r, or None where it has no value: one of the two never moves."""
    a, b = left - left.mean(), right - right.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return None if scale < 1e-12 else float(np.clip(a @ b / scale, -1.0, 1.0))
