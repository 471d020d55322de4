"""Whether a WAV file is broken off. FFmpeg corrects its header by the file's size, and so cannot tell."""

from __future__ import annotations

import io
import struct
from typing import IO

_UNKNOWN = (0, 0xFFFFFFFF)  # written by recorders that stream and cannot go back to the header
_MOST_CHUNKS = 64  # before the samples; a hostile file may hold millions


def is_broken_off(stream: IO[bytes]) -> bool:
    """True if the `data` chunk of a WAV file promises more bytes than follow. The position is kept.

    Files that are no WAV, or whose header does not say, are not broken off as far as this can tell.
    """
    before = stream.tell()
    try:
        return _promises_more(stream)
    finally:
        stream.seek(before)


def _promises_more(stream: IO[bytes]) -> bool:
    stream.seek(0, io.SEEK_END)
    size = stream.tell()
    stream.seek(0)
    header = stream.read(12)
    if header[:4] != b"RIFF" or header[8:] != b"WAVE":
        return False
    for _ in range(_MOST_CHUNKS):
        chunk = stream.read(8)
        if len(chunk) < 8:
            return False
        name, length = struct.unpack("<4sI", chunk)
        if name == b"data":
            return length not in _UNKNOWN and stream.tell() + length > size
        stream.seek(length + length % 2, io.SEEK_CUR)
    return False
