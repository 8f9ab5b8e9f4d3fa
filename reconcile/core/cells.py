"""What people type → values: understood where it is unambiguous, otherwise answered with a suggestion.

Each reader takes one raw cell and returns a canonical text, None for blank, or `Wrong` with a sentence for the row's Sync
cell. A blank means "no change", never zero.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconcile.core.model import Cell
    from reconcile.core.words import Words

Choice = TypeVar("Choice", bound=StrEnum)

MOST: Final = 10**12
"""A larger count is a slip (a pasted id, a phone number), not a counter."""

LONGEST: Final = 40
"""No number that a person types is longer; what is longer is not even looked at as one."""

FINEST: Final = Decimal("1e-12")
"""A smaller amount is a slip: no panel keeps so many decimals."""


class Formula(str):
    """The text of a cell that holds a real formula, as opposed to a customer's text that looks like one."""

    __slots__ = ()


@dataclass(frozen=True)
class Wrong:
    """A cell that cannot be used, and one sentence that says why and what to do."""

    text: str


# Google reads errors as text with their message, `#N/A (Did not find value …)`; Excel stores the bare code.
_ERROR: Final = re.compile(
    r"#(REF!|N/A|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|ERROR!|SPILL!|CALC!|GETTING_DATA)", re.IGNORECASE
)
_LOADING: Final = re.compile(r"^Loading(\.\.\.|…)?$", re.IGNORECASE)
_DATE: Final = re.compile(
    r"^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([ T]\d{1,2}:\d{2}.*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}( .*)?|\d{1,2}:\d{2}(:\d{2})?)$"
)
_GROUPED: Final = re.compile(r"^\d{1,3}([,' ’٬]\d{3})(?:\1|[,' ’٬]\d{3})*$")
_DOT_GROUPED: Final = re.compile(r"^[1-9]\d{0,2}\.\d{3}$")
_INVISIBLE: Final = dict.fromkeys(
    map(ord, "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff")
)
_NUMBER_THEN_WORD: Final = re.compile(r"^\D*?(\d[\d,' ]*(?:\.\d+)?)\s*(k|m|thousand|million)?\b.*$", re.IGNORECASE)


def plain(text: str) -> str:
    """`text` without invisible marks, in compatibility form (full-width digits become ASCII), outer space trimmed."""
    if text.isascii():
        return text.strip()
    # a superscript is not a digit of the number before it: "10²" must not become 102
    if any(char.isdigit() and not char.isdecimal() for char in text):
        text = "".join(char if char.isdigit() else unicodedata.normalize("NFKC", char) for char in text)
    else:
        text = unicodedata.normalize("NFKC", text)
    text = text.translate(_INVISIBLE).strip()
    if text.isascii():
        return text
    return "".join(str(unicodedata.digit(char)) if char.isdecimal() else char for char in text)


def id_text(raw: Cell) -> str:
    """An id as text, "" for blank: `123`, ` 123 `, `１２３` and 123.0 are one id; other texts stay as they are, trimmed."""
    if raw is None:
        return ""
    if isinstance(raw, str):
        return raw if raw.isascii() and raw.isalnum() else plain(raw)
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    return str(raw)


def same_id(text: str) -> str:
    """The form under which two ids clash: digits without leading zeros, so that `0123` is held beside `123`."""
    if text.isdecimal():
        return text.lstrip("0") or "0"
    whole, dot, rest = text.partition(".")
    if dot and whole.isdecimal() and rest and not rest.strip("0"):
        return whole.lstrip("0") or "0"
    return text


def is_name(raw: Cell) -> bool:
    """Whether a row can be called by this cell: a text or a whole number, which every spreadsheet shows as it was typed."""
    if isinstance(raw, str):
        return not isinstance(raw, Formula) and not is_error_cell(raw)
    return isinstance(raw, (int, float)) and not isinstance(raw, bool) and float(raw).is_integer()


_ALIKE: Final = str.maketrans("oil|аеорсухікмтвн", "0111ae0pcyx1kmtbh")
"""Letters that look like another one, or like a digit, as people type and read them: Latin o, i, l and Cyrillic ones."""

_PAUSES: Final = re.compile(r"[\s_\-\u00ad\u2010-\u2015\u2212]+")


def same_reference(text: str) -> str:
    """The form under which two references clash: case, spaces, hyphens, zeros in front of a number and look-alike letters do not matter.

    `INV-1`, `inv_1`, `INV1`, `INV-01` and `lNV-1` are one; between two numbers a pause does matter: `1-12` is not `11-2`.
    """
    bare = _PAUSES.sub("-", text.casefold().translate(_ALIKE))
    bare = re.sub(r"(?<!\d)-|-(?!\d)", "", bare)
    return re.sub(r"(?<!\d)0+(?=\d)", "", same_id(bare))


def is_blank(raw: Cell) -> bool:
    """Whether the cell shows nothing."""
    return raw is None or (isinstance(raw, str) and not plain(raw))


def is_error_cell(raw: Cell) -> bool:
    """Whether the cell shows a spreadsheet error (`#REF!`, `#N/A (…)`) or has not finished loading."""
    return isinstance(raw, str) and (bool(_ERROR.match(raw.strip())) or bool(_LOADING.match(raw.strip())))


def poisoned(raw: Cell, label: str, say: Words) -> Wrong | None:
    """What makes a cell unusable whatever is expected in it: a formula, an error, something still loading."""
    if isinstance(raw, Formula):
        return Wrong(say.FORMULA.format(label=label))
    if isinstance(raw, str) and _LOADING.match(raw.strip()):
        return Wrong(say.LOADING.format(label=label))
    if is_error_cell(raw):
        return Wrong(say.ERROR_CELL.format(label=label, shown=say.shown(raw)))
    return None


def text_of(raw: Cell, label: str, longest: int, say: Words) -> str | Wrong | None:
    """Free text as typed, outer space trimmed. Numbers become their text; dates, booleans, formulas and errors are Wrong.

    longest: how many characters it may have, counted as they are kept in the ledger (a line break counts two).
    """
    if is_blank(raw):
        return None
    if wrong := poisoned(raw, label, say):
        return wrong
    if isinstance(raw, (bool, date, time, timedelta)):
        return Wrong(say.NOT_TEXT.format(label=label, shown=say.shown(raw)))
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    text = str(raw).strip()
    if len(text) * 6 > longest and _kept_length(text) > longest:
        return Wrong(say.TOO_LONG.format(label=label, longest=f"{longest:,}"))
    return text


def _kept_length(text: str) -> int:
    """How many UTF-16 units `text` takes inside a JSON text of the ledger."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-16-le", "surrogatepass")) // 2 - 2


def count(raw: Cell, label: str, say: Words) -> str | Wrong | None:
    """A whole number ≥ 0 as canonical digits ("1000"), None for blank.

    Understood: 1000, 1000.0, " 1,000 ", "1 000", "1'000", full-width and other scripts' digits. "1.000" could be one
    or a thousand, so it is answered.
    """
    if is_blank(raw):
        return None
    wrong = poisoned(raw, label, say)
    if wrong is not None:
        return wrong
    if isinstance(raw, bool):
        return Wrong(say.BOOLEAN.format(label=label, shown=say.shown(raw)))
    if isinstance(raw, (date, time, timedelta)):
        return Wrong(say.DATE.format(label=label, shown=say.shown(raw)))
    if isinstance(raw, float):
        if not raw.is_integer():
            return Wrong(say.NOT_WHOLE.format(label=label, shown=say.shown(raw)))
        raw = int(raw)
    if isinstance(raw, int):
        return _bounded(raw, label, say)
    return _typed_count(str(raw), label, say)


def _typed_count(typed: str, label: str, say: Words) -> str | Wrong:
    text = plain(typed)
    if len(text) > LONGEST:
        return Wrong(
            (say.TOO_BIG if text.isdecimal() else say.NOT_A_NUMBER).format(label=label, shown=say.shown(typed))
        )
    if text.isdecimal():
        return _bounded(int(text), label, say)
    if _GROUPED.match(text):
        return _bounded(int(re.sub(r"\D", "", text)), label, say)
    if re.fullmatch(r"\d+\.0+", text) and not re.fullmatch(r"\d{1,3}\.0{3}", text):
        return _bounded(int(text.partition(".")[0]), label, say)
    if re.fullmatch(r"\d{1,3}(\.\d{3}){2,}", text):
        return _bounded(int(text.replace(".", "")), label, say)
    if re.fullmatch(r"\d{1,3}\.\d{3}", text):
        return Wrong(say.DOT_THOUSANDS.format(label=label, shown=text, whole=text.replace(".", "")))
    if _DATE.match(text):
        return Wrong(say.DATE.format(label=label, shown=text))
    if re.fullmatch(r"[-−–]\s*\d[\d,]*(\.0+)?", text):
        return Wrong(say.NEGATIVE.format(label=label, shown=text))
    if re.fullmatch(r"\d+[.,]\d+", text):
        return Wrong(say.NOT_WHOLE.format(label=label, shown=text))
    guess = _guess(text)
    if guess is not None:
        return Wrong(say.NUMBER_WITH_WORDS.format(label=label, shown=say.shown(typed), guess=guess))
    return Wrong(say.NOT_A_NUMBER.format(label=label, shown=say.shown(typed)))


def _bounded(value: int, label: str, say: Words) -> str | Wrong:
    if value < 0:
        return Wrong(say.NEGATIVE.format(label=label, shown=value))
    if value > MOST:
        return Wrong(say.TOO_BIG.format(label=label))
    return str(value)


def _guess(text: str) -> str | None:
    """The number somebody probably meant with `1.2k` or `500 likes`; only ever a suggestion."""
    found = _NUMBER_THEN_WORD.match(text)
    if not found or not re.search(r"[^\W\d_]|[$€£₹%+~<>=]", text):
        return None
    try:
        value = Decimal(re.sub(r"[,' ]", "", found.group(1)))
    except InvalidOperation:
        return None
    unit = (found.group(2) or "").lower()[:1]
    value *= {"k": 1000, "t": 1000, "m": 1_000_000}.get(unit, 1)
    return str(int(value)) if value == value.to_integral_value() and value <= MOST else None


def money(raw: Cell, label: str, say: Words) -> Decimal | Wrong | None:
    """An amount > 0, None for blank. A comma or point that could be either a decimal or a thousands mark is answered, not guessed."""
    if is_blank(raw):
        return None
    wrong = poisoned(raw, label, say)
    if wrong is not None:
        return wrong
    if isinstance(raw, bool):
        return Wrong(say.BOOLEAN.format(label=label, shown=say.shown(raw)))
    if isinstance(raw, (date, time, timedelta)):
        return Wrong(say.DATE.format(label=label, shown=say.shown(raw)))
    # a sheet calculates with 15 digits: 1.1 * 3 is 3.3 there, and 3.3000000000000003 here
    text = plain(raw) if isinstance(raw, str) else format(raw, ".15g") if isinstance(raw, float) else repr(raw)
    if len(text) > LONGEST:
        return Wrong(say.NOT_AN_AMOUNT.format(label=label, shown=say.shown(raw)))
    if re.fullmatch(r"\d{1,3}(,\d{3})+\.\d+", text):
        text = text.replace(",", "")
    if re.fullmatch(r"\d+,\d+", text):
        return Wrong(say.COMMA_AMOUNT.format(label=label, shown=text, dotted=_dotted(text.replace(",", "."))))
    if isinstance(raw, str) and _DOT_GROUPED.match(text):
        whole = text.replace(".", "")
        return Wrong(say.DOT_AMOUNT.format(label=label, shown=text, whole=whole, dotted=_dotted(text)))
    if _DATE.match(text):
        return Wrong(say.DATE.format(label=label, shown=text))
    if not re.fullmatch(r"-?\d+(\.\d+)?(e[-+]?\d{1,3})?", text, re.IGNORECASE):
        return Wrong(say.NOT_AN_AMOUNT.format(label=label, shown=say.shown(raw)))
    value = Decimal(text)
    if value <= 0:
        return Wrong(say.AMOUNT_NOT_POSITIVE.format(label=label, shown=text))
    if value > MOST:
        return Wrong(say.TOO_BIG.format(label=label))
    if value < FINEST:
        return Wrong(say.TOO_SMALL.format(label=label))
    return value


_POINTED: Final = re.compile(r"\d{1,3}(?:[, '’\u00a0\u202f]\d{3})+(?:\.\d+)?")
_COMMAED: Final = re.compile(r"\d{1,3}(?:[. '’\u00a0\u202f]\d{3})+,\d+|(?:0|\d+),(?:\d{1,2}|\d{4,})|0,\d+|\d{4,},\d+")


def panel_amount(raw: Cell) -> Decimal | None:
    """An amount as a panel sent it: `0.15`, `1e-05`, `0,15`, `1,234.56`, `1.234,56`, `$0.90`; None where not exactly one reading is possible."""
    if raw is None or isinstance(raw, (bool, Formula, date, time, timedelta)):
        return None
    text = plain(str(raw)).strip("$€£₹₺ ").strip()
    if len(text) > LONGEST:
        return None
    if re.fullmatch(r"\d{1,3},\d{3}", text) and not text.startswith("0"):
        return None  # a thousand and something, or one and something
    if _COMMAED.fullmatch(text):
        text = re.sub(r"[^\d,]", "", text).replace(",", ".")
    elif _POINTED.fullmatch(text):
        text = re.sub(r"[^\d.]", "", text)
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def panel_whole(raw: Cell) -> int | None:
    """A whole number as a panel sent it: 1000, `1000.0`, `1,000`, `1 000`; None for anything else, or for two possible readings."""
    if isinstance(raw, (bool, Formula)):
        return None
    if isinstance(raw, (int, float)):
        return int(raw) if float(raw).is_integer() and raw >= 0 else None
    if not isinstance(raw, str):
        return None
    text = plain(raw)
    if len(text) > LONGEST:
        return None
    if re.fullmatch(r"\d+\.0+", text) and not re.fullmatch(r"\d{1,3}\.0{3}", text):
        text = text.partition(".")[0]
    elif _GROUPED.match(text) or re.fullmatch(r"\d{1,3}(\.\d{3}){2,}", text):
        text = re.sub(r"\D", "", text)
    return int(text) if text.isdecimal() else None


def _dotted(text: str) -> str:
    """An amount as it can be typed without being taken for thousands: `1.00` for `1.000`, `1.2340` for `1.234`."""
    if not _DOT_GROUPED.match(text):
        return text
    shorter = money_text(Decimal(text))
    return f"{text}0" if _DOT_GROUPED.match(shorter) else shorter


def money_text(value: Decimal) -> str:
    """An amount as the reference writes it: plain digits, at least two decimals ("100.00"), no digit lost."""
    text = format(value, "f")
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0")
    return f"{whole}.{decimals:0<2}"


def fold(text: str) -> str:
    """The form in which two spellings of one choice are equal: `In Progress`, `in_progress` and `inprogress`."""
    return re.sub(r"[\s_\-]+", "", plain(text).casefold())


# Words that mean a choice beyond its own name. Only exact synonyms act; everything merely near is asked about.
_SAME: Final = {"cancelled": "canceled", "true": "yes", "false": "no", "y": "yes", "n": "no"}
_MEANT: Final = {
    "done": "completed",
    "complete": "completed",
    "finished": "completed",
    "cancel": "canceled",
    "refund": "canceled",
    "refunded": "canceled",
    "part": "partial",
    "started": "inprogress",
    "progress": "inprogress",
    "running": "inprogress",
    "pending": "processing",
    "new": "processing",
    "reject": "rejected",
    "refuse": "rejected",
    "ok": "yes",
    "1": "yes",
    "x": "yes",
    "0": "no",
}


_ACCENT: Final = re.compile("[\u0300-\u036f]")


def letters(text: str) -> str:
    """`fold` for languages with accents: `Sí` and `si`, `Não` and `nao`; İ, I, ı and i are one letter.

    Only Latin accents go: a vowel sign of another script is a letter of its own.
    """
    bare = _ACCENT.sub("", unicodedata.normalize("NFD", fold(text)))
    return unicodedata.normalize("NFC", bare.replace("ı", "i"))


def choice(raw: Cell, options: type[Choice], label: str, say: Words) -> Choice | Wrong | None:
    """One of `options`, None for blank. Case, spaces, `_` and `-` do not matter; a near miss is answered with a suggestion.

    Understood in the language of `say` and in English; suggestions are in the language of `say`.
    """
    if is_blank(raw):
        return None
    wrong = poisoned(raw, label, say)
    if wrong is not None:
        return wrong
    if isinstance(raw, (date, time, timedelta)):
        return Wrong(say.DATE.format(label=label, shown=say.shown(raw)))
    english = say.english
    folded = fold if english else letters
    by_name = {folded(option.value): option for option in options}
    if not english:
        by_name |= {folded(say.choice(option.value)): option for option in options}
    typed = folded(str(raw))
    alike = (typed, _SAME.get(typed, ""), *map(folded, say.same.get(typed, ())))
    found = next((by_name[name] for name in alike if name in by_name), None)
    if found is not None:
        return found
    near = _near(typed, by_name, [*map(folded, say.meant.get(typed, ()))])
    one = say.one_of(label)
    if near is not None:
        return Wrong(say.NOT_A_CHOICE_NEAR.format(one=one, shown=say.shown(raw), near=say.choice(by_name[near].value)))
    listed = say.listed(say.choice(option.value) for option in options)
    return Wrong(say.NOT_A_CHOICE.format(one=one, shown=say.shown(raw), choices=listed))


def _near(typed: str, names: Mapping[str, StrEnum], meant: Sequence[str]) -> str | None:
    """The name that was probably meant, None when none or several were. `meant`: what the language says it means."""
    for word in (*meant, _MEANT.get(typed, "")):
        if word in names:
            return word
    starting = [name for name in names if len(typed) > 2 and name.startswith(typed)]  # noqa: PLR2004 - two letters say too little
    if len({names[name] for name in starting}) == 1:
        return starting[0]
    if len({option for name, option in names.items() if typed in name}) > 1:
        return None  # "refund" is half of two decisions
    close = difflib.get_close_matches(typed, names, n=1, cutoff=0.6)
    return close[0] if close else None
