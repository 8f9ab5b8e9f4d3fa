"""What the panel's answers mean. Pure, and total: no bytes make a reader raise anything but AccessRefused (a wrong key).

Marks name where a fact comes from: [ref] the API reference · [anc] its 2021 ancestor's documentation · [srv] read in a server
implementation · [obs] another client author's note of live behaviour.

The rules, in the order they are applied:

1. Items that can be read are rows, whatever stands around them. One that cannot is `Broken`; it never sinks the others.
2. A wrong key stops everything: AccessRefused. Known by its word, by `missing` naming "key" [ref], or by HTTP 401 without
   any other word we know (failures in general also come as 401 [srv], so a known word goes first).
3. "None" is believed only when it is said: `no_order` and its kin at any HTTP code below 500 [anc][obs], an empty or null or absent
   list inside a success, a bare `[]`, or HTTP 404 with the panel's own fail envelope.
4. A clear no (bad_type, an unknown or translated fail below HTTP 500) is reported. Nothing was handed out with it.
5. Everything else may have handed work out, so it is reported as in doubt: broken JSON, an empty body, a web page, HTTP 5xx,
   internal_error, a success that carries something we cannot read.
6. "Slow down" (HTTP 429, rate_limited) means "not acted on" only in an answer that holds nothing else: no item, no id, no success.

Reading costs time in proportion to the answer's length, and ends soon after `may_continue` says no. An answer of ordinary size is
read in any case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from reconcile.core.model import Broken, CancelTask, Claimed, Feed, ItemResult, Order, Refill, Verdict
from reconcile.errors import AccessRefused, SettingsError, Unavailable
from reconcile.panel.loose import How, Num, Obj, OutOfTime, Parsed, Patience, decode, dump, parse, text_of
from reconcile.panel.packed import unpacked
from reconcile.panel.salvage import Wanted, salvage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from reconcile.core.model import OrderUpdate, RawAnswer

    Task = Order | Refill | CancelTask

_UNAUTHORIZED = 401
_FORBIDDEN = 403
_NOT_FOUND = 404
_TOO_MANY = 429
_ERROR = 400
_SERVER_ERROR = 500

# --- words ---------------------------------------------------------------------------------------------------------------

_LONGEST_SENTENCE = 20_000
"""Characters of a message that are looked into: what is longer is no sentence, and nobody waits for it."""


def _norm(text: str) -> str:
    """A word or sentence as one comparable word: "No order found." and "no_order_found" are the same."""
    return re.sub(r"[\W_]+", "_", text[:_LONGEST_SENTENCE].casefold()).strip("_")


_YES = frozenset({"success", "successful", "succeeded", "ok", "okay", "true", "1", "done", "200", "201", "202"})
_NO = frozenset(
    {"fail", "failed", "failure", "error", "err", "false", "0", "denied", "rejected", "unsuccessful", "invalid"}
)

_KEY_WORDS = frozenset(
    {
        "bad_auth",  # [anc]
        "auth_failed", "authentication_failed", "authentication_required", "unauthenticated",
        "unauthorized", "unauthorised", "not_authorized", "not_authorised",
        "invalid_auth", "invalid_credentials", "wrong_credentials", "invalid_token", "bad_token",
    }
)  # fmt: skip
_KEY_PHRASE = re.compile(
    r"(?:^|_)(?:(?:bad|invalid|wrong|incorrect|unknown|expired|revoked|disabled|inactive|missing|no)_(?:admin_)?(?:api_)?key"
    r"|key_(?:is_|was_|has_been_)?(?:required|bad|invalid|wrong|incorrect|missing|unknown|expired|revoked|disabled|inactive"
    r"|not_(?:found|valid|active|correct)))(?:_|$)"
)
_ACTION_PHRASE = re.compile(
    r"^(?:bad|invalid|unknown|wrong|incorrect|unsupported|undefined|no_such)_(?:api_)?(?:action|method)(?:_|$)"
    r"|^(?:action|method)_(?:is_)?(?:not_(?:found|supported|allowed|available|exist\w*)|unknown|invalid|unsupported|does_not_exist)"
)
_BUSY_PHRASE = re.compile(
    r"^(?:api_)?(?:rate_?limit\w*|too_many_(?:requests?|attempts|calls)\w*|throttl\w*|requests?_limit\w*|slow_down\w*)(?:_|$)"
)
_CRASH_PHRASE = re.compile(
    r"(?:^|_)(?:internal(?:_server)?_error|server_error|unknown_error|unexpected_error|database_error|db_error|sqlstate|exception"
    r"|timeout|timed_out|bad_gateway|error_(?:has_)?occurr?ed|something_went_wrong|service_unavailable|try_again_later|maintenance)(?:_|$)"
)
"""Wherever it stands in the sentence: "An internal error occurred" tells no more about what was done than internal_error."""
_TASKS = r"(?:orders?|refills?|cancels?|cancellations?|tasks?|cancel_tasks?|cancel_requests?|refill_tasks?|requests?|items?|data|results?)"
_NONE_PHRASE = re.compile(
    rf"^(?:(?:there_(?:is|are)_)?(?:no|not_any|0|zero)_(?:new_|more_|pending_|available_|active_|open_)*{_TASKS}"
    r"(?:_(?:were|are|is|was|have|been|found|available|pending|yet|now|left|waiting|in_queue|at_the_moment|right_now|to_process"
    rf"|to_fetch|for_this_service|for_service|exist|exists|please|try_again|later))*|(?:pending_)?{_TASKS}_(?:is_|are_|was_|were_)?(?:not_found|empty)"
    r"|empty|empty_queue|queue_is_empty|nothing_found|nothing_to_do)$"
)
_BARE_NOT_FOUND = re.compile(r"^(?:not_found|no_data|nothing_found|no_results?)?$")

_PLAIN: Mapping[str, str] = {
    "bad_auth": "the panel does not accept the key",
    "bad_type": "the panel does not know this service",
    "bad_service": "the panel does not know this service",
    "no_order": "the panel has no such order",
    "no_orders": "the panel does not know this order",
    "bad_id": "the panel does not know this order",
    "bad_start_count": "the panel does not accept this start count",
    "bad_remains": "the panel does not accept these remains",
    "bad_status": "the panel does not accept this status",
    "bad_username": "the panel does not know this user",
    "bad_user": "the panel does not know this user",
    "bad_amount": "the panel does not accept this amount",
    "bad_order_list": "the panel does not accept this list of orders",
    "bad_action": "this panel does not have this action",
    "bad_refill": "the panel does not know this refill",
    "bad_cancel": "the panel does not know this cancel request",
    "internal_error": "the panel had an error of its own",
    "rate_limited": "the panel asks us to slow down",
    "missing": "the panel misses a value",
}
"""The ancestor's error words [anc] and their kin, in words for staff."""

_ABOUT_ORDERS = frozenset(
    {"bad_id", "no_order", "no_orders", "bad_order_list", "bad_start_count", "bad_remains", "bad_status"}
)

_MESSAGE_LENGTH = 300


def plain_words(word: str, message: str = "") -> str:
    """An error word and the panel's message as one phrase for staff; the panel's own words are kept in quotes.

    Known words (docs/panel-facts.md "Answers" [anc]) are translated, all others quoted; never empty.
    """
    known = _PLAIN.get(_norm(word))
    theirs = (message if message.strip() else "" if known else word)[:_LONGEST_SENTENCE]
    theirs = re.sub(r"<[^<>]*>", " ", theirs)
    theirs = " ".join(theirs.split())
    if len(theirs) > _MESSAGE_LENGTH:
        theirs = theirs[: _MESSAGE_LENGTH - 1] + "…"
    if _norm(theirs) == _norm(word) and known:
        theirs = ""
    if known:
        return f"{known} (it says: “{theirs}”)" if theirs else known
    return f"the panel says: “{theirs}”" if theirs else "the panel refused and gave no reason"


# --- the envelope --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """What one answer says as a whole. `verdict`: ACCEPTED, REFUSED, UNKNOWN, or NOT_SENT for "slow down" (not acted on).

    `word` is the panel's error word, `message` its words for people, `plain` ours; `crashed` whether it reports an error of its
    own (internal_error, 5xx), `whole` whether it was readable JSON, `torn` whether it contradicts itself ("slow down" beside an item or
    a success) or is not all there.
    """

    verdict: Verdict
    word: str = ""
    message: str = ""
    plain: str = ""
    missing: tuple[str, ...] = ()
    lacks_action: bool = False
    crashed: bool = False
    whole: bool = True
    torn: bool = False
    _heard: tuple[str, ...] = field(default=(), repr=False)

    @property
    def failed(self) -> bool:
        """Whether the answer said no in so many words, whatever that meant for the call."""
        return bool(self.word or self._heard) and self.verdict is not Verdict.ACCEPTED

    @property
    def about_orders(self) -> bool:
        """Whether it is a known word about an order, a value of one, or the list of them."""
        return _norm(self.word) in _ABOUT_ORDERS

    @property
    def none(self) -> bool:
        """Whether it says in words that there is nothing to hand out (a known word about something else goes first)."""
        word = _norm(self.word)
        about_else = word in _PLAIN and word not in {"no_order", "no_orders"}
        return not about_else and any(_NONE_PHRASE.search(heard) for heard in self._heard)


def _get(value: Mapping[str, Any], *names: str) -> Any:
    """The first of these keys that is there, also in other letter case; None where none is."""
    for name in names:
        if name in value:
            return value[name]
    lower = {key.casefold(): held for key, held in value.items()}
    return next((lower[name] for name in names if name in lower), None)


def _status(value: Mapping[str, Any]) -> bool | None:
    """Whether an envelope (or one order's result) says success, fail, or neither."""
    if isinstance(value, Obj) and ("status" in value.doubled or "success" in value.doubled):
        return None
    word = _get(value, "status", "success", "ok")
    if word is None or isinstance(word, dict | list):
        return None
    said = _norm(text_of(word)) or "false"
    if said in _YES:
        return True
    if said in _NO or re.fullmatch(r"[45]\d\d", said):
        return False
    return None


_NOTHING: tuple[Any, ...] = (None, False, "", "0", "null", "none", [], {})


def _error(value: Mapping[str, Any]) -> tuple[bool, str, str]:
    """(whether there is an error, its word, its message) of an envelope or of one order's result."""
    error = _get(value, "error", "errors", "error_code", "error_message")
    message = _get(value, "message", "msg", "error_message", "error_description", "detail", "reason", "description")
    text = "" if message is None else text_of(message)
    if any(error == nothing for nothing in _NOTHING):
        code = _get(value, "code")
        word = text_of(code) if isinstance(code, str) and not isinstance(code, Num) and _norm(code) in _PLAIN else ""
        return bool(word), word, text
    if isinstance(error, dict):
        inner = _get(error, "code", "error", "type", "word")
        words = _get(error, "message", "msg", "detail", "reason")
        word = "" if inner is None else text_of(inner)
        return True, word, text or ("" if words is None else text_of(words)) or (dump(error) if inner is None else "")
    if error is True or (isinstance(error, Num) and str(error) == "1"):
        return True, "", text
    return True, text_of(error), text


def _missing(value: Mapping[str, Any]) -> tuple[str, ...]:
    """The parameters an answer names as missing [ref]."""
    missing = _get(value, "missing")
    if isinstance(missing, list):
        return tuple(text_of(name).strip() for name in missing if not isinstance(name, dict | list))
    if isinstance(missing, dict):
        return tuple(str(name) for name in missing)
    return (text_of(missing).strip(),) if isinstance(missing, str) and missing.strip() else ()


def _unwrap(value: Any) -> Any:
    """`[{"status": "fail", …}]` is read as the envelope inside."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        inner = value[0]
        if "id" not in inner and "cancel" not in inner and (_status(inner) is not None or "error" in inner):
            return inner
    return value


def _refuses_key(http: int, word: str, heard: Sequence[str], missing: Sequence[str]) -> bool:
    """The four shapes of a wrong key (docs/panel-facts.md "Shapes to survive", 15), and what is not one although it looks alike."""
    if "key" in (name.casefold() for name in missing):
        return True
    if missing:
        return False  # it names what it misses, and the key is not it
    if any(said in _KEY_WORDS or _KEY_PHRASE.search(said) for said in heard):
        return True
    known = _norm(word) in _PLAIN or any(_NONE_PHRASE.search(said) for said in heard)
    return http == _UNAUTHORIZED and not known


def _refuse_access(word: str, message: str) -> AccessRefused:
    theirs = " ".join((message or word)[:_LONGEST_SENTENCE].split())[:_MESSAGE_LENGTH]
    return AccessRefused(
        f"the panel does not accept the key (it says: “{theirs}”)",
        "Copy the admin API key again into RECONCILE_PANEL_KEY, and check that RECONCILE_PANEL_URL is that panel's address.",
    )


def _unreadable(http: int, how: How) -> str:
    """Why an answer could not be read, in words."""
    if how is How.EMPTY:
        return f"the panel's answer was empty (HTTP {http})"
    if how is How.PAGE:
        return f"a web page came instead of the panel's answer (HTTP {http})"
    if how is How.CUT:
        return f"the panel's answer breaks off or is damaged (HTTP {http})"
    return f"the panel's answer cannot be read: {how.value} (HTTP {http})"


def _hear(http: int, parsed: Parsed) -> Said:
    """The envelope's meaning for any action. Raises AccessRefused for a wrong key."""
    if parsed.how is not How.READ:
        if http == _UNAUTHORIZED:
            raise _refuse_access("", "HTTP 401")
        if http == _TOO_MANY:
            return _slow_down(http, parsed, "", "")
        return Said(Verdict.UNKNOWN, plain=_unreadable(http, parsed.how), whole=False, torn=bool(parsed.why))
    value = _unwrap(parsed.value)
    if isinstance(value, str) and not isinstance(value, Num):
        value = Obj({"error" if _is_no(_norm(value)) else "message": str(value)})
        value.doubled = {}
    if not isinstance(value, dict):
        if http == _UNAUTHORIZED:
            raise _refuse_access("", "HTTP 401")
        if http == _TOO_MANY:
            return _slow_down(http, parsed, "", "")
        return Said(Verdict.UNKNOWN, plain=f"the panel's answer has an unknown shape (HTTP {http})")
    said = _hear_object(http, value, parsed)
    if parsed.why and said.verdict is not Verdict.UNKNOWN:
        return Said(
            Verdict.UNKNOWN, said.word, said.message, f"the panel's answer {parsed.why} (HTTP {http})", torn=True
        )
    return said


def _is_no(said: str) -> bool:
    """Whether a bare word can only be a failure. Any other may as well be "success" in some language: neither yes nor no."""
    phrases = (_KEY_PHRASE, _ACTION_PHRASE, _BUSY_PHRASE, _CRASH_PHRASE, _NONE_PHRASE)
    return said in _NO or said in _PLAIN or said in _KEY_WORDS or any(phrase.search(said) for phrase in phrases)


def _busy(word: str, message: str) -> Said:
    return Said(Verdict.NOT_SENT, word or "rate_limited", message, plain_words("rate_limited", message))


def _slow_down(http: int, parsed: Parsed, word: str, message: str) -> Said:
    """What "slow down" means: not acted on, unless the answer holds anything that speaks against it."""
    if _holds_nothing_else(parsed):
        return _busy(word, message)
    plain = f"the panel asks us to slow down, and its answer holds more than that (HTTP {http})"
    return Said(Verdict.UNKNOWN, word, message, plain, whole=parsed.how is How.READ, torn=True)


_SAYS_LITTLE = 65_536
"""Characters: whoever says "slow down" says little else. A longer answer is not believed to say only that."""
_WORK = frozenset(
    {
        *("id", "order", "orders", "order_id", "refill", "refills", "refill_id", "cancel", "cancels", "cancel_id"),
        *("payment", "payment_id", "ticket", "ticket_id", "transaction", "transaction_id", "tasks", "items", "results"),
    }
)
"""Names under which an answer brings work, or says what it made."""
_WORK_KEY = re.compile(rf'"(?:{"|".join(sorted(_WORK))})\\*+"\s*+:', re.IGNORECASE)
_SIGN_KEY = re.compile(r'"(?:link|charge|quantity|order_id|service_id|start_count)\\*+"\s*+:', re.IGNORECASE)
_SUCCESS = re.compile(
    r'"(?:status|success|ok)\\*+"\s*+:\s*+(?:\\*+"(?:success\w*+|ok|okay|true|done|1|20[012])\\*+"|true|1\b|20[012]\b)',
    re.IGNORECASE,
)


def _holds_nothing_else(parsed: Parsed) -> bool:
    """Whether an answer holds no item, no id of anything and no success, as far as can be told; what cannot be told is a no."""
    if parsed.why or len(parsed.text) > _SAYS_LITTLE:
        return False
    if parsed.how is How.READ and not parsed.more:
        return not _says_yes(parsed.value) and not any(_speaks(value) for value in _within(parsed.value, Patience()))
    found = _WORK_KEY.search(parsed.text)
    if parsed.how is How.PAGE and not _SIGN_KEY.search(parsed.text):
        found = None  # a page's own scripts have ids of their own
    return not found and not _SUCCESS.search(parsed.text) and _norm(parsed.text) not in _YES


def _speaks(value: Any) -> bool:
    """Whether one value within an answer is an item, names what was made, or says success."""
    if isinstance(value, dict):
        named = any(key.casefold() in _WORK and not any(held == n for n in _NOTHING) for key, held in value.items())
        return named or _status(value) is True or any(_says_yes(held) for held in value.values())
    if isinstance(value, list):
        return any(not isinstance(held, str | dict) or isinstance(held, Num) or _says_yes(held) for held in value)
    return False


def _says_yes(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, Num) and _norm(value) in {"success", "successful"}


def _within(value: Any, patience: Patience) -> Iterator[Any]:
    """The value and everything inside it, however deep, each once."""
    waiting = [value]
    steps = 0
    while waiting:
        steps += 1
        if steps % _EVERY == 0:
            patience.check()
        value = waiting.pop()
        yield value
        if isinstance(value, dict):
            waiting.extend(held for _, held in _pairs_of(value) if isinstance(held, dict | list))
        elif isinstance(value, list):
            waiting.extend(held for held in reversed(value) if isinstance(held, dict | list))


def _pairs_of(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """An object's pairs in reverse, doubled keys as often as they came."""
    for key in reversed(value):
        for held in reversed(value.every(key) if isinstance(value, Obj) else [value[key]]):
            yield key, held


def _hear_object(http: int, value: dict[str, Any], parsed: Parsed) -> Said:
    status = _status(value)
    there, word, message = _error(value)
    missing = _missing(value)
    no = status is False or (status is None and (there or bool(missing)))
    heard = (
        tuple(said for said in (_norm(word), _norm(message) if status is not True else "") if said)
        if no or there
        else ()
    )
    if status is None and not there and _norm(text_of(_get(value, "status"))) in _PLAIN:
        word, no = text_of(_get(value, "status")), True  # a status that is itself an error word: {"status": "bad_auth"}
        heard = (_norm(word), _norm(message))
    if no and not word and _norm(message) in _PLAIN:
        word = message
    asks_to_slow_down = any(_BUSY_PHRASE.search(said) for said in heard)
    if asks_to_slow_down or (http == _TOO_MANY and (status is not True or there)):
        return _slow_down(http, parsed, word, message)
    if (no or http == _UNAUTHORIZED) and status is not True and _refuses_key(http, word, heard, missing):
        raise _refuse_access(word or ("missing: key" if missing else ""), message)
    if status is True and not there and (http < _ERROR or http == _TOO_MANY):
        return Said(Verdict.ACCEPTED, message=message)
    if not no:
        plain = f"the panel's answer is neither a clear yes nor a clear no (HTTP {http})"
        if message or word:
            plain += f": “{' '.join((message or word)[:_LONGEST_SENTENCE].split())[:_MESSAGE_LENGTH]}”"
        return Said(Verdict.UNKNOWN, word, message, plain, missing, _heard=heard)
    plain = plain_words(word, message)
    if missing:
        plain = f"the panel misses {', '.join(missing)}"
    known = _norm(word) in _PLAIN and not any(_CRASH_PHRASE.search(said) for said in heard)
    crashed = any(_CRASH_PHRASE.search(said) for said in heard) or (http >= _SERVER_ERROR and not known and not missing)
    return Said(
        Verdict.UNKNOWN if crashed else Verdict.REFUSED,
        word,
        message,
        plain if not crashed else f"{plain} (HTTP {http})",
        missing,
        crashed=crashed,
        lacks_action=any(_ACTION_PHRASE.search(said) for said in heard),
        _heard=heard or ("fail",),
    )


def _parsed(raw: RawAnswer, patience: Patience) -> Parsed:
    """The answer's value, read the one way there is: unpacked, decoded, parsed. Raises OutOfTime."""
    body, why = unpacked(raw)
    parsed = parse(decode(body, raw.content_type), patience)
    return replace(parsed, why=why) if why else parsed


def answer_text(raw: RawAnswer) -> str:
    """The answer as a person can read it: unpacked and decoded, not parsed."""
    return decode(unpacked(raw)[0], raw.content_type)


_EVERY = 256
_LATE = "the panel's answer could not be read in the time there was"


def is_busy(raw: RawAnswer) -> bool:
    """Whether the panel said "slow down" and so did not act: HTTP 429, or a rate_limited fail at any other code [obs].

    Believed only of an answer that holds nothing else. Long answers are not looked into: whoever says "slow down" says little else.
    """
    body, _ = unpacked(raw)
    if len(body) > _SAYS_LITTLE:
        return False
    try:
        return _hear(raw.status, _parsed(raw, Patience())).verdict is Verdict.NOT_SENT
    except AccessRefused:
        return False


# --- single calls --------------------------------------------------------------------------------------------------------


def read_single(raw: RawAnswer, *, may_continue: Callable[[], bool] = lambda: True) -> Said:
    """What one set*/add* call's answer says. Raises AccessRefused for a wrong key, nothing else.

    ACCEPTED only for a success below HTTP 400 (or at 429, which speaks of the next call then) with no error in it; `{"error": …}` at 200
    is a refusal; internal_error, a 5xx without a known error word, an empty body, anything unreadable and any contradiction are UNKNOWN.
    """
    try:
        return _hear(raw.status, _parsed(raw, Patience(may_continue)))
    except OutOfTime:
        return Said(Verdict.UNKNOWN, plain=_LATE, whole=False, torn=True)


# --- updateOrders --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Updated:
    """What an updateOrders answer says: one result per id sent, and the envelope (`any_result`: it had per-order results)."""

    results: Mapping[str, ItemResult]
    said: Said
    any_result: bool


def read_updates(
    raw: RawAnswer,
    ids: Iterable[str],
    sent: Iterable[OrderUpdate] = (),
    *,
    may_continue: Callable[[], bool] = lambda: True,
) -> Updated:
    """Per-order results for every id sent; absent or contradictory ones are UNKNOWN, ids we did not send are ignored.

    Shapes: {"1": {"status": …}} [ref], {"1": "success"}, [{"id": …, "status": …}], with text or number ids. `sent`: what was sent, so
    that a result which repeats it counts as a yes [srv]. Results count whatever stands around them. Raises AccessRefused for a wrong
    key in an answer without any, nothing else.
    """
    ids = [id_.strip() for id_ in ids]
    wanted = {update.id.strip(): update for update in sent}
    try:
        parsed = _parsed(raw, Patience(may_continue))
    except OutOfTime:
        late = ItemResult(Verdict.UNKNOWN, _LATE)
        said = Said(Verdict.UNKNOWN, plain=_LATE, whole=False, torn=True)
        return Updated(dict.fromkeys(ids, late), said, any_result=False)
    found: dict[str, list[ItemResult]] = {id_: [] for id_ in ids}
    for id_, value in _result_pairs(_unwrap(parsed.value), frozenset(ids)):
        if id_ in found:
            found[id_].append(_item_result(value, wanted.get(id_)))
    any_result = any(found.values())
    try:
        said = _hear(raw.status, parsed)
    except AccessRefused as error:
        if not any_result:
            raise
        said = Said(Verdict.UNKNOWN, plain=error.what, torn=True)
    absent = ItemResult(Verdict.UNKNOWN, "the panel's answer does not mention this order")
    results = {id_: _agreed(held) if held else absent for id_, held in found.items()}
    return Updated(results, said, any_result)


def _agreed(results: Sequence[ItemResult]) -> ItemResult:
    if all(result.verdict is results[0].verdict for result in results):
        return results[0]
    return ItemResult(Verdict.UNKNOWN, "the panel's answer says two different things about this order")


def _result_pairs(value: Any, sent: Collection[str]) -> list[tuple[str, Any]]:
    """Every (id, result) an updateOrders answer holds, in whichever container."""
    if isinstance(value, list):
        return [(_own_id(item), item) for item in value if isinstance(item, dict)]
    if not isinstance(value, dict):
        return []
    pairs: list[tuple[str, Any]] = []
    for name in ("orders", "results", "result", "data", "order"):
        for held in value.every(name) if isinstance(value, Obj) else ():
            if isinstance(held, list):
                pairs += [(_own_id(item), item) for item in held if isinstance(item, dict)]
            elif isinstance(held, dict):
                if _own_id(held):
                    pairs.append((_own_id(held), held))
                else:
                    pairs += _keyed(held) or []
                    if not any(key in sent for key, _ in pairs):
                        pairs += _result_pairs(held, sent)
    # Results beside the status, without a container.
    pairs += [(key, held) for key, held in _keyed(value) if key in sent]
    return pairs


def _keyed(value: dict[str, Any]) -> list[tuple[str, Any]]:
    """(id, result) of an object keyed by id, or by position with the id inside (an array re-indexed by a server)."""
    pairs = [(key, held) for key in value for held in (value.every(key) if isinstance(value, Obj) else [value[key]])]
    return [((_own_id(held) if isinstance(held, dict) else "") or key.strip(), held) for key, held in pairs]


def _own_id(item: Mapping[str, Any]) -> str:
    named = _get(item, "id", "order_id", "order")
    return text_of(named).strip() if isinstance(named, str) else ""


def _item_result(value: Any, sent: OrderUpdate | None) -> ItemResult:
    """One order's result: an object, a bare word, a boolean, or what was sent once more."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        status = _status(value)
        there, word, message = _error(value)
        own = text_of(_get(value, "status")) if status is None else ""
        if status is None and not there and _norm(own) in _PLAIN:
            there, word = True, own
        if status is True and not there:
            return ItemResult(Verdict.ACCEPTED)
        if status is None and not there and own:
            return _echoed(value, own, sent)
        if status is True or (status is None and not there):
            return ItemResult(Verdict.UNKNOWN, f"the panel's answer about this order is unclear: {_short(value)}")
        heard = [_norm(word), _norm(message)]
        unclear = any(_CRASH_PHRASE.search(said) or _BUSY_PHRASE.search(said) for said in heard)
        return ItemResult(Verdict.UNKNOWN if unclear else Verdict.REFUSED, plain_words(word, message))
    if value is None or isinstance(value, list):
        return ItemResult(Verdict.UNKNOWN, f"the panel's answer about this order is unclear: {_short(value)}")
    word = "true" if value is True else "false" if value is False else text_of(value)
    said = _norm(word)
    if said in _YES:
        return ItemResult(Verdict.ACCEPTED)
    if said in _NO:
        return ItemResult(Verdict.REFUSED, "the panel refused and gave no reason")
    if said in _PLAIN and not _CRASH_PHRASE.search(said):
        return ItemResult(Verdict.REFUSED, plain_words(word))
    return _echoed(value, word, sent)


_SAME_STATUS = {"canceled": "cancelled", "inprogress": "in_progress", "complete": "completed"}


def _status_word(text: str) -> str:
    """A status in one spelling [obs]: `In progress`, `IN_PROGRESS` and `inprogress` are the same, so are `canceled` and `cancelled`."""
    word = _norm(text)
    return _SAME_STATUS.get(word, word)


def _echoed(value: Any, status: str, sent: OrderUpdate | None) -> ItemResult:
    """A result that says where the order stands [srv][obs]: a yes where that is what was sent, otherwise not known."""
    if sent is not None and (sent.status is not None or isinstance(value, dict)):
        fits = [sent.status is None or _status_word(status) == _status_word(sent.status.wire)]
        numbers = {"start_count": sent.start_count, "remains": sent.remains} if isinstance(value, dict) else {}
        told = {name: text_of(_get(value, name)).strip() for name, number in numbers.items() if number is not None}
        fits += [not text or text == numbers[name] for name, text in told.items()]
        if all(fits) and (sent.status is not None or any(told.values())):
            return ItemResult(Verdict.ACCEPTED)
    return ItemResult(Verdict.UNKNOWN, f"the panel's answer about this order is unclear: {_short(value)}")


def _short(value: Any) -> str:
    text = " ".join(dump(value).split())
    return text if len(text) <= _MESSAGE_LENGTH else text[: _MESSAGE_LENGTH - 1] + "…"


# --- claims --------------------------------------------------------------------------------------------------------------

_LISTS: Mapping[Feed, tuple[str, ...]] = {
    Feed.ORDERS: ("orders", "order", "data", "list", "items", "result", "results"),
    Feed.REFILLS: ("refills", "refill", "tasks", "data", "list", "items", "result", "results"),
    Feed.CANCELS: ("cancels", "cancel", "tasks", "data", "list", "items", "result", "results"),
}
_IDS: Mapping[Feed, tuple[str, ...]] = {
    Feed.ORDERS: ("id", "order_id", "order"),
    Feed.REFILLS: ("id", "refill_id", "refill"),
    Feed.CANCELS: ("cancel", "id", "cancel_id"),
}
_SIGNS: Mapping[Feed, frozenset[str]] = {
    Feed.ORDERS: frozenset({"link", "charge", "quantity", "comments", "comment", "user_id", "user", "username"}),
    Feed.REFILLS: frozenset({"order_id", "order", "service_id", "service", "link", "start_count", "quantity", "date"}),
    Feed.CANCELS: frozenset({"order_id", "order", "service_id", "service", "link"}),
}
_NOUN = {Feed.ORDERS: "order", Feed.REFILLS: "refill", Feed.CANCELS: "cancel request"}
_ID_LENGTH = 100


def read_orders(
    raw: RawAnswer, service: str, *, may_continue: Callable[[], bool] = lambda: True, none: Collection[str] = ()
) -> Claimed:
    """A getOrders answer, as orders of `service` (the answer itself does not name it [ref]).

    none: this panel's own sentences for "nothing is pending". Raises AccessRefused for a wrong key, nothing else; see the module's rules for the rest. An answer that is not read when
    `may_continue` says no is `unread`.
    """
    return _claimed(raw, Feed.ORDERS, service, may_continue, none)


def read_order(raw: RawAnswer, service: str, *, may_continue: Callable[[], bool] = lambda: True) -> Claimed:
    """A getOrder answer: the one order stands flat in the envelope [ref]; the list shape is read too."""
    return _claimed(raw, Feed.ORDERS, service, may_continue)


def read_refills(
    raw: RawAnswer,
    service: str | None = None,
    *,
    may_continue: Callable[[], bool] = lambda: True,
    none: Collection[str] = (),
) -> Claimed:
    """A getRefills answer [ref]."""
    return _claimed(raw, Feed.REFILLS, service or "", may_continue, none)


def read_cancel(
    raw: RawAnswer,
    service: str | None = None,
    *,
    may_continue: Callable[[], bool] = lambda: True,
    none: Collection[str] = (),
) -> Claimed:
    """A getCancel answer: one task, flat, its id under `cancel`, no message [ref]; lists are read too."""
    return _claimed(raw, Feed.CANCELS, service or "", may_continue, none)


READERS = {Feed.ORDERS: read_orders, Feed.REFILLS: read_refills, Feed.CANCELS: read_cancel}
"""Feed → what reads a claim's answer."""


def _claimed(
    raw: RawAnswer, feed: Feed, service: str, may_continue: Callable[[], bool], none: Collection[str] = ()
) -> Claimed:
    patience = Patience(may_continue)
    try:
        parsed = _parsed(raw, patience)
        found = _in_time(raw.status, parsed, feed, service, patience, frozenset(map(_norm, none)))
    except OutOfTime:
        return Claimed(feed, service, problem=_LATE, in_doubt=True, unread=True)
    if not parsed.why:
        return found
    count = _count_read(found.rows, feed)
    return replace(found, problem=f"the panel's answer {parsed.why}{count}", in_doubt=True)


def _in_time(http: int, parsed: Parsed, feed: Feed, service: str, patience: Patience, none: frozenset[str]) -> Claimed:
    """What the answer says. Raises AccessRefused, OutOfTime."""
    items = _items(_unwrap(parsed.value), feed) if parsed.how is How.READ else None
    if items:
        rows, broken = _rows(items, feed, service, patience)
        problem, doubt = _beside_items(http, parsed, feed)
        return Claimed(feed, service, rows, broken, problem, in_doubt=doubt)
    if parsed.how is How.READ:
        hidden = [value for value in _within(parsed.value, patience) if _is_hidden_item(value, feed)]
        if hidden:
            rows, broken = _rows(hidden, feed, service, patience)
            problem = f"the panel sent {_NOUN[feed]}s in a shape of its own (HTTP {http}){_count_read(rows, feed)}"
            return Claimed(feed, service, rows, broken, problem, in_doubt=True)
    elif parsed.how in (How.CUT, How.DEEP) or _may_hold_items(parsed.text, feed):
        found = _salvaged(http, parsed, feed, service, patience)
        if parsed.how in (How.CUT, How.DEEP) or found.count:
            return found
    said = _hear(http, parsed)
    if not said.whole:
        # A page at 404/405 is a wrong address, "slow down" a "not now", 204 says that there is nothing [RFC 9110].
        if http in _NO_CONTENT and parsed.how is How.EMPTY:
            return Claimed(feed, service)
        not_now = http in (_NOT_FOUND, 405) and not said.torn
        return Claimed(feed, service, problem=said.plain, in_doubt=not not_now)
    if http < _SERVER_ERROR and not said.torn and not parsed.more and {_norm(said.message), _norm(said.word)} & none:
        return Claimed(feed, service)
    return _without_items(http, parsed, said, feed, service, listed=items is not None)


_NO_CONTENT = (204, 205)


def _may_hold_items(text: str, feed: Feed) -> bool:
    """Whether a text that is no JSON names an id and another field as JSON does: a page around the answer, or a flipped first byte."""
    return any(f'"{name}"' in text for name in _IDS[feed]) and any(f'"{name}"' in text for name in _SIGNS[feed])


def _without_items(http: int, parsed: Parsed, said: Said, feed: Feed, service: str, *, listed: bool) -> Claimed:
    """An answer that was read and holds no item: clearly none, clearly refused, or in doubt."""
    if said.torn:
        return Claimed(feed, service, problem=said.plain, in_doubt=True)
    if not parsed.more and _clearly_none(http, _unwrap(parsed.value), said, listed=listed):
        return Claimed(feed, service)
    if parsed.more:
        return Claimed(feed, service, problem="the panel's answer goes on after its end", in_doubt=True)
    if said.verdict is Verdict.NOT_SENT or said.lacks_action:
        return Claimed(feed, service, problem=said.plain, lacks_action=said.lacks_action)
    if said.verdict is Verdict.REFUSED:
        own = "" if _norm(said.word) in _PLAIN or said.missing else said.message or said.word
        return Claimed(
            feed,
            service,
            problem=said.plain,
            in_doubt=http >= _SERVER_ERROR,
            said=" ".join(own.split())[:_MESSAGE_LENGTH],
        )
    if http >= _ERROR:
        return Claimed(feed, service, problem=said.plain, in_doubt=http >= _SERVER_ERROR or said.failed)
    plain = said.plain or "the panel said success and sent something that cannot be read"
    return Claimed(feed, service, problem=plain, in_doubt=True)


def _clearly_none(http: int, value: Any, said: Said, *, listed: bool) -> bool:
    """Rule 3 of the module: whether "nothing to hand out" was really said."""
    if http >= _SERVER_ERROR:
        return False
    if said.none:
        return True
    if said.verdict is Verdict.REFUSED:
        envelope = http == _NOT_FOUND and isinstance(value, dict) and _status(value) is False
        words = [word for word in (said.word, said.message) if word.strip()]
        return envelope and bool(words) and all(_BARE_NOT_FOUND.match(_norm(word)) for word in words)
    empty_list = isinstance(value, list) or (listed and not said.failed)
    if empty_list:
        return http < _ERROR or http in (_NOT_FOUND, _TOO_MANY)
    return said.verdict is Verdict.ACCEPTED and _bare(value)


_BARE = frozenset(
    {"status", "success", "ok", "message", "msg", "code", "error", "errors", "time", "timestamp", "count", "total"}
)


def _bare(value: Any) -> bool:
    """Whether a success carries nothing that could be work (an absent list means none [obs])."""
    return isinstance(value, dict) and all(
        key.casefold() in _BARE or any(held == nothing for nothing in _NOTHING) for key, held in value.items()
    )


def _beside_items(http: int, parsed: Parsed, feed: Feed) -> tuple[str, bool]:
    """What to report about an answer that did bring items: (problem, in doubt)."""
    nouns = _NOUN[feed] + "s"
    if parsed.more:
        return f"the panel's answer goes on after its end; {nouns} may be missing", True
    value = _unwrap(parsed.value)
    if http >= _ERROR or (
        isinstance(value, dict) and (_status(value) is False or (_status(value) is None and _error(value)[0]))
    ):
        return f"the panel reported a failure (HTTP {http}) and sent {nouns} all the same", False
    return "", False


def _salvaged(http: int, parsed: Parsed, feed: Feed, service: str, patience: Patience) -> Claimed:
    """A broken answer: whole items land, the pieces are kept, and the rest of it stays in doubt."""
    wanted = Wanted(_LISTS[feed], _IDS[feed], _SIGNS[feed])
    saved = salvage(parsed.text, wanted, lambda item: _is_item(item, feed), patience)
    rows, broken = _rows(saved.items, feed, service, patience)
    why = f"the panel's answer breaks off or is damaged in this {_NOUN[feed]}"
    pieces = [Broken(piece, why) for piece in saved.pieces if any(f'"{name}"' in piece for name in _IDS[feed])]
    problem = _unreadable(http, parsed.how) + _count_read(rows, feed)
    return Claimed(feed, service, rows, _few((*broken, *pieces)), problem, in_doubt=True)


def _count_read(rows: Sequence[Task], feed: Feed) -> str:
    return f"; {len(rows)} {_NOUN[feed]}{'s' if len(rows) != 1 else ''} could be read" if rows else ""


_MOST_BROKEN = 200
_MOST_RAW = 500_000


def _few(broken: Sequence[Broken]) -> tuple[Broken, ...]:
    """At most 200 of them, each of a length that a sheet can keep: a hostile answer may hold millions. The journal has it whole."""
    kept = [*broken[:_MOST_BROKEN]]
    if len(broken) > _MOST_BROKEN:
        more = broken[_MOST_BROKEN:]
        kept.append(
            Broken(
                "\n".join(one.raw[:_MESSAGE_LENGTH] for one in more[:_MOST_BROKEN]),
                f"and {len(more):,} more like these",
            )
        )
    return tuple(Broken(_head(one.raw), one.why) for one in kept)


def _head(text: str) -> str:
    return text if len(text) <= _MOST_RAW else f"{text[:_MOST_RAW]}… ({len(text):,} characters)"


def _is_item(value: Any, feed: Feed) -> bool:
    """Whether a value is an object with an id and at least one other field of its kind."""
    return (
        isinstance(value, dict)
        and any(isinstance(value.get(name), str) for name in _IDS[feed])
        and any(name in value for name in _SIGNS[feed])
    )


def _is_hidden_item(value: Any, feed: Feed) -> bool:
    return _is_item(value, feed) and not _is_blank(value, feed)


def _is_flat(value: Obj, feed: Feed) -> bool:
    """Whether an envelope is itself the item, as getOrder and getCancel send it [ref]; perhaps without a usable id."""
    if any(isinstance(value.get(name), dict | list) and value.get(name) for name in _LISTS[feed]):
        return False
    return _is_item(value, feed) or len(_SIGNS[feed] & set(value)) > 1


def _is_blank(value: Obj, feed: Feed) -> bool:
    """Whether all fields of a flat item are null, "" or 0: that is how "none" looks when it is flat."""
    names = {*_IDS[feed], *_SIGNS[feed]} & set(value)
    return all(any(value[name] == nothing for nothing in _NOTHING) for name in names)


def _items(value: Any, feed: Feed, depth: int = 0) -> list[Any] | None:
    """The items an answer holds, readable or not; [] where it says "none" by an empty list; None where there is no list."""
    if isinstance(value, list):
        return list(value)
    if not isinstance(value, Obj):
        return None
    if _is_flat(value, feed):
        return [] if _is_blank(value, feed) else [value]
    found: list[Any] | None = None
    for rank, name in enumerate(_LISTS[feed]):
        for held in value.every(name):
            inner = _held(held, feed, depth, certain=rank == 0)
            if inner is not None:
                found = (found or []) + inner
    if found is None and depth == 0 and feed is Feed.CANCELS:
        flat = value.get("cancel")
        if isinstance(flat, str) and flat.strip() not in {"", "0"}:
            return [value]  # an id and nothing else is still a request
    return found


def _held(held: Any, feed: Feed, depth: int, *, certain: bool) -> list[Any] | None:
    """The items under one list name. `certain`: the reference's own name for it, so that whatever is there counts."""
    if isinstance(held, list):
        return list(held)
    if isinstance(held, Obj):
        if _is_item(held, feed):
            return [held]
        if not held:
            return []
        inner = _items(held, feed, depth + 1) if depth < 2 else None  # noqa: PLR2004 - data.orders, nothing deeper was seen
        if inner is not None:
            return inner
        if all(isinstance(item, dict) for item in held.values()):
            return _from_keyed(held)
        return [held] if certain else None
    if isinstance(held, str) and not isinstance(held, Num) and _NONE_PHRASE.search(_norm(held)):
        return []
    if any(held == nothing for nothing in _NOTHING) and not isinstance(held, Num):
        return []
    return [held] if certain and not isinstance(held, Num) else None


def _from_keyed(held: Obj) -> list[Any]:
    """Items of an object keyed by id, or by position (then the id is inside)."""
    keys = list(held)
    by_position = keys == [str(n) for n in range(len(keys))]
    items: list[Any] = []
    for key in keys:
        for item in held.every(key):
            if isinstance(item, dict) and "id" not in item and not by_position:
                named = Obj({"id": key, **item})
                named.doubled = getattr(item, "doubled", {})
                items.append(named)
            else:
                items.append(item)
    return items


def _rows(
    items: Iterable[Any], feed: Feed, service: str, patience: Patience
) -> tuple[tuple[Task, ...], tuple[Broken, ...]]:
    """Rows and broken items. The same id twice: an exact repeat is dropped, a differing one is kept as broken."""
    rows: dict[str, Task] = {}
    broken: list[Broken] = []
    for place, item in enumerate(items):
        if place % _EVERY == _EVERY - 1:
            patience.check()
        read = _row(item, feed, service)
        if isinstance(read, Broken):
            broken.append(read)
        elif rows.setdefault(read.id, read) != read:
            why = f"{_NOUN[feed]} {read.id} came twice in one answer, this time with other values"
            broken.append(Broken(dump(item), why))
    return tuple(rows.values()), _few(broken)


def _row(item: Any, feed: Feed, service: str) -> Task | Broken:
    noun = _NOUN[feed]
    if not isinstance(item, dict):
        return Broken(dump(item), f"this is not a {noun}" if feed is not Feed.ORDERS else "this is not an order")
    id_, why = _usable_id(item, feed)
    if why:
        return Broken(dump(item), why)

    def of(*names: str) -> str:
        """The first of these fields that says something."""
        texts = (text_of(_get(item, name)) for name in names)
        return next((text for text in texts if text), "")

    if feed is Feed.ORDERS:
        order = Order(
            id=id_,
            service=_service_of(of("service_id").strip(), service),
            link=of("link", "url"),
            charge=of("charge"),
            user=of("user_id", "user", "username"),
            quantity=of("quantity"),
            comments=of("comments", "comment"),
        )
        return replace(order, details=_details(item, order))
    if feed is Feed.REFILLS:
        return Refill(
            id=id_,
            order_id=of("order_id", "order").strip(),
            service=of("service_id", "service").strip() or service,
            link=of("link", "url"),
            start_count=of("start_count"),
            quantity=of("quantity"),
            requested=of("date", "created_at", "created"),
        )
    return CancelTask(
        id=id_,
        order_id=of("order_id", "order").strip(),
        service=of("service_id", "service").strip() or service,
        link=of("link", "url"),
    )


def _service_of(told: str, asked: str) -> str:
    """The service of an order: what it says itself counts, because one server hands out every service's whatever is asked for [srv]."""
    return told if told.isascii() and told.isdecimal() else asked or told


_ENVELOPE = frozenset(
    {"status", "success", "ok", "message", "msg", "error", "errors", "code", "error_code", "error_message"}
)
_SHOWN = frozenset(
    {
        "id",
        "order_id",
        "order",
        "link",
        "url",
        "charge",
        "user_id",
        "user",
        "username",
        "quantity",
        "comments",
        "comment",
    }
)


def _details(item: dict[str, Any], order: Order) -> str:
    """What else the panel sent with an order: `usernames: a, b · answer_number: 3`. It can be what the order is about [obs].

    A known field is told where its value is not the one that the row has under that name's kin.
    """
    known = {text.strip() for text in (order.id, order.link, order.charge, order.user, order.quantity, order.comments)}
    parts = []
    for key, held in item.items():
        name = key.casefold()
        text = _one_line(held)
        told = (name in _SHOWN and text_of(held).strip() in known) or (name == "service_id" and text == order.service)
        if text and name not in _ENVELOPE and name != "id" and not told:
            parts.append(f"{_one_line(key)}: {text}")
    return " · ".join(parts)


def _one_line(value: Any) -> str:
    """A value in one line, lists with commas; "" where nothing is in it."""
    if isinstance(value, list) and not any(isinstance(held, dict | list) for held in value):
        return ", ".join(text for held in value if (text := " ".join(text_of(held).split())))
    if isinstance(value, dict | list) and not any(_is_something(held) for held in _within(value, Patience())):
        return ""
    return " ".join(text_of(value).split())


def _is_something(value: Any) -> bool:
    """Whether an object or list holds a value of its own that says something."""
    held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(not isinstance(one, dict | list) and text_of(one) for one in held)


def _usable_id(item: dict[str, Any], feed: Feed) -> tuple[str, str]:
    """(the item's id as trimmed text, "") or ("", why it has none that can be used)."""
    noun = _NOUN[feed]
    name = next((name for name in _IDS[feed] if isinstance(_get(item, name), str) and _get(item, name).strip()), None)
    if name is None:
        return "", f"this {noun} has no id"
    value = _get(item, name)
    if isinstance(item, Obj) and name in item.doubled:
        return "", f"this {noun} has two ids: {' and '.join(text_of(value) for value in item.doubled[name])}"
    id_ = text_of(value).strip()
    if isinstance(value, Num):
        whole = re.fullmatch(r"(-?\d+)(?:\.0+)?", id_)
        if whole is None:
            return "", f"this {noun}'s id is not a whole number: {id_[:_ID_LENGTH]}"
        id_ = whole[1]
    if len(id_) > _ID_LENGTH or not id_.isprintable() or "\ufffd" in id_:
        return "", f"this {noun}'s id cannot be used: {_short(value)}"
    return id_, ""


# --- the probe -----------------------------------------------------------------------------------------------------------


_ADMIN_WORDS = frozenset({"bad_id", "bad_remains", "bad_action", "no_order", "no_orders", "missing"})
"""What the admin API says to a setRemains without id and remains [ref][anc]."""
_NAMES_PARAMETER = re.compile(
    r"(?:^|_)(?:order_)?(?:ids?|remains)_(?:\w{1,60}_)??(?:required|missing|empty|invalid|incorrect|wrong|not_(?:set|found|valid|given))(?:_|$)"
    r"|(?:^|_)(?:required|missing|empty|invalid|incorrect|wrong|bad|no|unknown)_(?:\w{1,60}_)??(?:order_)?(?:ids?|remains)(?:_|$)"
)
_WRONG_ADDRESS = {
    404: "there is nothing at this address (HTTP 404)",
    405: "this address takes no such calls (HTTP 405)",
    410: "there is nothing at this address any more (HTTP 410)",
    419: "a page of the panel's site answers there, not its API (HTTP 419)",
}


def read_probe(raw: RawAnswer) -> str:
    """The answer to a setRemains without its parameters: "" when it proves that an admin API stands there and took the key.

    Only an answer that names the missing parameter proves it, or one in the admin API's own error words. An empty answer below HTTP
    400, and a fail in the envelope of the reference, come from honest panels, too [srv][anc]: for these what is not proved is returned,
    in words. Raises AccessRefused for a wrong key, also for a 403 without a word about something else (here no order can be meant),
    SettingsError for another API's address, Unavailable for what is no panel's answer.
    """
    parsed = _parsed(raw, Patience())
    said = _hear(raw.status, parsed)
    value = _unwrap(parsed.value)
    value = value if isinstance(value, dict) else {}
    if said.verdict is Verdict.NOT_SENT:
        raise Unavailable(f"the panel cannot be used now: {said.plain}", "Try again later.")
    if _proves_admin(said, value):
        return ""
    _refuse_other_address(raw.status, said, value)
    empty = parsed.how is How.EMPTY and raw.status < _ERROR
    _refuse_page(raw.status, parsed)
    if not said.whole and not empty:
        raise Unavailable(
            f"the panel cannot be used now: {said.plain}",
            "Try again later; if it stays so, check RECONCILE_PANEL_URL (it ends in /admin/v1).",
        )
    if raw.status == _FORBIDDEN and _ADDRESS_PHRASE.search(f"{_norm(said.word)} {_norm(said.message)}"):
        theirs = " ".join((said.message or said.word)[:_LONGEST_SENTENCE].split())[:_MESSAGE_LENGTH]
        raise AccessRefused(
            f"the panel does not let this machine's address in (it says: “{theirs}”)",
            "Let this machine's address in at the panel's settings, or run from one that is let in.",
        )
    if raw.status == _FORBIDDEN:
        raise _refuse_access(said.word, said.message)
    if raw.status >= _SERVER_ERROR:
        raise Unavailable(f"the panel cannot be used now: {said.plain}", "Try again later.")
    if empty:
        return "its answer to a call without parameters was empty, which some panels do"
    if _status(value) is False:
        return f"it did not name the parameter that was missing ({said.plain})"
    raise SettingsError(
        f"RECONCILE_PANEL_URL: what answers there is not known to be an admin API ({said.plain or 'it says success'})."
    )


def _proves_admin(said: Said, value: Mapping[str, Any]) -> bool:
    """Whether the answer names the parameter that was missing, or says so in the admin API's words."""
    errors = _get(value, "errors")
    named = {name.casefold() for name in (*said.missing, *(errors if isinstance(errors, dict) else ()))}
    known = _norm(said.word) in _ADMIN_WORDS and (_status(value) is not None or _norm(said.word) != "bad_action")
    heard = (_norm(said.word), _norm(said.message))
    about = said.verdict is Verdict.REFUSED and any(_NAMES_PARAMETER.search(words) for words in heard)
    return bool(named & {"id", "remains", "order", "order_id", "orders"}) or known or about or said.none


_ADDRESS_PHRASE = re.compile(
    r"(?:^|[_ ])(?:ip|ips|ip_address|whitelist\w*|white_list\w*|allow_?list\w*|geo\w*|country)(?:[_ ]|$)"
)
_CHALLENGE = re.compile(
    r"just a moment|cf-chl|challenge-platform|captcha|ddos|attention required|checking your browser|incapsula|sucuri",
    re.IGNORECASE,
)
_PAUSE = re.compile(r"maintenance|be (?:right )?back|temporarily|try again later|too many", re.IGNORECASE)


def _refuse_page(http: int, parsed: Parsed) -> None:
    """Raises for a web page, or a text that is no JSON, below HTTP 500: who stands there, as far as it shows."""
    if parsed.how is How.PAGE and _CHALLENGE.search(parsed.text[:_SAYS_LITTLE]):
        raise Unavailable(
            f"a page that keeps programs out (a firewall's or a network's) stands before the panel (HTTP {http})",
            "Ask the panel to let this machine's address and the program `reconcile` through.",
        )
    strange = parsed.how is How.PAGE or (parsed.how is not How.EMPTY and parsed.how is not How.READ)
    if http < _ERROR and strange and parsed.how is not How.CUT and not _PAUSE.search(parsed.text[:_SAYS_LITTLE]):
        what = "a web page" if parsed.how is How.PAGE else "something that is no API"
        raise Unavailable(
            f"{what} answers at the panel's address (HTTP {http})",
            "Check RECONCILE_PANEL_URL (it ends in /admin/v1); if it was right before, try again later.",
        )


def _refuse_other_address(http: int, said: Said, value: Mapping[str, Any]) -> None:
    """Raises SettingsError where the answer is known to be another API's, or a site's."""
    theirs = " ".join((said.message or said.word)[:_LONGEST_SENTENCE].split())[:_MESSAGE_LENGTH]
    says = f" (it says: “{theirs}”)" if theirs else ""
    if "error_code" in value and "error_message" in value:
        raise SettingsError(
            f"RECONCILE_PANEL_URL: an API of the next generation (v2) answers there{says}, which works differently."
        )
    if http in _WRONG_ADDRESS:
        raise SettingsError(f"RECONCILE_PANEL_URL: {_WRONG_ADDRESS[http]}{says}.")
    if _status(value) is None and (
        said.lacks_action or _norm(said.word) in {"incorrect_request", "invalid_request", "bad_request"}
    ):
        raise SettingsError(f"RECONCILE_PANEL_URL: the customers' API seems to answer there, not the admin API{says}.")
