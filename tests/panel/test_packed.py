"""Packing is known by its content; a label is only a hint."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.core.model import Feed, RawAnswer
from reconcile.panel import answers
from reconcile.panel.packed import unpacked

TEXT = json.dumps(
    {"status": "success", "orders": [{"id": str(n), "link": f"https://x.test/{n}"} for n in range(40)]}
).encode()
GZIP = gzip.compress(TEXT, mtime=0)
ZLIB = zlib.compress(TEXT)
_RAW = zlib.compressobj(wbits=-15)
DEFLATE = _RAW.compress(TEXT) + _RAW.flush()

WHOLE = {
    "plain": (TEXT, ""),
    "gzip": (GZIP, "gzip"),
    "gzip without a label": (GZIP, ""),
    "x-gzip": (GZIP, "x-gzip"),
    "gzip with another label": (GZIP, "br"),
    "gzip twice": (gzip.compress(GZIP), "gzip"),
    "gzip twice, labelled": (gzip.compress(GZIP), "gzip, gzip"),
    "gzip inside deflate": (zlib.compress(GZIP), "deflate"),
    "gzip in two parts": (gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:]), "gzip"),
    "garbage behind": (GZIP + b"\0\0garbage", "gzip"),
    "zlib": (ZLIB, "deflate"),
    "zlib without a label": (ZLIB, ""),
    "raw deflate": (DEFLATE, "deflate"),
    **{f"plain labelled {label}": (TEXT, label) for label in ("gzip", "deflate", "br", "zstd", "x-gzip", "identity", "nonsense")},
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_every_packing(name: str) -> None:
    """What is inside comes out, whatever the label says."""
    body, label = WHOLE[name]
    assert unpacked(RawAnswer(200, body, "application/json", label)) == (TEXT, "")


@pytest.mark.parametrize(
    ("body", "label", "why"),
    [
        (GZIP[:-4], "gzip", "breaks off inside its packing"),
        (GZIP[:60], "", "breaks off inside its packing"),
        (GZIP[:40] + bytes([GZIP[40] ^ 255]) + GZIP[41:], "gzip", "is damaged inside its packing"),
        (DEFLATE[:-3], "deflate", "breaks off inside its packing"),
        (b"\x0b\x80\x02\x80\x03", "br", "cannot be unpacked (it is said to be packed as “br”)"),
        (b"\x28\xb5\x2f\xfd\x00", "zstd", "cannot be unpacked (it is said to be packed as “zstd”)"),
    ],
)
def test_what_cannot_be_unpacked_whole(body: bytes, label: str, why: str) -> None:
    """The reason is told, and of gzip everything before the damage is there."""
    found, told = unpacked(RawAnswer(200, body, "", label))
    assert told == why
    assert TEXT.startswith(found) or found == body


@pytest.mark.parametrize("cut", range(1, len(GZIP), 7))
def test_an_answer_cut_inside_its_packing(cut: int) -> None:
    """Cut anywhere: what can be unpacked is read, and the claim is in doubt."""
    found = answers.read_orders(RawAnswer(200, GZIP[:cut], "application/json", "gzip"), "7")
    assert found.in_doubt
    assert [row.id for row in found.rows] == [str(n) for n in range(len(found.rows))]


def test_a_bomb() -> None:
    """No more than the bound is ever unpacked, in any layer; the claim is in doubt."""
    bomb = gzip.compress(b"[" * 40_000)
    for body in (bomb, gzip.compress(bomb), zlib.compress(b"[" * 40_000)):
        assert unpacked(RawAnswer(200, body), 10_000) == (b"[" * 10_000, "is larger than 10,000 bytes")
    nested = b"x"
    for _ in range(9):
        nested = gzip.compress(nested)
    assert unpacked(RawAnswer(200, nested))[1] == "is packed too often to be read"
    assert unpacked(RawAnswer(200, gzip.compress(b"") * 2000))[1] == "is packed in too many parts"
    huge = answers.read_orders(RawAnswer(200, gzip.compress(b" " * (33 * 2**20), 1)), "7")
    assert (huge.feed, huge.rows, huge.in_doubt) == (Feed.ORDERS, (), True)
    assert huge.problem == "the panel's answer is larger than 33,554,432 bytes"


def test_json_behind_a_packed_answer_is_not_lost() -> None:
    """A server that goes on unpacked after it packed the rest: the orders in both are rows or in doubt."""
    found = answers.read_orders(RawAnswer(200, GZIP + b'{"orders":[{"id":"77","link":"l"}]}'), "7")
    assert len(found.rows) == 40
    assert found.in_doubt


@given(st.binary(max_size=300), st.sampled_from(["", "gzip", "deflate", "br", "\x00"]))
def test_any_bytes(body: bytes, label: str) -> None:
    """Nothing raises, and what has no magic number and no label comes back as it is."""
    for start in (b"", b"\x1f\x8b", b"\x1f\x8b\x08\x00", b"x\x9c"):
        found, why = unpacked(RawAnswer(200, start + body, "", label))
        assert isinstance(found, bytes)
        assert not why.endswith(".")
