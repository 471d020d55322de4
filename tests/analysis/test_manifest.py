"""Manifests as people and Excel write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.manifest import InvalidManifest, read

DEFAULTS = {"example": "", "text": "", "language": "zh", "exercise": "sentence"}


def written(folder: Path, content: bytes | str) -> Path:
    path = folder / "pairs.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_cells_go_through_and_defaults_stand_in(tmp_path: Path) -> None:
    (row,) = read(written(tmp_path, "recording,language,clinic\na.wav,,台北\n"), DEFAULTS)
    assert row.cells == DEFAULTS | {"recording": "a.wav", "clinic": "台北"}
    assert row.path("recording") == tmp_path / "a.wav"
    assert row.path("example") is None


def test_a_cell_stands_before_the_default(tmp_path: Path) -> None:
    (row,) = read(written(tmp_path, "recording,language\na.wav,en\n"), DEFAULTS)
    assert row.cells["language"] == "en"


def test_an_absolute_path_stays(tmp_path: Path) -> None:
    (row,) = read(written(tmp_path, "recording\n/srv/a.wav\n"), DEFAULTS)
    assert row.path("recording") == Path("/srv/a.wav")


def test_excels_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    (row,) = read(written(tmp_path, "\ufeffrecording,text\r\na.wav,媽媽騎馬\r\n"), DEFAULTS)
    assert row.cells["text"] == "媽媽騎馬"


def test_blank_rows_are_none(tmp_path: Path) -> None:
    rows = read(written(tmp_path, "recording,text\na.wav,\n\n,\nb.wav,\n"), DEFAULTS)
    assert [row.cells["recording"] for row in rows] == ["a.wav", "b.wav"]


def test_a_row_with_too_many_cells_is_marked(tmp_path: Path) -> None:
    rows = read(written(tmp_path, "recording\na.wav,b\nc.wav\n"), DEFAULTS)
    assert [row.fits for row in rows] == [False, True]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("recording,text\na.wav,媽\n".encode("big5"), "UTF-8"),
        ("recording,text\na.wav,媽\n".encode("utf-16"), "UTF-8"),
        ("file,text\na.wav,x\n", "lacks the column “recording”"),
        ("", "lacks the column “recording”"),
        ("recording,exampel\na.wav,b.wav\n", "“exampel”, but none called “example”"),
        ("recording,Text\na.wav,x\n", "“Text”, but none called “text”"),
        ("recording,text,text\na.wav,x,y\n", "“text” twice"),
        ('recording,text\na.wav,"no end\n', "not CSV"),
    ],
)
def test_what_cannot_be_trusted_is_refused_by_name(tmp_path: Path, content: bytes | str, said: str) -> None:
    with pytest.raises(InvalidManifest, match=said):
        read(written(tmp_path, content), DEFAULTS)
