"""What scores do when a recording is changed: by what they are about, and by what is nobody's fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.acoustics import SCORES, SUB_SCORES, Sound, UnusableRecording, analyze
from analysis.acoustics.many import Died, in_order
from analysis.acoustics.pitch import track_pitch
from analysis.acoustics.spectrum import spectrum
from bench.accuracy.figure import Figure, interval, mean_of
from bench.disturbing import DISTURBANCES, NOISES
from bench.perturbing import flattened, replaced, slowed, with_pauses


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A recording, its example, and what somebody else says instead."""

    name: str
    speaker: str
    recording: Sound
    example: Sound
    stranger: Sound
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The scores that one recording was given, and its flags."""

    scores: Mapping[str, float | None]
    flags: tuple[str, ...]

    @property
    def refused(self) -> bool:
        return "another_sentence" in self.flags


ANOTHER = "another sentence"
PERTURBATIONS: dict[str, tuple[str, Callable[[Case], Sound]]] = {
    "slow x1.2": ("fluency", lambda case: slowed(case.recording, 1.2)),
    "slow x1.5": ("fluency", lambda case: slowed(case.recording, 1.5)),
    "pauses": ("fluency", lambda case: with_pauses(case.recording, (0.35, 0.65), 0.5)),
    "flat pitch": ("pitch", lambda case: flattened(case.recording, _median_pitch(case.recording))),
    "a quarter by another voice": (
        "pronunciation",
        lambda case: replaced(case.recording, case.stranger, 0.4, 0.65),
    ),
    ANOTHER: ("pronunciation", lambda case: case.stranger),
}
_TOLD, _RISE, _ONE_RISE = 0.96, 0.1, 1.0
_MEDIAN, _P95 = 3.0, 8.0  # points that what is nobody's fault may cost
CLEAN = "clean"


def _median_pitch(sound: Sound) -> float:
    hertz = track_pitch(sound, len(spectrum(sound.samples))).hertz
    voiced = hertz[~np.isnan(hertz)]
    return float(np.median(voiced)) if len(voiced) else 150.0


def outcomes(cases: Sequence[Case]) -> list[tuple[Case, dict[str, Outcome]]]:
    """What each case was given, clean and with each change; without those that are no use clean."""
    found = zip(cases, in_order(_changed, cases), strict=True)
    return [(case, each) for case, each in found if not isinstance(each, Died) and CLEAN in each]


def _changed(case: Case) -> dict[str, Outcome]:
    made: dict[str, Callable[[], Sound]] = {CLEAN: lambda: case.recording}
    made |= {name: lambda change=change: change(case) for name, (_, change) in PERTURBATIONS.items()}  # type: ignore[misc]
    made |= {
        name: lambda change=change: change(case.recording)  # type: ignore[misc]
        for name, change in (DISTURBANCES | NOISES).items()
    }
    found: dict[str, Outcome] = {}
    for name, make in made.items():
        try:
            found[name] = _outcome(case, make())
        except UnusableRecording as error:
            found[name] = Outcome(dict.fromkeys(SCORES), (error.code,))
        if name == CLEAN and found[name].scores["overall"] is None:
            return {}
    return found


def _outcome(case: Case, recording: Sound) -> Outcome:
    analysis = analyze(recording, case.example, text=case.text, language=case.language)
    given = {score: getattr(analysis.scores, score) for score in SCORES}
    return Outcome(given, tuple(flag.code for flag in analysis.flags))


def figures(cases: Sequence[Case]) -> Iterator[Figure]:
    """Of perturbations, of disturbances and of noise."""
    found = outcomes(cases)
    if not found:
        yield Figure("perturbations", None, "AUC", 0, 0, note="no recording was scored against its example")
        return
    taken = _Taken([case.speaker for case, _ in found], [each for _, each in found])
    for change, (score, _) in PERTURBATIONS.items():
        yield taken.told(change, score)
        if change != ANOTHER:  # of which nothing has to stay as it was
            for other in SUB_SCORES:
                if other != score:
                    yield from taken.risen(change, other)
    yield taken.refused(ANOTHER)
    for change in DISTURBANCES:
        for score in SCORES:
            yield from taken.moved(change, score)
    for change in NOISES:
        yield from taken.noised(change)


@dataclass(frozen=True, slots=True)
class _Taken:
    """Every case's outcomes, and whose it is."""

    speakers: Sequence[str]
    given: Sequence[Mapping[str, Outcome]]

    def _figure(
        self,
        name: str,
        values: Sequence[float],
        unit: str,
        speakers: Sequence[str],
        aim: float | None,
        most: bool,
    ) -> Figure:
        """A mean, with its interval."""
        return Figure(
            name,
            float(np.mean(values)) if values else None,
            unit,
            len(values),
            len(set(speakers)),
            aim=aim,
            most=most,
            interval=interval(mean_of(values), speakers) if values else None,
            over="speakers",
            note=self._unscored(values),
        )

    def _unscored(self, values: Sequence[float]) -> str:
        missing = len(self.given) - len(values)
        return f"{missing} changed ones were not scored" if missing else ""

    def told(self, change: str, score: str) -> Figure:
        """How often the changed one scores below its own clean one; pronunciation of one that is refused does."""
        told, whose = [], []
        for speaker, each in zip(self.speakers, self.given, strict=True):
            clean, changed = each[CLEAN].scores[score], each[change].scores[score]
            if each[change].refused and score == "pronunciation":
                changed = -1.0
            if clean is not None and changed is not None:
                told.append(float(changed < clean) + 0.5 * (changed == clean))
                whose.append(speaker)
        name = f"{change}: {score} tells it from the same recording"
        return self._figure(name, told, "AUC", whose, _TOLD, False)

    def _changes(self, change: str, score: str) -> tuple[list[float], list[str]]:
        changes, whose = [], []
        for speaker, each in zip(self.speakers, self.given, strict=True):
            clean, changed = each[CLEAN].scores[score], each[change].scores[score]
            if clean is not None and changed is not None:
                changes.append(changed - clean)
                whose.append(speaker)
        return changes, whose

    def risen(self, change: str, score: str) -> Iterator[Figure]:
        changes, whose = self._changes(change, score)
        yield self._figure(f"{change}: mean change of {score}", changes, "points", whose, _RISE, True)
        yield self._most_risen(change, score, _ONE_RISE if change.startswith("slow") else None)

    def _most_risen(self, change: str, score: str, aim: float | None) -> Figure:
        changes, whose = self._changes(change, score)
        name, rise = f"{change}: largest rise of {score}", max(changes, default=None)
        count = len(set(whose))
        return Figure(
            name, rise, "points", len(changes), count, aim=aim, most=True, note=self._unscored(changes)
        )

    def refused(self, change: str) -> Figure:
        refused = [float(each[change].refused) for each in self.given]
        return self._figure(f"{change}: refused", refused, "share", self.speakers, 0.98, False)

    def moved(self, change: str, score: str) -> Iterator[Figure]:
        changes, whose = self._changes(change, score)
        size = np.abs(changes)
        for name, aim, percent in (("median", _MEDIAN, 50), ("95th percentile", _P95, 95)):
            yield Figure(
                f"{change}: {name} of the change of {score}",
                float(np.percentile(size, percent)) if len(size) else None,
                "points",
                len(size),
                len(set(whose)),
                aim=aim,
                most=True,
                interval=_percentile_interval(changes, whose, percent),
                over="speakers",
                note=self._unscored(changes),
            )

    def noised(self, change: str) -> Iterator[Figure]:
        for score in SCORES:
            yield self._most_risen(change, score, 0.0)
        flagged = [float("noise" in each[change].flags) for each in self.given]
        yield self._figure(f"{change}: flagged as noise", flagged, "share", self.speakers, None, False)


def _percentile_interval(
    changes: Sequence[float], whose: Sequence[str], percent: float
) -> tuple[float, float] | None:
    size = np.abs(changes)
    return interval(lambda chosen: float(np.percentile(size[chosen], percent)), whose) if len(size) else None
