"""A zip file with some members replaced: all others keep their compressed bytes as they are.

`zipfile` can only unpack and pack again, which for a workbook with a year in its Archive costs more than all else together.
Formats: PKWARE's APPNOTE 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end).
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LOCAL: Final = struct.Struct("<4s5H3L2H")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_END: Final = struct.Struct("<4s4H2LH")
_LEVEL: Final = 4
_KEPT_FLAGS: Final = 0x0806
"""How hard it was deflated, and that names are UTF-8; sizes stand in the header here, not behind the data."""


def replaced(raw: bytes, members: Iterable[zipfile.ZipInfo], data: Mapping[str, bytes]) -> bytes:
    """A zip file of these members of `raw`, in their order, with the content of `data` for those it names; its others follow.

    Raises zipfile.BadZipFile for a member whose bytes are not all there.
    """
    out = bytearray()
    directory = bytearray()
    count = 0
    listed = list(members)
    there = {info.filename for info in listed}
    for info in (*listed, *(zipfile.ZipInfo(name) for name in data if name not in there)):
        name = info.filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437")
        if info.filename in data:
            content = data[info.filename]
            packed, method = memoryview(_deflated(content)), zipfile.ZIP_DEFLATED
            flags, crc, size = info.flag_bits & 0x800, zlib.crc32(content), len(content)
        else:
            packed, method = _packed(raw, info), info.compress_type
            flags, crc, size = info.flag_bits & _KEPT_FLAGS, info.CRC, info.file_size
        year, month, day, hour, minute, second = info.date_time
        when = hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day
        head = (20, flags, method, *when, crc, len(packed), size, len(name), 0)
        looks = (0, 0, info.internal_attr, info.external_attr, len(out))
        directory += _CENTRAL.pack(b"PK\x01\x02", info.create_system << 8 | 20, *head, *looks) + name
        out += _LOCAL.pack(b"PK\x03\x04", *head) + name + packed
        count += 1
    end = _END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), len(out), 0)
    return bytes(out + directory + end)


def _packed(raw: bytes, info: zipfile.ZipInfo) -> memoryview:
    """A member's bytes as they stand in the file."""
    header = raw[info.header_offset : info.header_offset + _LOCAL.size]
    if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
        raise zipfile.BadZipFile(f"{info.filename} does not begin where the directory says.")
    *_, name, extra = _LOCAL.unpack(header)
    start = info.header_offset + _LOCAL.size + name + extra
    packed = memoryview(raw)[start : start + info.compress_size]
    if len(packed) < info.compress_size:
        raise zipfile.BadZipFile(f"{info.filename} is cut off.")
    return packed


def _deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()
