"""Speech from espeak-ng, and the changes to it that the synthesiser cannot make itself."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import parselmouth
from parselmouth.praat import call
from scipy.io import wavfile

from analysis.demo import vowel
from analysis.demo.cast import Speaker
from analysis.demo.containers import SAMPLE_RATE, Samples
from analysis.demo.takes import Take

VOICES = {"zh-TW": "cmn-latn-pinyin", "en-US": "en-us"}
PITCH_RANGES = {"zh-TW": "x-high", "en-US": "medium"}
SLOWEST = 80
FLOOR_BELOW_PEAK_DB = 45.0
PITCH_FLOOR, PITCH_CEILING = 60.0, 500.0


class SynthesiserMissingError(Exception):
    """espeak-ng is not on PATH."""


def require_synthesiser() -> None:
    """Raise `SynthesiserMissingError` unless espeak-ng can be run."""
    if shutil.which("espeak-ng") is None:
        raise SynthesiserMissingError(
            "espeak-ng is not on PATH. Install it (Debian: apt install espeak-ng) to make the speech again; "
            "the files that are already in the repository are used without it."
        )


def speak(syllables: Sequence[str], language: str, speaker: Speaker, words_per_minute: int) -> Samples:
    """Return the spoken syllables at `SAMPLE_RATE`, without the silence around them.

    The pitch range is widened for Mandarin, whose tones espeak-ng squeezes into about 5 semitones.
    """
    text = f'<prosody range="{PITCH_RANGES[language]}">{" ".join(syllables)}</prosody>'
    voice = f"{VOICES[language]}+{speaker.variant}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "spoken.wav")
        options = ["-m", "-v", voice, "-p", str(speaker.pitch), "-s", str(words_per_minute), "-w", str(path)]
        subprocess.run(["espeak-ng", *options, text], check=True)
        rate, whole = wavfile.read(path)
    if rate != SAMPLE_RATE:
        raise ValueError(f"espeak-ng wrote {rate} Hz, expected {SAMPLE_RATE}")
    return _without_silence(whole.astype(np.float64) / 32768)


def phrases(take: Take, example_seconds: float) -> list[Samples]:
    """Return the take as the pieces between its long pauses: one piece if it has none."""
    if take.exercise.kind == "sustained_vowel":
        return [vowel.held()]
    pieces = _speak_at(take, _speed(take, example_seconds))
    share = take.pitch_movement
    return pieces if share == 1 else [_flattened(piece, share) for piece in pieces]


def seconds(pieces: Sequence[Samples]) -> float:
    return sum(piece.size for piece in pieces) / SAMPLE_RATE


def _speed(take: Take, example_seconds: float) -> int:
    """Return the words per minute that come nearest to the wanted length.

    Searched, because espeak-ng's length is not inversely proportional to its speed.
    """
    usual = take.speaker.words_per_minute
    if take.times_as_long == 1.0:
        return usual
    wanted = take.times_as_long * example_seconds
    return min(range(SLOWEST, usual), key=lambda speed: abs(seconds(_speak_at(take, speed)) - wanted))


def _speak_at(take: Take, words_per_minute: int) -> list[Samples]:
    starts = [0, *(at + 1 for at in take.pauses_after)]
    ends = [*starts[1:], len(take.said)]
    return [
        speak(take.said[start:end], take.exercise.language, take.speaker, words_per_minute)
        for start, end in zip(starts, ends, strict=True)
    ]


def _without_silence(samples: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(samples) > np.abs(samples).max() * 10 ** (-FLOOR_BELOW_PEAK_DB / 20))
    return samples[loud[0] : loud[-1] + 1]


def _flattened(samples: Samples, share: float) -> Samples:
    """Bring the pitch, in semitones, to a share of its way from the median, by overlap-add (PSOLA).

    Lengths and timbre stay as they are.
    """
    sound = parselmouth.Sound(samples, SAMPLE_RATE)
    frequencies = sound.to_pitch(None, PITCH_FLOOR, PITCH_CEILING).selected_array["frequency"]
    median = float(np.median(frequencies[frequencies > 0]))
    manipulation = call(sound, "To Manipulation", 0.01, PITCH_FLOOR, PITCH_CEILING)
    tier = call(manipulation, "Extract pitch tier")
    call(tier, "Formula", f"{median} * (self / {median}) ^ {share}")
    call([manipulation, tier], "Replace pitch tier")
    resynthesis: Samples = call(manipulation, "Get resynthesis (overlap-add)").values[0]
    return resynthesis
