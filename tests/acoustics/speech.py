"""The demo's speech, and music."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from analysis.acoustics import Sound, decode

RATE = 16_000
EXAMPLES = {
    "bread": "bread-example.webm",
    "horse": "horse-example.flac",
    "milk": "milk-example.m4a",
    "park": "park-example.webm",
    "turtle": "turtle-example.webm",
}
# The same five sentences, said well by somebody else.
TAKES = {
    "bread": "bread-faithful.webm",
    "horse": "p5-week-6.webm",
    "milk": "p3-week-7.webm",
    "park": "park-faithful-man.webm",
    "turtle": "p4-week-8.webm",
}


@cache
def recorded(file: str) -> Sound:
    """One file of the demo."""
    return decode(Path(__file__).parents[2] / "analysis" / "demo" / "speech" / file)


def example(name: str) -> Sound:
    return recorded(EXAMPLES[name])


def take(name: str) -> Sound:
    return recorded(TAKES[name])


def music(seconds: float = 4.0) -> Sound:
    """A tune of plucked chords."""
    time = np.arange(round(0.5 * RATE)) / RATE
    notes = [
        sum(
            np.sin(2 * np.pi * hertz * harmonic * time) / harmonic
            for hertz in chord
            for harmonic in (1, 2, 3, 4)
        )
        * np.exp(-5 * time)
        for chord in ((262, 330, 392), (294, 349, 440), (330, 392, 494), (349, 440, 523))
    ]
    return Sound.of(0.05 * np.concatenate([notes[k % 4] for k in range(round(2 * seconds))]))
