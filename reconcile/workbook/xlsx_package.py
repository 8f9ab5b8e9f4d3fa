"""The package an .xlsx file is: its parts by name, and which part is what. Source: ECMA-376 part 2, Open Packaging Conventions.

Part names are compared without case, with either slash, absolute or relative, and percent-encoded or not, because programs
write all of these. Every part that is read comes in UTF-8.
"""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote
from xml.etree import ElementTree as ET
from xml.parsers import expat

from reconcile.errors import AccessRefused, Damaged
from reconcile.workbook.xlsx_xml import utf8

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_UNPACKED: Final = 2_000_000_000
"""A file that claims to unpack to more is not one of ours."""

SPOILED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,  # a part is said to be locked, or packed in a way that zipfile does not know
    OSError,  # … or with bzip2
    expat.ExpatError,
    ET.ParseError,
    KeyError,
    IndexError,  # a cell's text is not among the shared ones
    ValueError,
)
"""What comes of a file with wrong bytes in it, which is never a bug of ours."""

RESAVE: Final = "Open it in a spreadsheet program and save it again as .xlsx, or restore it from a backup."

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STYLES: Final = (
    b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b'<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    b'<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    b'<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    b'<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    b'<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
    b'<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
"""What a workbook without styles looks like: the part is optional."""

STYLES_KIND: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"
STYLES_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"


@dataclass(frozen=True)
class Package:
    """The parts of an .xlsx file: the worksheets by title, and where texts and styles are.

    main: the workbook part. states: title → how the worksheet is hidden, "" for not at all. styles_part: as it will be named
    when there is none yet.
    """

    archive: zipfile.ZipFile
    main: str = ""
    sheets: tuple[tuple[str, str], ...] = ()
    states: Mapping[str, str] = field(default_factory=dict)
    styles_part: str = ""
    strings_part: str = ""
    date1904: bool = False

    def find(self, name: str) -> str:
        """The member of the file that holds a part. Raises KeyError when there is none."""
        try:
            self.archive.getinfo(name)
        except KeyError:
            return _members(self.archive)[_folded(name)]
        return name

    def read(self, name: str) -> bytes:
        """A part in UTF-8; that of the styles also where the file has none. Raises KeyError."""
        try:
            return utf8(self.archive.read(self.find(name)))
        except KeyError:
            if name and name == self.styles_part:
                return _STYLES
            raise

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """What a part names: id → (kind, member). The package itself is the part "". Raises KeyError when it names nothing."""
        root = _tree(self.read(relations_of(part)))
        members = _members(self.archive)
        found: dict[str, tuple[str, str]] = {}
        for relation in root:
            if str(relation.get("TargetMode")).casefold() == "external":
                continue
            target = str(relation.get("Target")).replace("\\", "/")
            folder = posixpath.dirname(part.replace("\\", "/"))
            whole = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            kind = str(relation.get("Type")).rpartition("/")[2]
            found[str(relation.get("Id"))] = (kind, members.get(_folded(whole), whole))
        return found


def relations_of(part: str) -> str:
    """The part that says what `part` names."""
    folder, file = posixpath.split(part.replace("\\", "/"))
    return posixpath.join(folder, "_rels", f"{file}.rels")


def _folded(name: str) -> str:
    """A part's name as it is compared."""
    return posixpath.normpath(unquote(name).replace("\\", "/").lstrip("/")).casefold()


def _members(archive: zipfile.ZipFile) -> dict[str, str]:
    return {_folded(name): name for name in archive.namelist()}


def unpack(raw: bytes, name: str) -> Package:
    """Opens the file as a zip and finds its way around.

    Raises Damaged when it is not an .xlsx file, AccessRefused when it is encrypted with a password.
    """
    if raw.startswith(_OLE):
        raise AccessRefused(
            f"{name} is protected with a password, or is an old .xls file.",
            "Save it as .xlsx without a password to open it.",
        )
    if not raw:
        raise Damaged(
            f"{name} is empty, so not a complete .xlsx workbook.",
            "Restore it from a backup. If it never held anything, delete it, then run `reconcile init`.",
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
        if sum(info.file_size for info in archive.infolist()) > MAX_UNPACKED:
            raise Damaged(f"{name} is far too big for a workbook.", RESAVE)
        names = _members(archive)
        if any(part.endswith("vbaproject.bin") for part in names):
            raise Damaged(
                f"{name} holds macros (vbaProject.bin).", "Save it as an ordinary .xlsx workbook without macros."
            )
        if any(part.startswith("_xmlsignatures/") for part in names):
            raise Damaged(
                f"{name} is digitally signed; any change would break the signature.",
                "Remove the signature, then run again.",
            )
        package = Package(archive)
        main = next(target for kind, target in package.relations("").values() if kind == "officeDocument")
        relations = package.relations(main)
        workbook = _tree(package.read(main))
        sheets = [
            (element, relations[_relation_id(element)][1])
            for element in workbook.iter()
            if _local(element.tag) == "sheet" and relations.get(_relation_id(element), ("", ""))[0] == "worksheet"
        ]
        date1904 = any(
            _local(element.tag) == "workbookPr" and element.get("date1904") in ("1", "true")
            for element in workbook.iter()
        )
        by_kind = {kind: target for kind, target in relations.values() if kind in ("styles", "sharedStrings")}
        return Package(
            archive,
            main,
            tuple((str(element.get("name")), part) for element, part in sheets),
            {str(element.get("name")): element.get("state", "").removeprefix("visible") for element, _ in sheets},
            by_kind.get("styles") or posixpath.join(posixpath.dirname(main.replace("\\", "/")), "styles.xml"),
            by_kind.get("sharedStrings", ""),
            date1904,
        )
    except (*SPOILED, StopIteration) as error:
        raise _not_ours(raw, name) from error


_KINDS = (
    (b"application/vnd.oasis.opendocument", "an OpenDocument file (.ods)"),
    (b"xl/workbook.bin", "a binary workbook (.xlsb)"),
    (b"word/document.xml", "a document for Word"),
    (b"%PDF", "a PDF file"),
    (b"<html", "a web page"),
    (b"<!doctype", "a web page"),
    (b"<?xml", "an XML file"),
    (b"{", "a JSON file"),
)
"""What a file begins with, or a package holds → what it is."""


def _not_ours(raw: bytes, name: str) -> Damaged:
    """The refusal of a file that is no .xlsx package, with what it is where that shows."""
    zipped = raw.startswith(b"PK")
    place = raw if zipped else raw[:200].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    kind = next((what for sign, what in _KINDS if (sign in place if zipped else place.startswith(sign.lower()))), "")
    if not kind and not zipped and b"\0" not in raw[:2000]:
        kind = "a text (perhaps .csv)"
    if kind:
        return Damaged(f"{name} is {kind} under the name of an .xlsx workbook.", RESAVE)
    return Damaged(f"{name} is not a complete .xlsx workbook.", RESAVE)


def _tree(xml: bytes) -> ET.Element:
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise ET.ParseError("a document type is declared")
    return ET.fromstring(xml)  # noqa: S314 - without a document type there are no entities to expand


def _relation_id(element: ET.Element) -> str:
    return next((value for key, value in element.attrib.items() if _local(key) == "id" and "}" in key), "")


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
