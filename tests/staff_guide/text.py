"""The words of docs/staff-guide.md: Start here, as a page. Made from the templates alone."""

from __future__ import annotations

from pathlib import Path

from reconcile.workbook import guide, templates

PAGE = Path(__file__).parent.parent.parent / "docs" / "staff-guide.md"
SHOTS = (
    ("Start here", "start-here.png", 420, 760),
    ("Orders", "orders.png", 1366, 520),
    ("Orders", "orders-phone.png", 420, 520),
    ("Dashboard", "dashboard.png", 1290, 790),
)
"""Tab, picture, width and height on a screen."""


def page() -> str:
    """The whole page."""
    known = templates.templates()
    lines = [
        "# The sheet, for the people who work in it",
        "",
        (
            "What the tab *Start here* says, with pictures of the practice workbook (`make demo`). "
            "`python -m tests.staff_guide` writes this page."
        ),
        "",
        *(f"![{title}](pictures/{name})\n" for title, name, _, _ in SHOTS),
    ]
    for line in guide.lines(known, "UTC", "Runs!C:C"):
        if line.row <= 4 or line.kind == "title":
            continue
        if line.kind == "section":
            lines += ["", f"## {line.topic}", "", "| | |", "|---|---|"]
        else:
            lines.append(f"| **{_cell(line.topic)}** | {_cell(line.text)} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
