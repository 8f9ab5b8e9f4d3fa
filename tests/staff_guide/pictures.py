"""Pictures of a workbook as it stands on a screen: LibreOffice draws it, poppler cuts it, and the palette is made small.

Needs `soffice` and `pdftoppm`. A tab is put on one wide page, so that columns are as wide as on a screen, not as on paper.
"""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import zipfile
import zlib
from collections import Counter
from typing import TYPE_CHECKING

from reconcile.workbook import xlsx_package

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SCREEN_DPI = 96
PAGE = ("900mm", "700mm")
COLOURS = 64


def drawn(book: Path, tabs: Sequence[str], work: Path) -> dict[str, Path]:
    """Each tab of an .xlsx workbook as a one-page PDF, by title."""
    made: dict[str, Path] = {}
    for number, title in enumerate(tabs):
        alone = work / f"tab{number}.xlsx"
        _one_tab(book, title, alone)
        command = ["soffice", "--headless", "--convert-to", "pdf", "--outdir", str(work), str(alone)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)  # noqa: S603 - fixed words
        made[title] = alone.with_suffix(".pdf")
    return made


def cut(pdf: Path, to: Path, width: int, height: int, *, scale: float = 1.0, grey: bool = False) -> Path:
    """The top left of a drawn tab, `width` × `height` of a screen's points, as a small PNG."""
    dpi = SCREEN_DPI * scale
    size = ["-x", "0", "-y", "0", "-W", str(round(width * scale)), "-H", str(round(height * scale))]
    command = [
        "pdftoppm",
        "-r",
        str(dpi),
        "-f",
        "1",
        "-l",
        "1",
        "-singlefile",
        *size,
        str(pdf),
        str(to.with_suffix("")),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)  # noqa: S603 - same
    made = to.with_suffix(".ppm")
    to.write_bytes(png(made.read_bytes(), grey=grey))
    made.unlink()
    return to


def tools() -> bool:
    """Whether what draws is installed."""
    return bool(shutil.which("soffice") and shutil.which("pdftoppm"))


def _one_tab(book: Path, title: str, to: Path) -> None:
    """A copy in which only one tab is seen, on one large page with the letters and numbers that a screen shows."""
    package = xlsx_package.unpack(book.read_bytes(), book.name)
    part = dict(package.sheets)[title]
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as after:
        for info in package.archive.infolist():
            data = package.archive.read(info)
            if info.filename == part:
                data = _large_page(data)
            elif info.filename.endswith("xl/workbook.xml"):
                data = _hidden_but(data, title)
            after.writestr(info.filename, data)


def _hidden_but(xml: bytes, title: str) -> bytes:
    def shown(found: re.Match[bytes]) -> bytes:
        element = re.sub(rb'\sstate="\w+"', b"", found[0])
        return (
            element if f'name="{title}"'.encode() in element else element.replace(b"<sheet ", b'<sheet state="hidden" ')
        )

    xml = re.sub(rb"<definedNames>.*?</definedNames>", b"", xml, flags=re.DOTALL)
    place = next(n for n, e in enumerate(re.findall(rb"<sheet\s[^>]*>", xml)) if f'name="{title}"'.encode() in e)
    xml = re.sub(rb'\sactiveTab="\d+"', b"", xml)
    xml = re.sub(rb"<workbookView ", b'<workbookView activeTab="%d" ' % place, xml)
    return re.sub(rb"<sheet\s[^>]*>", shown, xml)


def _large_page(xml: bytes) -> bytes:
    xml = re.sub(rb"<pageSetUpPr[^>]*/>", b"", xml)
    xml = re.sub(rb"<headerFooter.*?</headerFooter>", b"", xml, flags=re.DOTALL)
    xml = re.sub(rb"<printOptions[^>]*/>", b"", xml)
    margins = b'<pageMargins left="0" right="0" top="0" bottom="0" header="0" footer="0"/>'
    setup = b'<pageSetup paperWidth="%s" paperHeight="%s" scale="100"/>' % tuple(each.encode() for each in PAGE)
    xml = re.sub(rb"<pageSetup\b[^>]*/>", b"", xml)
    return re.sub(rb"<pageMargins[^>]*/>", b'<printOptions headings="1"/>' + margins + setup, xml)


# --- small files -----------------------------------------------------------------------------------------------------------


def png(ppm: bytes, *, grey: bool = False) -> bytes:
    """A PPM picture as a PNG of at most 64 colours, or as a grey one."""
    found = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", ppm)
    assert found, "not a PPM picture"
    width, height = int(found[1]), int(found[2])
    body = ppm[found.end() :]
    pixels = [body[at : at + 3] for at in range(0, width * height * 3, 3)]
    if grey:
        shade = {each: round(0.299 * each[0] + 0.587 * each[1] + 0.114 * each[2]) for each in set(pixels)}
        lines = bytes(shade[each] for each in pixels)
        return _written(width, height, lines, colour_type=0, palette=b"")
    counted = [colour for colour, _ in Counter(pixels).most_common(COLOURS)]
    index = {colour: number for number, colour in enumerate(counted)}
    for colour in set(pixels) - set(index):
        index[colour] = min(range(len(counted)), key=lambda n: _far(counted[n], colour))
    return _written(width, height, bytes(index[each] for each in pixels), colour_type=3, palette=b"".join(counted))


def _far(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _written(width: int, height: int, body: bytes, *, colour_type: int, palette: bytes) -> bytes:
    lines = b"".join(b"\0" + body[at * width : (at + 1) * width] for at in range(height))
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)),
        *([(b"PLTE", palette)] if palette else []),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
