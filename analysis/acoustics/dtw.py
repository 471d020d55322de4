"""Dynamic time warping, compiled once and cached."""

from __future__ import annotations

import numba
import numpy as np

from analysis.acoustics.arrays import Float32s, Floats, Indices


@numba.njit(cache=True, nogil=True)
def sloped(cost: Floats, band: int) -> tuple[float, Indices]:
    """Symmetric DTW with local slope between 1/3 and 3 (Sakoe & Chiba 1978).

    Parameters
    ----------
    cost : np.ndarray [shape=(n, m)]
        Cost of pairing each frame of one with each of the other; n and m alike.
    band : int > 0
        How far the path may leave the diagonal, frames.

    Returns
    -------
    mean_cost : float
        Sum along the path over n + m.
    path : np.ndarray [shape=(k, 2)]
        Pairs of frames, in order.
    """
    n, m = cost.shape
    total = np.full((n + 1, m + 1), np.inf)
    move = np.zeros((n + 1, m + 1), np.int8)
    total[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(max(1, i - band), min(m, i + band) + 1):
            here = cost[i - 1, j - 1]
            best = total[i - 1, j - 1] + 2 * here
            kind = 0
            # Each longer step goes through one or two more cells and ends in a diagonal one.
            if j >= 2:
                by = total[i - 1, j - 2] + 2 * cost[i - 1, j - 2] + here
                if by < best:
                    best, kind = by, 1
            if i >= 2:
                by = total[i - 2, j - 1] + 2 * cost[i - 2, j - 1] + here
                if by < best:
                    best, kind = by, 2
            if j >= 3:
                by = total[i - 1, j - 3] + 2 * cost[i - 1, j - 3] + cost[i - 1, j - 2] + here
                if by < best:
                    best, kind = by, 3
            if i >= 3:
                by = total[i - 3, j - 1] + 2 * cost[i - 3, j - 1] + cost[i - 2, j - 1] + here
                if by < best:
                    best, kind = by, 4
            total[i, j] = best
            move[i, j] = kind
    path = np.zeros((n + m + 4, 2), np.int64)
    length, i, j = 0, n, m
    while i > 0 and j > 0:
        across = (1, 2, 1, 3, 1)[move[i, j]]
        down = (1, 1, 2, 1, 3)[move[i, j]]
        for step in range(max(across, down)):
            path[length, 0] = i - 1 - (step if down > 1 else 0)
            path[length, 1] = j - 1 - (step if across > 1 else 0)
            length += 1
        i -= down
        j -= across
    return total[n, m] / (n + m), path[:length][::-1].copy()


@numba.njit(cache=True, nogil=True)
def best_split(
    sonority: Floats, bonus: Floats, count: int, shortest: int, longest: int, spring: float, cap: float
) -> Indices:
    """Cut a stretch into a known number of syllables: each a peak of sonority between two dips.

    Parameters
    ----------
    sonority : np.ndarray [shape=(n,)]
        dB below the loud frames: at most about 0.
    bonus : np.ndarray [shape=(n + 1,)]
        What a boundary before each frame earns: spectral change, a pause.
    count : int > 0
    shortest, longest : int
        Frames of one syllable.
    spring : float
        Price of the squared log ratio of a syllable to the mean length.
    cap : float
        Most that one side of a peak can earn, dB.

    Returns
    -------
    np.ndarray [shape=(count + 1,)]
        Boundaries; all zero but the last where no such split exists.
    """
    n = len(sonority)
    mean = n / count
    score = np.full((count + 1, n + 1), -1e9)
    back = np.zeros((count + 1, n + 1), np.int64)
    score[0, 0] = 0.0
    for k in range(1, count + 1):
        for stop in range(1, n + 1):
            best, where, peak = -1e9, 0, -1e9
            for start in range(stop - 1, max(-1, stop - longest - 1), -1):
                peak = max(peak, sonority[start])
                if stop - start < shortest or score[k - 1, start] <= -1e8:
                    continue
                rise = min(cap, peak - sonority[start]) if start > 0 else cap
                fall = min(cap, peak - sonority[stop]) if stop < n else cap
                stretch = np.log((stop - start) / mean)
                shape = rise + fall + 0.25 * min(peak, 0.0)
                value = score[k - 1, start] + shape + bonus[stop] - spring * stretch**2
                if value > best:
                    best, where = value, start
            score[k, stop] = best
            back[k, stop] = where
    bounds = np.zeros(count + 1, np.int64)
    bounds[count] = n
    for k in range(count, 0, -1):
        bounds[k - 1] = back[k, bounds[k]]
    return bounds


@numba.njit(cache=True, nogil=True)
def phone_places(frames: Float32s, expected: Indices, blank: int) -> Indices:
    """Forced CTC alignment (Graves et al. 2006): which expected phone each frame stands for.

    Parameters
    ----------
    frames : np.ndarray [shape=(n, phones), dtype=float32]
        Log-probabilities; n at least 2 k.
    expected : np.ndarray [shape=(k,)]
        Columns of the phones, in order.
    blank : int

    Returns
    -------
    np.ndarray [shape=(n,)]
        Number of the phone, or -1 between two.
    """
    n, states = len(frames), 2 * len(expected) + 1
    total = np.full(states, -1e30)
    move = np.zeros((n, states), np.int8)
    total[0], total[1] = frames[0, blank], frames[0, expected[0]]
    for t in range(1, n):
        # Downwards, so that what stands below is still the frame before.
        for s in range(states - 1, -1, -1):
            best, kind = total[s], 0
            if s > 0 and total[s - 1] > best:
                best, kind = total[s - 1], 1
            # The blank between two phones may be passed over, unless they are the same phone.
            apart = s > 1 and s % 2 == 1 and expected[s // 2] != expected[s // 2 - 1]
            if apart and total[s - 2] > best:
                best, kind = total[s - 2], 2
            total[s] = best + frames[t, expected[s // 2] if s % 2 == 1 else blank]
            move[t, s] = kind
    found = np.full(n, -1, np.int64)
    s = states - 1 if total[states - 1] > total[states - 2] else states - 2
    for t in range(n - 1, -1, -1):
        if s % 2 == 1:
            found[t] = s // 2
        s -= move[t, s]
    return found
