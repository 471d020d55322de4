"""A file served to a player, with the ranges of bytes that seeking needs.

Who may hear it was asked before; the address of a file is never published.
"""

from __future__ import annotations

import mimetypes
import re
from asyncio import to_thread
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from analysis.api.problems import Problem

PIECE = 64 * 1024
# One range. A list of them is answered with the whole file, as RFC 9110 allows.
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
# What recorders write and Python does not know, or knows as video.
TYPES = {".webm": "audio/webm", ".m4a": "audio/mp4", ".mp4": "audio/mp4", ".ogg": "audio/ogg", ".opus": "audio/ogg",
         ".flac": "audio/flac", ".wav": "audio/wav", ".caf": "audio/x-caf", ".amr": "audio/amr"}  # fmt: skip
HEADERS = {
    "Accept-Ranges": "bytes",
    "Content-Disposition": "inline",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",  # a voice has no place in the cache of a shared computer
}
OPENAPI: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The whole file",
            "content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}},
        },
        206: {"description": "The range of bytes that was asked for"},
        404: {"description": "Not there, or not yours to hear"},
        416: {"description": "The file is shorter than the range"},
    }
}


@dataclass(frozen=True, slots=True)
class Served:
    """The answer, and whether it is the whole file."""

    response: HttpResponseBase
    whole: bool


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes ``first`` to ``last``, both included; none where ``last`` is before ``first``."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def serve(request: HttpRequest, file: FieldFile) -> Served:
    """The file, or the range that was asked for.

    Raises
    ------
    Http404
        Where there is no file.
    Problem
        ``range_not_satisfiable`` for a range beyond its end.
    """
    size = _size(file)
    asked = requested(request.headers.get("Range", ""), size)
    span = asked or Span(0, size - 1)
    response = _response(request, file, span)
    response["Content-Type"] = content_type(str(file.name))
    response["Content-Length"] = str(span.length)
    for name, value in HEADERS.items():
        response[name] = value
    if asked:
        response.status_code = 206
        response["Content-Range"] = f"bytes {span.first}-{span.last}/{size}"
    return Served(response, whole=asked is None)


def requested(header: str, size: int) -> Span | None:
    """The range that a Range header asks of a file of ``size`` bytes; None for the whole file.

    Raises
    ------
    Problem
        ``range_not_satisfiable``.
    """
    match = _RANGE.fullmatch(header.strip())
    if not match or match[0] == "bytes=-":
        return None
    first, last = match.groups()
    if not first:  # the last so many bytes
        span = Span(max(0, size - int(last)), size - 1)
    elif last and int(last) < int(first):  # not a range at all
        return None
    else:
        span = Span(int(first), min(int(last), size - 1) if last else size - 1)
    if span.length < 1:
        raise Problem("range_not_satisfiable", headers={"Content-Range": f"bytes */{size}"})
    return span


def content_type(name: str) -> str:
    """The media type that a player wants to hear; never one that a browser would run."""
    ending = name[name.rfind(".") :].lower()
    found = TYPES.get(ending) or mimetypes.guess_type(name)[0] or ""
    return found if found.startswith("audio/") else "application/octet-stream"


def _size(file: FieldFile) -> int:
    try:
        return int(file.size) if file else _nothing()
    except FileNotFoundError:
        return _nothing()


def _nothing() -> int:
    raise Http404


def _response(request: HttpRequest, file: FieldFile, span: Span) -> HttpResponseBase:
    if request.method == "HEAD":
        return HttpResponse()
    # A synchronous iterator under ASGI is read whole into memory first.
    pieces = _pieces_async if isinstance(request, ASGIRequest) else _pieces
    return StreamingHttpResponse(pieces(file, span))


def _pieces(file: FieldFile, span: Span) -> Iterator[bytes]:
    with file.storage.open(str(file.name), "rb") as opened:
        opened.seek(span.first)
        left = span.length
        while left and (piece := opened.read(min(PIECE, left))):
            left -= len(piece)
            yield piece


async def _pieces_async(file: FieldFile, span: Span) -> AsyncIterator[bytes]:
    opened = await to_thread(file.storage.open, str(file.name), "rb")
    try:
        await to_thread(opened.seek, span.first)
        left = span.length
        while left and (piece := await to_thread(opened.read, min(PIECE, left))):
            left -= len(piece)
            yield piece
    finally:
        # A listener who leaves interrupts a read; the file's own lock lets that end before it is closed.
        opened.close()
