"""The named steps of an analysis, for a progress bar and for knowing where the time goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

OnStep = Callable[[str, int], None]

_TICK = 0.5  # s


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
    Step("phones", 88),
    Step("syllables", 90),
    Step("scores", 95),
)


class Progress:
    """Tells the caller which step starts, and keeps the seconds that each took.

    Whatever `on_step` raises goes through untouched: raising is how a job is cancelled.
    """

    def __init__(self, on_step: OnStep | None = None) -> None:
        self._on_step = on_step
        self._told = ("", 0, 0.0)
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        percent = next(step.percent for step in STEPS if step.name == name)
        self._tell(name, percent)
        began = perf_counter()
        yield
        self.seconds[name] = perf_counter() - began

    def tick(self) -> None:
        """Inside a long step: tell the same step again, so that a caller can stop it; twice a second at most."""
        name, percent, at = self._told
        if perf_counter() - at > _TICK:
            self._tell(name, percent)

    def _tell(self, name: str, percent: int) -> None:
        self._told = (name, percent, perf_counter())
        if self._on_step is not None:
            self._on_step(name, percent)
