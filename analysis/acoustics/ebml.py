"""Whether a webm file was broken off.

A browser writes webm as it records, without a length in the header, and FFmpeg takes the end of such a file for
the end of the sound. Only the elements tell: the last one of a broken-off upload is longer than what is left.
"""

from __future__ import annotations

import io
from typing import IO

_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675
_MOST_ELEMENTS = 100_000  # half an hour of sound; a hostile file may hold millions of empty ones
_LONGEST_HEADER = 12  # an id of four bytes and a size of eight


def is_broken_off(stream: IO[bytes]) -> bool:
    """True if the file ends in the middle of an element; its position is left as found.

    Segments and clusters are entered rather than skipped, since a recording browser gives them no size.
    """
    before = stream.tell()
    try:
        return _ends_inside(stream, stream.seek(0, io.SEEK_END) or stream.tell())
    finally:
        stream.seek(before)


def _ends_inside(stream: IO[bytes], length: int) -> bool:
    at = 0
    for _ in range(_MOST_ELEMENTS):
        if at >= length:
            return at > length
        stream.seek(at)
        element = _element(stream.read(_LONGEST_HEADER))
        if element is None:
            return True
        identifier, size, width = element
        if identifier in (_SEGMENT, _CLUSTER):
            at += width
            continue
        if size is None:
            return False  # only a whole parser could find its end: nothing is claimed
        at += width + size
    return False


def _element(header: bytes) -> tuple[int, int | None, int] | None:
    """Identifier, size (None where unknown) and width of an element's header; None if it is cut or damaged."""
    id_width = _width(header, 4)
    if id_width is None:
        return None
    size_width = _width(header[id_width:], 8)
    if size_width is None:
        return None
    identifier = int.from_bytes(header[:id_width])
    all_ones = (1 << 7 * size_width) - 1
    size = int.from_bytes(header[id_width : id_width + size_width]) & all_ones
    return identifier, None if size == all_ones else size, id_width + size_width


def _width(head: bytes, most: int) -> int | None:
    """How many bytes a variable-length number takes: one more than the zero bits before its first one."""
    if not head or not head[0]:
        return None
    width = 9 - head[0].bit_length()
    return width if width <= most and width <= len(head) else None
