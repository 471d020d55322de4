"""Ranges of bytes."""

from __future__ import annotations

import pytest

from analysis.api.problems import Problem
from analysis.audio import Span, content_type, requested


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-", (0, 99)),
        ("bytes=0-9", (0, 9)),
        ("bytes=90-500", (90, 99)),
        ("bytes=99-99", (99, 99)),
        ("bytes=-10", (90, 99)),
        ("bytes=-500", (0, 99)),
        (" bytes=1-2 ", (1, 2)),
    ],
)
def test_a_range(header: str, span: tuple[int, int]) -> None:
    assert requested(header, 100) == Span(*span)


@pytest.mark.parametrize(
    "header", ["", "bytes=-", "bytes=5-2", "bytes=0-1,5-6", "items=0-1", "bytes=a-b", "bytes=²-", "bytes 0-1"]
)
def test_what_is_no_range_gives_the_whole(header: str) -> None:
    assert requested(header, 100) is None


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0)])
def test_a_range_that_cannot_be_had(header: str, size: int) -> None:
    with pytest.raises(Problem) as refused:
        requested(header, size)
    assert refused.value.code == "range_not_satisfiable"
    assert refused.value.headers == {"Content-Range": f"bytes */{size}"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.webm", "audio/webm"),
        ("a.M4A", "audio/mp4"),
        ("a.mp3", "audio/mpeg"),
        ("a.wav", "audio/wav"),
        ("a.html", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
def test_a_file_is_sound_or_nothing_that_a_browser_runs(name: str, kind: str) -> None:
    assert content_type(name) == kind
