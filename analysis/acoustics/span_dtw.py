"""Dynamic time warping of many short spans against many others, compiled once and cached."""

from __future__ import annotations

import numba
import numpy as np

from analysis.acoustics.arrays import Floats, Indices


@numba.njit(cache=True, nogil=True)
def span_distances(
    cost: Floats, rows: Indices, columns: Indices, onset_weight: float, onset_frames: float
) -> Floats:
    """Mean cost along the best path of every span of one side to every span of the other, onsets weighted.

    Parameters
    ----------
    cost : np.ndarray [shape=(n, m)]
        Of each frame of one side to each of the other.
    rows : np.ndarray [shape=(k, 2)]
    columns : np.ndarray [shape=(l, 2)]
        First and one-past-last frame of each span; none empty.
    onset_weight, onset_frames : float
        A frame t frames into its span weighs ``1 + onset_weight * exp(-t / onset_frames)``: initials are
        short, and would drown in the vowel.

    Returns
    -------
    np.ndarray [shape=(k, l)]
    """
    longest = max((rows[:, 1] - rows[:, 0]).max(), (columns[:, 1] - columns[:, 0]).max())
    weights = 1 + onset_weight * np.exp(-np.arange(longest) / onset_frames)
    sums = np.cumsum(weights)
    total = np.empty((longest + 1, longest + 1))
    found = np.zeros((len(rows), len(columns)))
    for p in range(len(rows)):
        for q in range(len(columns)):
            n, m = rows[p, 1] - rows[p, 0], columns[q, 1] - columns[q, 0]
            total[: n + 1, 0] = np.inf
            total[0, : m + 1] = np.inf
            total[0, 0] = 0.0
            for i in range(1, n + 1):
                down = weights[i - 1]
                for j in range(1, m + 1):
                    here = cost[rows[p, 0] + i - 1, columns[q, 0] + j - 1]
                    total[i, j] = min(
                        total[i - 1, j - 1] + here * (down + weights[j - 1]),
                        total[i - 1, j] + here * down,
                        total[i, j - 1] + here * weights[j - 1],
                    )
            found[p, q] = total[n, m] / (sums[n - 1] + sums[m - 1])
    return found
