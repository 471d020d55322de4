"""Makes the first analysis as fast as the next."""

from __future__ import annotations

import numpy as np

from analysis.acoustics.pipeline import analyze
from analysis.acoustics.sound import RATE, Sound


def warm_up() -> None:
    """Run every step once on a made-up sound; the result is thrown away."""
    seconds = np.arange(RATE) / RATE
    buzz = sum(np.sin(2 * np.pi * 150 * harmonic * seconds) / harmonic for harmonic in range(1, 20))
    syllables = buzz * (np.sin(2 * np.pi * 2.5 * seconds) ** 2 + 1e-3)
    sound = Sound.of(0.1 * syllables)
    analyze(sound, sound, text="一二三四五")
