"""Files to decode, written by PyAV or byte by byte."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

ENCODINGS = {
    "speech.wav": ("wav", "pcm_s16le", 44_100),
    "speech.flac": ("flac", "flac", 44_100),
    "speech.webm": ("webm", "libopus", 48_000),
    "speech.m4a": ("mp4", "aac", 44_100),
    "speech.aac": ("adts", "aac", 44_100),
    "speech.mp3": ("mp3", "libmp3lame", 44_100),
    "speech-vorbis.ogg": ("ogg", "vorbis", 44_100),
    "speech-opus.ogg": ("ogg", "libopus", 48_000),
}


def encode(
    path: Path, channels: Sequence[NDArray[np.float64]], rate: int = 16_000, *, encoding: tuple[str, str, int]
) -> Path:
    """Write channels sampled at `rate` as (container, codec, rate of the file)."""
    container, codec, file_rate = encoding
    layout = {1: "mono", 2: "stereo", 3: "2.1", 6: "5.1", 8: "7.1"}[len(channels)]
    with av.open(str(path), "w", format=container) as output:
        stream = output.add_stream(codec, rate=file_rate, layout=layout)
        assert isinstance(stream, AudioStream)
        stream.codec_context.options = {"strict": "experimental"}  # FFmpeg's own vorbis
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(channels, dtype=np.float32), format="fltp", layout=layout
        )
        frame.sample_rate = rate
        resampler = av.AudioResampler(
            format=stream.codec_context.format,
            layout=layout,
            rate=file_rate,
            frame_size=stream.frame_size or 1024,
        )
        for piece in [*resampler.resample(frame), *resampler.resample(None), None]:
            output.mux(stream.encode(piece))
    return path


def wav(
    channels: Sequence[NDArray[Any]], rate: int = 16_000, *, floating: bool = False, claims: int | None = None
) -> io.BytesIO:
    """A WAV file in memory: 16 bits or float; `claims` is the length that its header states, bytes."""
    samples = np.stack(channels, axis=1)
    if floating:
        body = samples.astype("<f4").tobytes()
    else:
        body = np.clip(np.rint(samples * 32_767), -32_768, 32_767).astype("<i2").tobytes()
    width = 4 if floating else 2
    size = len(body) if claims is None else claims
    count = len(channels)
    header = struct.pack("<4sI4s4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16)
    header += struct.pack(
        "<HHIIHH", 3 if floating else 1, count, rate, rate * count * width, count * width, 8 * width
    )
    return io.BytesIO(header + struct.pack("<4sI", b"data", size) + body)


def silent_video(path: Path) -> Path:
    """A few frames of a picture, without a sound track."""
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(5):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path
