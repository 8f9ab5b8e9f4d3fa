"""Our workbook edited and saved by other programs, then read and written by ours: a row of the matrix each.

What a bare runner lacks is skipped by its name. The JavaScript libraries are found through NODE_PATH
(`npm install exceljs xlsx xlsx-populate` in any folder); `make check` needs none of them.
"""

from __future__ import annotations

import importlib.util
import posixpath
import re
import shutil
import subprocess
import zipfile
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import openpyxl
import pandas as pd
import pytest

from reconcile.core.model import Commit
from reconcile.workbook import xlsx_package
from reconcile.workbook.xlsx import XlsxWorkbook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.long

NOTE = "wörds, <&> and\nlines 😀"
ROUND = {
    "exceljs": (
        "const E=require('exceljs');(async()=>{const w=new E.Workbook();await w.xlsx.readFile(process.argv[1]);"
        "const s=w.getWorksheet('Orders');s.getCell(process.argv[2]).value='Completed';s.getCell(process.argv[3]).value="
        "process.argv[4];await w.xlsx.writeFile(process.argv[1])})().catch(e=>{console.error(e);process.exit(1)})"
    ),
    "xlsx": (
        "const X=require('xlsx');const w=X.readFile(process.argv[1],{cellStyles:true});const s=w.Sheets['Orders'];"
        "s[process.argv[2]]={t:'s',v:'Completed'};s[process.argv[3]]={t:'s',v:process.argv[4]};X.writeFile(w,process.argv[1])"
    ),
    "xlsx-populate": (
        "const P=require('xlsx-populate');P.fromFileAsync(process.argv[1]).then(w=>{const s=w.sheet('Orders');"
        "s.cell(process.argv[2]).value('Completed');s.cell(process.argv[3]).value(process.argv[4]);"
        "return w.toFileAsync(process.argv[1])}).catch(e=>{console.error(e);process.exit(1)})"
    ),
}


def _cells(path: Path) -> tuple[str, str]:
    """Where Status and Note of the first order stand."""
    heads = {cell.value: cell.column_letter for cell in openpyxl.load_workbook(path)["Orders"][1]}
    return f"{heads['Status']}2", f"{heads['Note']}2"


def by_openpyxl(path: Path) -> None:
    status, note = _cells(path)
    book: Any = openpyxl.load_workbook(path)
    book["Orders"][status], book["Orders"][note] = "Completed", NOTE
    book.save(path)


def _by_pandas(path: Path, *, reader: Any, writer: Any) -> None:
    read = pd.read_excel(path, sheet_name=None, dtype=object, engine=reader)
    read["Orders"].loc[0, ["Status", "Note"]] = ["Completed", NOTE]
    with pd.ExcelWriter(path, engine=writer) as out:
        for title, frame in read.items():
            frame.to_excel(out, sheet_name=title, index=False)


def by_pandas_openpyxl(path: Path) -> None:
    _by_pandas(path, reader="openpyxl", writer="openpyxl")


def by_pandas_xlsxwriter(path: Path) -> None:
    _by_pandas(path, reader="openpyxl", writer="xlsxwriter")


def by_pandas_calamine(path: Path) -> None:
    _by_pandas(path, reader="calamine", writer="openpyxl")


def _by_converting(path: Path, *command: str) -> None:
    """A program without a hand for cells: openpyxl types, then the program loads and saves."""
    by_openpyxl(path)
    subprocess.run(command, check=True, capture_output=True, timeout=120)  # noqa: S603 - our own words


def by_libreoffice(path: Path) -> None:
    folder = path.parent / "saved"
    profile = f"-env:UserInstallation={(path.parent / 'profile').as_uri()}"
    _by_converting(path, "soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(folder), str(path))
    shutil.copy(folder / path.name, path)


def by_gnumeric(path: Path) -> None:
    saved = path.with_name("saved.xlsx")
    _by_converting(path, "ssconvert", "--export-type=Gnumeric_Excel:xlsx2", str(path), str(saved))
    shutil.copy(saved, path)


def _by_node(path: Path, library: str) -> None:
    command = ["node", "-e", ROUND[library], str(path), *_cells(path), NOTE]
    subprocess.run(command, check=True, capture_output=True, timeout=120)  # noqa: S603 - our own words


def by_exceljs(path: Path) -> None:
    _by_node(path, "exceljs")


def by_sheetjs(path: Path) -> None:
    _by_node(path, "xlsx")


def by_xlsx_populate(path: Path) -> None:
    _by_node(path, "xlsx-populate")


@cache
def lacking(name: str) -> str:
    """Why this runner cannot run a row of the matrix, "" when it can."""
    if name in ROUND:
        node = shutil.which("node")
        found = (
            node
            and not subprocess.run(  # noqa: S603 - our own words
                [node, "-e", f"require.resolve('{name}')"], capture_output=True, check=False, timeout=60
            ).returncode
        )
        return "" if found else f"{name} for Node is not installed"
    if name in ("soffice", "ssconvert"):
        return "" if shutil.which(name) else f"{name} is not installed"
    return "" if importlib.util.find_spec(name) else f"{name} is not installed"


WRITERS: list[tuple[Callable[[Path], None], str]] = [
    (by_openpyxl, "openpyxl"),
    (by_pandas_openpyxl, "pandas"),
    (by_pandas_xlsxwriter, "xlsxwriter"),
    (by_pandas_calamine, "python_calamine"),
    (by_libreoffice, "soffice"),
    (by_gnumeric, "ssconvert"),
    (by_exceljs, "exceljs"),
    (by_sheetjs, "xlsx"),
    (by_xlsx_populate, "xlsx-populate"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A workbook with three orders."""
    made = tmp_path / "orders.xlsx"
    book = XlsxWorkbook(made)
    book.provision(["12"])
    rows: list[Any] = [
        {
            "id": key,
            "link": "https://t.test/=1",
            "charge": 0.25,
            "quantity": 1000,
            "status": "Processing",
            "sync": f"#{key} · New.",
        }
        for key in ("0015", "16", "17")
    ]
    ledger: list[Any] = [
        {"tab": "orders", "key": key, "service": "12", "start_count": "7"} for key in ("0015", "16", "17")
    ]
    book.commit(Commit("run", append={"orders": rows}, ledger=ledger), book.read().revision)
    return made


@pytest.mark.filterwarnings("ignore:Workbook contains no default style")  # openpyxl of what Gnumeric writes
@pytest.mark.parametrize(("write", "needs"), WRITERS, ids=[needs for _, needs in WRITERS])
def test_a_row_of_the_matrix(path: Path, write: Callable[[Path], None], needs: str) -> None:
    """What somebody typed there is read rightly, nothing else has changed, and the file we write is whole for three readers."""
    if missing := lacking(needs):
        pytest.skip(missing)
    before = XlsxWorkbook(path).read()
    write(path)
    book = XlsxWorkbook(path)
    snapshot = book.read()
    orders = snapshot.tabs["orders"]
    assert snapshot.revision == before.revision
    assert snapshot.ledger.to_numpy().tolist() == before.ledger.to_numpy().tolist()
    assert [str(key).lstrip("0") for key in orders["id"]] == ["15", "16", "17"]
    assert list(orders["status"]) == ["Completed", "Processing", "Processing"]
    assert str(orders["note"].iloc[0]).replace("\r\n", "\n") == NOTE
    assert list(orders["quantity"]) == [1000, 1000, 1000]
    keys = list(orders.index)
    row: Any = {"id": "18", "status": "Processing", "sync": "#18 · New."}
    book.commit(
        Commit("run", append={"orders": [row]}, sync={"orders": {keys[0]: f"#{keys[0]} · Sent."}}), snapshot.revision
    )
    assert defects(path) == []
    for shown in (
        list(XlsxWorkbook(path).read().tabs["orders"]["sync"]),
        list(pd.read_excel(path, sheet_name="Orders", dtype=object, engine="openpyxl")["Sync"]),
        [row[-1] for row in _shown(path)],
    ):
        assert shown == [f"#{keys[0]} · Sent.", "#16 · New.", "#17 · New.", "#18 · New."]
    assert openpyxl.load_workbook(path)["_ledger"].sheet_state == "veryHidden"


def _shown(path: Path) -> list[tuple[Any, ...]]:
    sheet = openpyxl.load_workbook(path)["Orders"]
    place = next(cell.column for cell in sheet[1] if cell.value == "Sync")
    return list(sheet.iter_rows(min_row=2, max_row=5, min_col=1, max_col=place, values_only=True))


# --- the package -----------------------------------------------------------------------------------------------------------


def defects(path: Path) -> list[str]:
    """What is wrong with an .xlsx package: CRCs, XML, content types, relationships, counts, doubled cells, style indexes."""
    with zipfile.ZipFile(path) as archive:
        found = [f"CRC of {bad}"] if (bad := archive.testzip()) else []
        names = archive.namelist()
        found += [f"{name} twice" for name in set(names) if names.count(name) > 1]
        trees = {name: ET.fromstring(archive.read(name)) for name in names if name.endswith((".xml", ".rels"))}  # noqa: S314
    types = trees["[Content_Types].xml"]
    defaults = {str(each.get("Extension")).lower() for each in types if each.tag.endswith("Default")}
    overrides = {str(each.get("PartName")).lstrip("/") for each in types if each.tag.endswith("Override")}
    found += [
        f"no content type for {name}"
        for name in names
        if not name.endswith("/") and name not in overrides and name.rpartition(".")[2].lower() not in defaults
    ]
    found += [f"{name} is declared, and not there" for name in overrides if name not in names]
    for name, tree in trees.items():
        if name.endswith(".rels"):
            found += [f"{name} names {target}" for target in _targets(name, tree) if target not in names]
    styles = next((tree for name, tree in trees.items() if name.endswith("styles.xml")), None)
    count = len(next(each for each in styles if each.tag.endswith("cellXfs"))) if styles is not None else 1
    for name, tree in trees.items():
        if "worksheets/" in name and not name.endswith(".rels"):
            found += [f"{name}: {what}" for what in _sheet_defects(tree, count)]
    return found


def _targets(name: str, tree: ET.Element) -> list[str]:
    base = posixpath.dirname(posixpath.dirname(name))
    inside = [str(each.get("Target")) for each in tree if each.get("TargetMode") != "External"]
    return [
        unquote(target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(base, target)))
        for target in inside
    ]


def _sheet_defects(tree: ET.Element, styles: int) -> list[str]:
    found, last, seen = [], 0, set()
    for row in (each for each in tree.iter() if each.tag.endswith("}row")):
        number = int(row.get("r") or last + 1)
        found += [f"row {number} after {last}"] if number <= last else []
        last = number
        for cell in row:
            reference = cell.get("r")
            found += [f"{reference} twice"] if reference in seen else []
            seen |= {reference} - {None}
            if reference and not reference.endswith(str(number)):
                found.append(f"{reference} in row {number}")
            if int(cell.get("s") or 0) >= styles:
                found.append(f"{reference} has style {cell.get('s')} of {styles}")
    for each in tree.iter():
        if each.tag.endswith("}dataValidations") and each.get("count") and int(str(each.get("count"))) != len(each):
            found.append("the count of drop-downs")
    return found


def test_the_check_of_a_package_finds_defects(path: Path) -> None:
    """A check that finds nothing anywhere would prove nothing."""
    orders = dict(xlsx_package.unpack(path.read_bytes(), path.name).sheets)["Orders"]
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    broken = {
        name: re.sub(rb'<c r="A3" s="\d+"', b'<c r="A2" s="9999"', data) if name == orders else data
        for name, data in parts.items()
        if not name.endswith("theme1.xml")
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in broken.items():
            archive.writestr(name, data)
    assert defects(path) == [
        "xl/theme/theme1.xml is declared, and not there",
        "xl/_rels/workbook.xml.rels names xl/theme/theme1.xml",
        f"{orders}: A2 twice",
        f"{orders}: A2 in row 3",
        f"{orders}: A2 has style 9999 of {_styles(broken['xl/styles.xml'])}",
    ]


def _styles(xml: bytes) -> int:
    return len(next(each for each in ET.fromstring(xml) if each.tag.endswith("cellXfs")))  # noqa: S314 - our own file
