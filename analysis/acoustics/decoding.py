"""From an uploaded file to 16 kHz mono sound, by PyAV, under limits that a header cannot lie about."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike, fstat
from pathlib import Path
from typing import IO

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError

from analysis.acoustics import ebml, riff
from analysis.acoustics.errors import UnusableRecording
from analysis.acoustics.intake import Intake
from analysis.acoustics.request import Limits
from analysis.acoustics.sound import Sound

Readable = str | PathLike[str] | IO[bytes]

# What a recorder, a phone or a browser writes. FFmpeg also reads playlists (HLS, concat) that name other
# files and addresses; an upload must not be able to make the worker open those.
CONTAINERS = "wav,w64,aiff,flac,ogg,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,aac,amr,caf"

# Only these know their own length. An mp3 or a bare aac stream is given a guess made from its bit rate.
KNOWS_ITS_LENGTH = ("w64", "aiff", "flac", "matroska", "mov", "caf")

HIGHEST_RATE = 768_000  # Hz; the fastest converters sold. Beyond it a header lies


def decode(source: Readable, *, limits: Limits | None = None, role: str = "recording") -> Sound:
    """Decode a file to 16 kHz mono.

    Parameters
    ----------
    source : path or binary file
        A file object is read from its start; it needs `read`, and `seek` and `tell` if it has them.
    limits : Limits
        Bytes are checked before the file is opened, seconds and channels while it is decoded, so a header
        that claims hours costs nothing and one that hides them gains nothing.
    role : {"recording", "example"}
        Which of the two it is, for the error.

    Raises
    ------
    UnusableRecording
        With one of `UNUSABLE_CODES`: the file is at fault.
    OSError
        The file could not be read: the world is at fault, and a retry may help.
    """
    limits = limits or Limits()
    with _opened(source, limits, role) as stream:
        try:
            return _decoded(stream, limits, role)
        except FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            raise UnusableRecording("unreadable", {"reason": type(error).__name__}, role) from error


@contextmanager
def _opened(source: Readable, limits: Limits, role: str) -> Iterator[IO[bytes]]:
    """The file as one that can seek, its size within the limit."""
    if isinstance(source, str | PathLike):
        with Path(source).open("rb") as stream:
            _check_size(fstat(stream.fileno()).st_size, limits, role)
            yield stream
        return
    if source.seekable():
        source.seek(0, io.SEEK_END)  # Django's files return nothing here
        _check_size(source.tell(), limits, role)
        source.seek(0)
        yield source
        return
    content = source.read(limits.max_bytes + 1)
    _check_size(len(content), limits, role)
    yield io.BytesIO(content)


def _check_size(size: int, limits: Limits, role: str) -> None:
    if size == 0:
        raise UnusableRecording("empty_file", role=role)
    if size > limits.max_bytes:
        raise UnusableRecording("too_large", {"bytes": size, "most_bytes": limits.max_bytes}, role)


def _decoded(stream: IO[bytes], limits: Limits, role: str) -> Sound:
    options = {"format_whitelist": CONTAINERS}
    with av.open(stream, "r", options=options, metadata_errors="ignore") as container:
        audio = _audio_stream(container, limits, role)
        intake = Intake(limits, role)
        damaged = _decode_packets(container, audio, intake)
        promised = _promised_seconds(container, audio)
        missing = 0.0 if promised is None else promised - intake.seconds
        broken_off = ebml.is_broken_off if "webm" in container.format.name else riff.is_broken_off
        truncated = damaged or broken_off(stream) or missing > max(0.5, 0.05 * (promised or 0.0))
        return intake.sound(audio.codec_context.name, container.format.name, truncated=truncated)


def _audio_stream(container: InputContainer, limits: Limits, role: str) -> AudioStream:
    if not container.streams.audio:
        raise UnusableRecording("no_audio", {"container": container.format.name}, role)
    audio = container.streams.audio[0]
    rate, channels = audio.codec_context.sample_rate, audio.codec_context.channels
    if channels > limits.max_channels:
        figures = {"channels": channels, "most_channels": limits.max_channels}
        raise UnusableRecording("too_many_channels", figures, role)
    if not 0 < rate <= HIGHEST_RATE or channels < 1:
        raise UnusableRecording("unreadable", {"rate": rate, "channels": channels}, role)
    return audio


def _decode_packets(container: InputContainer, audio: AudioStream, intake: Intake) -> bool:
    """Decode all that can be; True if some of it could not."""
    damaged = False
    packets = container.demux(audio)
    while True:
        try:
            packet = next(packets, None)
        except (av.error.InvalidDataError, av.error.EOFError):  # the file ends in the middle of a packet
            return True
        if packet is None:
            return damaged
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            damaged = True
            continue
        for frame in frames:
            intake.add(frame)


def _promised_seconds(container: InputContainer, audio: AudioStream) -> float | None:
    """What the header says, where it can be believed to mean it."""
    if not any(name in KNOWS_ITS_LENGTH for name in container.format.name.split(",")):
        return None
    if audio.duration is not None and audio.time_base is not None:
        return float(audio.duration * audio.time_base)
    return container.duration / av.time_base if container.duration else None
