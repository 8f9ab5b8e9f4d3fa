"""Replacing members of a zip file: what is not meant keeps its bytes, and other programs open the result."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from reconcile.workbook import xlsx_zip

TEXT = b"order 15\n" * 400


def made(*, streamed: bool = False) -> bytes:
    """A zip of a stored, a deflated and a foreign-named member; streamed: sizes stand behind the data."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return not streamed

        def seek(self, *where: int) -> int:
            if streamed:
                raise io.UnsupportedOperation
            return super().seek(*where)

    out = Pipe()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("stored.bin", (2026, 2, 28, 23, 59, 58)), b"\0\1\2")
        archive.writestr("deflated.xml", TEXT, zipfile.ZIP_DEFLATED, 9)
        archive.writestr("ссылка.xml", TEXT, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def members(raw: bytes) -> list[zipfile.ZipInfo]:
    return zipfile.ZipFile(io.BytesIO(raw)).infolist()


def packed(raw: bytes, name: str) -> bytes:
    """A member's bytes as they stand in the file."""
    info = zipfile.ZipFile(io.BytesIO(raw)).getinfo(name)
    start = info.header_offset + 30 + sum(struct.unpack_from("<2H", raw, info.header_offset + 26))
    return raw[start : start + info.compress_size]


@pytest.mark.parametrize("streamed", [False, True])
def test_what_is_not_replaced_keeps_its_bytes(*, streamed: bool) -> None:
    raw = made(streamed=streamed)
    new = xlsx_zip.replaced(raw, members(raw), {"deflated.xml": b"new"})
    with zipfile.ZipFile(io.BytesIO(new)) as archive:
        assert archive.testzip() is None
        assert archive.read("deflated.xml") == b"new"
        assert archive.read("stored.bin") == b"\0\1\2"
        assert archive.read("ссылка.xml") == TEXT
    for name in ("stored.bin", "ссылка.xml"):
        assert packed(new, name) == packed(raw, name)
    assert [(one.filename, one.date_time) for one in members(new)] == [
        (one.filename, one.date_time) for one in members(raw)
    ]


def test_a_member_left_out_is_gone() -> None:
    raw = made()
    new = xlsx_zip.replaced(raw, members(raw)[1:], {})
    assert [one.filename for one in members(new)] == ["deflated.xml", "ссылка.xml"]
    assert zipfile.ZipFile(io.BytesIO(new)).testzip() is None


def test_nothing_replaced_twice_is_the_same_file() -> None:
    once = xlsx_zip.replaced(raw := made(), members(raw), {})
    assert xlsx_zip.replaced(once, members(once), {}) == once


def test_a_member_that_is_not_where_the_directory_says() -> None:
    raw = bytearray(made())
    info = members(bytes(raw))[1]
    raw[info.header_offset] = 0
    with pytest.raises(zipfile.BadZipFile, match=r"deflated\.xml does not begin"):
        xlsx_zip.replaced(bytes(raw), members(bytes(raw)), {})


def test_a_member_that_is_cut_off() -> None:
    raw = made()
    info = members(raw)[2]
    info.compress_size = len(raw)
    with pytest.raises(zipfile.BadZipFile, match=r"ссылка\.xml is cut off"):
        xlsx_zip.replaced(raw, [info], {})
