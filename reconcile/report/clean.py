"""Customer text made harmless: for a terminal, for Markdown and for a runner's annotations.

What a customer or a panel wrote may hold escape sequences, line breaks, direction marks or markup. It is shown as text,
always on one line, and never acts.
"""

from __future__ import annotations

import re
from typing import Final

_CONTROL: Final = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\u2421"}
_CONTROL[0x0A] = "⏎"
_CONTROL[0x0D] = ""
_CONTROL[0x09] = " "
_HIDDEN: Final = re.compile(
    "[\u0080-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""C1 controls, and what changes the direction or hides: shown by number. Joiners inside emoji (U+200D) stay."""

_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>()#+!|~$-])")
_AUTOLINK: Final = re.compile(r"(?i)(https?|ftp)(://)|(www)(\.)|(@)(?=\w)")
_WORD_JOINER: Final = "&#8288;"


def line(text: object, limit: int = 0) -> str:
    """`text` on one line without anything a terminal would act on, cut to `limit` characters (0: whole)."""
    shown = str(text).replace("\r\n", "\n").translate(_CONTROL)
    shown = _HIDDEN.sub(lambda found: f"<U+{ord(found[0]):04X}>", shown)
    shown = shown.encode("utf-8", "replace").decode()
    return shown if not limit or len(shown) <= limit else shown[: limit - 1] + "…"


def markdown(text: object, limit: int = 0) -> str:
    """`text` as one line of Markdown that reads as itself: no link, image, mention, HTML or table border comes of it."""
    shown = line(text, limit).replace("&", "&amp;")
    shown = _MARKDOWN.sub(r"\\\1", shown).replace("\\<", "&lt;").replace("\\>", "&gt;").replace("\\|", "&#124;")
    return _AUTOLINK.sub(_apart, shown)


def _apart(found: re.Match[str]) -> str:
    """An address or mention with an invisible joint, so that it is not made a link."""
    first, second = (
        part for part in (found[1] or found[3] or found[5], found[2] or found[4] or "") if part is not None
    )
    return f"{first}{_WORD_JOINER}{second}"


def annotation(text: object) -> str:
    """`text` as the message of a runner's `::error::` line: its own three escapes, after `line`.

    Source: the workflow commands' toolkit (`%`, CR and LF are sent as %25, %0D, %0A).
    """
    return line(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
