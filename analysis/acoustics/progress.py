"""The named steps of an analysis, for a progress bar and for knowing where the time goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

OnStep = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Step:
    """A step and the percentage that is done when it starts (its share of a typical 5 s pair)."""

    name: str
    percent: int


STEPS = (
    Step("decode", 0),
    Step("quality", 15),
    Step("pitch", 18),
    Step("voice", 42),
    Step("timing", 82),
    Step("alignment", 83),
    Step("syllables", 88),
    Step("scores", 95),
)


class Progress:
    """Tells the caller which step starts, and keeps the seconds that each took.

    Whatever `on_step` raises goes through untouched: raising is how a job is cancelled.
    """

    def __init__(self, on_step: OnStep | None = None) -> None:
        self._on_step = on_step
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        percent = next(step.percent for step in STEPS if step.name == name)
        if self._on_step is not None:
            self._on_step(name, percent)
        began = perf_counter()
        yield
        self.seconds[name] = perf_counter() - began
