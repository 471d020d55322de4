"""How long an analysis takes, beside what it replaces. Prints one JSON line per figure.

    python -m bench.acoustics [--seconds 5 30 180] [--repeat 3]

The sound is the demo's speech, joined to the length that is asked for. "Plain" is what one would write first:
librosa.load, pyin, mfcc and librosa.sequence.dtw, with their defaults. openSMILE is timed where it is installed;
its licence forbids shipping it. ``aim`` is the figure to reach, ``ok`` whether it is.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import parselmouth
from parselmouth.praat import call

from analysis.acoustics import Sound, analyze, decode, warm_up
from analysis.acoustics.arrays import Samples
from analysis.acoustics.cepstrum import cpps
from analysis.acoustics.sound import RATE

SPEECH = Path(__file__).parents[1] / "analysis" / "demo" / "speech"
TAKES = ("park-faithful.webm", "bread-faithful.webm", "milk-slow.webm", "turtle-flat-pitch.webm")
EXAMPLES = ("park-example.webm", "bread-example.webm", "milk-example.m4a", "turtle-example.webm")

FASTER_THAN_PLAIN, FASTER_THAN_PRAAT, FASTER_THAN_SMILE = 20.0, 18.0, 1.25
LONGEST_HOLD = 1000.0  # ms: a worker's heartbeat and a cancel wait for it
PRAAT_CPPS = ("no", 0.01, 0.001, 60, 330, 0.05, "Parabolic", 0.001, 0, "Straight", "Robust")


def main() -> None:
    """Every figure, in the order in which they are worth reading."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, nargs="+", default=[5.0, 30.0, 180.0])
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    warm_up()
    with tempfile.TemporaryDirectory() as folder:
        for seconds in options.seconds:
            pair = _pair(Path(folder), seconds)
            _against_plain(pair, seconds, options.repeat)
            _by_step(pair, seconds)
            _against_smile(pair[0], seconds, options.repeat)
    _against_praat(options.repeat)
    _growth(options.repeat)
    for seconds in (60.0, 300.0):
        _longest_hold(seconds)


def _say(
    figure: str, value: float, unit: str, *, aim: float | None = None, most: bool = False, **more: Any
) -> None:
    """One line. `most`: the aim is an upper limit."""
    line: dict[str, Any] = {"figure": figure, "value": round(value, 3), "unit": unit, **more}
    if aim is not None:
        line |= {"aim": aim, "ok": value <= aim if most else value >= aim}
    print(json.dumps(line), flush=True)


def _spoken(files: tuple[str, ...], seconds: float) -> Samples:
    """The demo's recordings one after the other, again and again, so many seconds of them."""
    once = np.concatenate([decode(SPEECH / name).samples for name in files])
    return np.resize(once, round(seconds * RATE))


def _pair(folder: Path, seconds: float) -> tuple[Path, Path]:
    paths = folder / f"take-{seconds:g}.wav", folder / f"example-{seconds:g}.wav"
    for path, files in zip(paths, (TAKES, EXAMPLES), strict=True):
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes((_spoken(files, seconds) * 32_767).astype("<i2").tobytes())
    return paths


def _milliseconds(run: Callable[[], object], repeat: int) -> float:
    """Median of so many runs."""
    taken = []
    for _ in range(repeat):
        began = time.perf_counter()
        run()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)


def _against_plain(pair: tuple[Path, Path], seconds: float, repeat: int) -> None:
    _plain((pair[0], pair[0])) if seconds <= 5 else None  # librosa compiles when first called
    ours = _milliseconds(lambda: analyze(*pair), repeat)
    plain = _milliseconds(lambda: _plain(pair), 1)
    _say("analyze(recording, example)", ours, "ms", seconds=seconds)
    _say("plain librosa pipeline", plain, "ms", seconds=seconds)
    aim = FASTER_THAN_PLAIN if seconds <= 30 else None
    _say("times faster than the plain pipeline", plain / ours, "times", seconds=seconds, aim=aim)


def _plain(pair: tuple[Path, Path]) -> None:
    import librosa

    cepstra = []
    for path in pair:
        samples, rate = librosa.load(path)
        librosa.pyin(samples, fmin=60, fmax=600, sr=rate)
        cepstra.append(librosa.feature.mfcc(y=samples, sr=rate))
    librosa.sequence.dtw(*cepstra)


def _by_step(pair: tuple[Path, Path], seconds: float) -> None:
    for name, taken in analyze(*pair).step_seconds.items():
        _say(f"step {name}", 1000 * taken, "ms", seconds=seconds)


def _against_smile(path: Path, seconds: float, repeat: int) -> None:
    """Alone, without an example: openSMILE knows of none."""
    ours = _milliseconds(lambda: analyze(path), repeat)
    _say("analyze(recording)", ours, "ms", seconds=seconds)
    try:
        import opensmile  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return
    smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals)
    smile.process_file(str(path))
    theirs = _milliseconds(lambda: smile.process_file(str(path)), repeat)
    _say("times faster than eGeMAPSv02", theirs / ours, "times", seconds=seconds, aim=FASTER_THAN_SMILE)


def _against_praat(repeat: int) -> None:
    samples = _spoken(TAKES, 30).astype(np.float64)
    ours, theirs = cpps(samples), _praat_cpps(samples)
    _say("CPPS, apart from Praat's", abs(ours - theirs), "dB", aim=0.1, most=True)
    fast = _milliseconds(lambda: cpps(samples), repeat)
    slow = _milliseconds(lambda: _praat_cpps(samples), 1)
    _say("CPPS, times faster than Praat", slow / fast, "times", aim=FASTER_THAN_PRAAT, praat_ms=round(slow))


def _praat_cpps(samples: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    cepstrogram = call(parselmouth.Sound(samples, RATE), "To PowerCepstrogram", 60, 0.002, 5000, 50)
    return float(call(cepstrogram, "Get CPPS", *PRAAT_CPPS))


def _growth(repeat: int) -> None:
    """A long recording costs no more than its length: 180 s against 36 times 5 s."""
    long, short = (Sound.of(_spoken(TAKES, seconds)) for seconds in (180.0, 5.0))
    ratio = _milliseconds(lambda: analyze(long), repeat) / (
        36 * _milliseconds(lambda: analyze(short), 3 * repeat)
    )
    _say("180 s over 36 times 5 s", ratio, "times", aim=1.0, most=True)


def _longest_hold(seconds: float) -> None:
    """How long a worker's other threads, its heartbeat among them, have to wait for the interpreter at most."""
    sound = Sound.of(_spoken(TAKES, seconds))
    with _ticking() as gaps:
        analyze(sound)
    aim = LONGEST_HOLD if seconds <= 60 else None
    _say("longest hold of the interpreter", 1000 * max(gaps), "ms", seconds=seconds, aim=aim, most=True)


@contextmanager
def _ticking() -> Iterator[list[float]]:
    """Seconds between the ticks of a thread that wants to run every 5 ms."""
    gaps = [0.0]
    stopped = threading.Event()

    def tick() -> None:
        before = time.perf_counter()
        while not stopped.wait(0.005):
            now = time.perf_counter()
            gaps.append(now - before)
            before = now

    thread = threading.Thread(target=tick)
    thread.start()
    yield gaps
    stopped.set()
    thread.join()


if __name__ == "__main__":
    main()
