"""Which dialect reads an answer: the one it was asked in, whatever the settings say today."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconcile.errors import Damaged
from reconcile.panel import answers
from reconcile.panel.v2 import answers as v2

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from reconcile.core.model import Claimed, Feed, ItemResult, RawAnswer, Verdict
    from reconcile.panel.port import Reader


class _V1:
    """The reference's dialect."""

    def claimed(
        self,
        feed: Feed,
        service: str,
        raw: RawAnswer,
        may_continue: Callable[[], bool],
        none: Collection[str] = (),
    ) -> Claimed:
        return answers.READERS[feed](raw, service, may_continue=may_continue, none=none)

    def single(self, raw: RawAnswer) -> tuple[Verdict, str]:
        said = answers.read_single(raw)
        return said.verdict, said.plain

    def update(self, raw: RawAnswer, order: str) -> ItemResult:
        return answers.read_updates(raw, [order]).results[order]

    def is_busy(self, raw: RawAnswer) -> bool:
        return answers.is_busy(raw)

    def text(self, raw: RawAnswer) -> str:
        return answers.answer_text(raw)


LACKS_CALL: Final = answers.plain_words("bad_action")
"""How a refusal begins that says: this panel has no such call."""

READERS: Final[Mapping[str, Reader]] = {"v1": _V1(), "v2": v2.READER}
"""The name of a dialect → what reads its answers."""


def reader(raw: RawAnswer) -> Reader:
    """What reads this answer. Raises Damaged for a dialect that was never one of ours."""
    found = READERS.get(raw.dialect)
    if found is None:
        raise Damaged(
            f"The journal holds an answer in a dialect that this program does not know ({raw.dialect}).",
            "Use the version of reconcile that asked for it.",
        )
    return found
