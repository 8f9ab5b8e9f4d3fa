"""An answer's bytes without their packing (gzip, deflate). By content: what Content-Encoding says is only a hint.

Servers pack twice, pack without a label, label what is plain, and cut what they packed [obs]. Nothing here raises, and nothing here
unpacks more than `most` bytes.
"""

from __future__ import annotations

import codecs
import json
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconcile.core.model import RawAnswer

LARGEST = 32 * 2**20
"""The most bytes of one answer that are read, packed or unpacked."""

_GZIP = b"\x1f\x8b"
_LAYERS = 4  # packed twice was seen; more than this is no accident
_PARTS = 1000  # gzip files may stand one behind the other; each costs some microseconds, however short it is
_PIECE = 4096
_ANY_GZIP, _ZLIB, _BARE = 31, 15, -15  # zlib's own numbers for what it is to expect
_LOOK = 4096  # bytes by which a text is known


def unpacked(raw: RawAnswer, most: int = LARGEST) -> tuple[bytes, str]:
    """(the body without its packing, why that is not the whole of it, or "").

    The reason ends a sentence that begins with "the panel's answer". What could be unpacked is given in any case.
    """
    body, label = raw.body, raw.encoding.casefold()
    for _ in range(_LAYERS):
        layer = _without_layer(body, label, most)
        if layer is None:
            break
        body, why = layer
        if why:
            return body, why
    else:
        return body, "is packed too often to be read"
    if label.strip() not in {"", "identity"} and not _is_text(body):
        return body, f"cannot be unpacked (it is said to be packed as “{raw.encoding.strip()[:40]}”)"
    if len(body) > most:
        return body[:most], f"is larger than {most:,} bytes"
    return body, ""


def _without_layer(body: bytes, label: str, most: int) -> tuple[bytes, str] | None:
    """One layer of packing taken off, or None where there is none."""
    if body.startswith(_GZIP):
        return _inflated(body, _ANY_GZIP, most)
    deflate = "deflate" in label
    if _has_zlib_header(body) and (deflate or body[:1] == b"x"):
        return _if_any(_inflated(body, _ZLIB, most))
    if deflate and body and not _is_text(body):
        return _if_any(_inflated(body, _BARE, most))
    return None


def _has_zlib_header(body: bytes) -> bool:
    """Whether the first two bytes are those of zlib [RFC 1950]: the method is 8, and the check fits."""
    head = body[:2]
    return len(head) == 2 and head[0] & 0x0F == 8 and head[0] >> 4 <= 7 and int.from_bytes(head, "big") % 31 == 0  # noqa: PLR2004 - the RFC's numbers


def _if_any(found: tuple[bytes, str]) -> tuple[bytes, str] | None:
    """Nothing unpacked and an error: it was no packing."""
    return None if found[1] and not found[0] else found


def _inflated(body: bytes, kind: int, most: int) -> tuple[bytes, str]:
    """All parts of a packed body, one behind the other, and what stands behind them if it may be JSON."""
    out = bytearray()
    at = 0
    for _ in range(_PARTS):
        at, why = _part(body, at, kind, out, most)
        if why:
            return bytes(out[:most]), why
        if kind != _ANY_GZIP or body[at : at + 2] != _GZIP:
            behind = body[at:]
            return bytes(out) + (b"\n" + behind if b'{"' in behind or b'["' in behind else b""), ""
    return bytes(out), "is packed in too many parts"


def _part(body: bytes, at: int, kind: int, out: bytearray, most: int) -> tuple[int, str]:
    """Unpacks one part into `out`: (where it ends, why it is not whole, or "")."""
    engine = zlib.decompressobj(kind)
    while not engine.eof:
        piece = body[at : at + _PIECE]
        if not piece:
            return at, "breaks off inside its packing"
        before = engine.copy()
        size = len(out)
        try:
            while piece and not engine.eof:
                out += engine.decompress(piece, most + 1 - len(out))
                if len(out) > most:
                    return at, f"is larger than {most:,} bytes"
                piece = engine.unconsumed_tail
        except zlib.error:
            del out[size:]
            _by_bytes(before, body[at : at + _PIECE], out)
            return at, "is damaged inside its packing"
        at = min(at + _PIECE, len(body)) - len(engine.unused_data)
    return at, ""


def _by_bytes(engine: zlib._Decompress, piece: bytes, out: bytearray) -> None:
    """What can be had of a piece before the byte that is wrong."""
    for place in range(len(piece)):
        try:
            out += engine.decompress(piece[place : place + 1])
        except zlib.error:
            return


def _is_text(body: bytes) -> bool:
    """Whether the body begins like a text: packed bytes hold control characters, or are no UTF-8, within their first few."""
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"[", b'"', b"<"} and b"\0" not in body[:_LOOK]:
        return _decodes(body, "utf-8", "replace")
    return _decodes(body, json.detect_encoding(body), "strict")


def _decodes(body: bytes, encoding: str, errors: str) -> bool:
    try:
        text = codecs.getincrementaldecoder(encoding)(errors).decode(body[:_LOOK])
    except UnicodeDecodeError:
        return False
    return not any(char < " " and char not in "\t\n\r\f" for char in text)
