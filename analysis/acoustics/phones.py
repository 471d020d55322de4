"""Hears phones: a small recogniser behind an interface of a few lines, and what is given to it.

Example and recording are decoded by the same recogniser and only the two decodings are compared. So no text and
no lexicon is needed, and a language that the recogniser was not taught (Mandarin) is served too: its phones get
the nearest names, the same ones in both.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Protocol

import numpy as np
import parselmouth
from numpy.typing import NDArray

from analysis.acoustics.arrays import Samples, runs
from analysis.acoustics.sound import RATE
from analysis.acoustics.spectrum import HOP
from analysis.acoustics.utterance import Utterance

LogProbabilities = NDArray[np.float32]
_LEVEL = 0.07  # RMS, -23 dBFS: the recogniser hears other phones at another level
_MARGIN = 5  # frames kept on each side of speech: a pause becomes 0.1 s of itself
_LONGEST_PIECE = 600  # frames, 6 s: about half a second in the recogniser, which no cancel interrupts
_KEPT, _LONGEST_KEPT = (
    16,
    10 * RATE,
)  # examples, and samples of each: at most 16 MB, and a second of listening
_SEARCHED = 200  # frames at the end of a piece in which the quietest moment is cut at
_LEAST_CHANGE = 1.03  # a tempo nearer than this to the example's is left as it is
_MOST_CHANGE = 2.9  # Praat's overlap-add shortens to a third at most
_LOWEST_PITCH, _HIGHEST_PITCH = 60.0, 600.0  # Hz

# Praat draws lots for what is unvoiced, and the same pair must score the same twice. One script, so that no other
# thread's draw comes between.
_LENGTHEN = """random_initializeWithSeedUnsafelyButPredictably (1)
Lengthen (overlap-add): {}, {}, {}
random_initializeSafelyAndUnpredictably ()
"""


class Recogniser(Hashable, Protocol):
    """A CTC phone recogniser.

    Attributes
    ----------
    blank : int
        The column of "no phone".
    frame : float
        Seconds from one frame to the next.
    """

    blank: int
    frame: float

    def log_probabilities(self, samples: Samples) -> LogProbabilities:
        """Natural logarithms (frames, phones) of 16 kHz mono samples (n,). Called from many threads at once."""


class Hama:
    """`hama` 1.7 (Apache-2.0): English and Korean phones, no state between calls."""

    frame = 0.02

    def __init__(self) -> None:
        import hama

        model = hama.ASRModel()
        self._session = model.session
        self.blank: int = model.blank_id - 1  # once the word's boundary before it is taken for no phone
        self._boundary: int = model.decoder_tokens.index("<wb>")

    def log_probabilities(self, samples: Samples) -> LogProbabilities:
        wave = np.ascontiguousarray(samples, dtype=np.float32)
        found = self._session.run(["log_probs"], {"waveform": wave})[0][0]
        found[:, -1] = np.logaddexp(found[:, -1], found[:, self._boundary])
        return np.delete(found, self._boundary, axis=1)


@cache
def recogniser() -> Recogniser | None:
    """The one that this platform has, loaded once; None where there is none."""
    try:
        return Hama()
    # No such package, no library for this platform, or none that loads.
    except (ImportError, OSError, RuntimeError):
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What the recogniser heard in one recording.

    Attributes
    ----------
    frames : np.ndarray [shape=(n, phones), dtype=float32]
        Log-probabilities of the speech, pauses cut short.
    blank : int
    frame : float
        As in `Recogniser`.
    """

    frames: LogProbabilities
    blank: int
    frame: float

    @property
    def phones(self) -> NDArray[np.int64]:
        """The likeliest phone of each frame, repeats joined, blanks left out: at least one number long."""
        likely = self.frames.argmax(axis=1)
        first = np.append(True, likely[1:] != likely[:-1])
        kept = likely[first & (likely != self.blank)]
        return kept if len(kept) else np.array([self.blank])


def hear(
    by: Recogniser, utterance: Utterance, seconds: float | None = None, tick: Callable[[], None] | None = None
) -> Heard:
    """What was said, by a recogniser.

    Parameters
    ----------
    by : Recogniser
    utterance : Utterance
    seconds : float or None
        Speech time to shorten slower speech to, the example's: a slow voice is heard better, and would gain.
    tick : callable
        Called between pieces; what it raises goes through.
    """
    samples = spoken(utterance)
    if seconds is not None:
        samples = _quickened(samples, utterance.speech.seconds / seconds)
    return _decoded(by, samples, tick)


def hear_example(by: Recogniser, utterance: Utterance, tick: Callable[[], None] | None = None) -> Heard:
    """What an example says. The last few are remembered: the same one is compared with every patient."""
    samples = spoken(utterance)
    if len(samples) > _LONGEST_KEPT:
        return _decoded(by, samples, tick)
    return _remembered(by, samples.tobytes())


@lru_cache(maxsize=_KEPT)
def _remembered(by: Recogniser, samples: bytes) -> Heard:
    return _decoded(by, np.frombuffer(samples, dtype=np.float32), None)


def _decoded(by: Recogniser, samples: Samples, tick: Callable[[], None] | None) -> Heard:
    found: list[LogProbabilities] = []
    for piece in _pieces(samples):
        if found and tick is not None:
            tick()
        found.append(by.log_probabilities(piece))
    return Heard(np.concatenate(found), by.blank, by.frame)


def spoken(utterance: Utterance) -> Samples:
    """The samples of speech, pauses cut to 0.1 s, at one level."""
    active = utterance.speech.active
    wide = np.convolve(active, np.ones(2 * _MARGIN + 1), "same") > 0.5
    hop = round(HOP * RATE)
    parts = [utterance.sound.samples[begin * hop : end * hop] for begin, end in zip(*runs(wide), strict=True)]
    samples = np.concatenate(parts)
    return samples * np.float32(_LEVEL / max(1e-6, float(np.sqrt(np.mean(samples**2, dtype=np.float64)))))


def _quickened(samples: Samples, times: float) -> Samples:
    """Said so many times quicker at the same pitch (Praat's overlap-add); never slower."""
    if times < _LEAST_CHANGE:
        return samples
    sound = parselmouth.Sound(samples.astype(np.float64), RATE)
    factor = 1 / min(times, _MOST_CHANGE)
    (quick,) = parselmouth.praat.run(sound, _LENGTHEN.format(_LOWEST_PITCH, _HIGHEST_PITCH, factor))
    return np.asarray(quick.values[0], dtype=np.float32)


def _pieces(samples: Samples) -> Iterator[Samples]:
    """Cut at the quietest moments into pieces of at most 6 s."""
    hop = round(HOP * RATE)
    while len(samples) > _LONGEST_PIECE * hop:
        first = (_LONGEST_PIECE - _SEARCHED) * hop
        tail = samples[first : _LONGEST_PIECE * hop].reshape(_SEARCHED, hop)
        cut = first + int((tail**2).mean(axis=1).argmin()) * hop
        yield samples[:cut]
        samples = samples[cut:]
    yield samples
