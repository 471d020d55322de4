"""Sounds that many tests compare with."""

from __future__ import annotations

import pytest

from analysis.acoustics import Sound
from tests.acoustics.voices import say, sound


@pytest.fixture(scope="session")
def example() -> Sound:
    """The therapist's example."""
    return sound(say())


@pytest.fixture(scope="session")
def take() -> Sound:
    """A patient's good take of it: another consonant noise, another pulse irregularity."""
    return sound(say(seed=5))
