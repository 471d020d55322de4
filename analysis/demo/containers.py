"""The file formats that recordings arrive in, written as the usual clients write them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import cast

import av
import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

Samples = NDArray[np.float64]
SAMPLE_RATE = 22_050  # Hz: espeak-ng's, at which all speech is made


@dataclass(frozen=True)
class Encoding:
    """How one kind of file is written; rates in Hz and bit/s."""

    suffix: str
    muxer: str
    codec: str
    sample_rate: int
    bit_rate: int | None = None
    muxer_options: tuple[tuple[str, str], ...] = ()


class Container(Enum):
    """One member for each kind of file.

    A browser writes webm while it records and never returns to the header, so such a file states no duration.
    ``live`` gives the same, and keeps the demonstration honest about it. The lossless files are at 16 kHz to
    stay small, and weeks of practice are in ``SMALL_WEBM``.
    """

    WEBM = Encoding("webm", "webm", "libopus", 48_000, 32_000, (("live", "1"),))
    SMALL_WEBM = Encoding("webm", "webm", "libopus", 48_000, 24_000, (("live", "1"),))
    OGG = Encoding("ogg", "ogg", "libopus", 48_000, 24_000)
    M4A = Encoding("m4a", "ipod", "aac", 44_100, 48_000)
    MP3 = Encoding("mp3", "mp3", "libmp3lame", 44_100, 64_000)
    FLAC = Encoding("flac", "flac", "flac", 16_000)
    WAV = Encoding("wav", "wav", "pcm_s16le", 16_000)


def write(path: Path, samples: Samples, sample_rate: int, container: Container) -> None:
    """Write mono samples in [-1, 1] to ``path``.

    ``bitexact`` keeps random serial numbers and library versions out of the file: the same speech gives the
    same bytes.
    """
    encoding = container.value
    options = {"fflags": "+bitexact", **dict(encoding.muxer_options)}
    with av.open(str(path), "w", format=encoding.muxer, options=options) as file:
        added = file.add_stream(encoding.codec, rate=encoding.sample_rate, layout="mono")
        stream = cast(av.AudioStream, added)
        if encoding.bit_rate is not None:
            stream.bit_rate = encoding.bit_rate
        file.mux(stream.encode(_frame(samples, sample_rate, encoding.sample_rate)))
        file.mux(stream.encode(None))


def read_seconds(path: Path) -> float:
    """Decode the whole file and return the length of its sound in seconds, whatever the header states."""
    with av.open(str(path)) as file:
        return sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))


def _frame(samples: Samples, rate: int, wanted_rate: int) -> av.AudioFrame:
    resampled = resample_poly(samples, wanted_rate, rate)
    whole = np.clip(np.round(resampled * 32767), -32768, 32767).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(whole[np.newaxis, :], format="s16", layout="mono")
    frame.sample_rate = wanted_rate
    return frame
