"""What a wallet promises to whoever calls it, word by word; each promise can be withdrawn.

A wallet that promises less is no broken one: it books honestly, and leaves to its caller what it does not promise.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Self

from gateway.dialect.problems import suggest


class Promise(StrEnum):
    """One promise: its word, what a wallet does that keeps it, and what one does that does not."""

    kept: str
    withdrawn: str

    def __new__(cls, word: str, kept: str = "", withdrawn: str = "") -> Self:
        self = str.__new__(cls, word)
        self._value_ = word
        self.kept, self.withdrawn = kept, withdrawn
        return self

    IDEMPOTENT = (
        "idempotent",
        "Same key, one effect, same answer",
        "A repeated key is judged and booked anew: another operation under the same key",
    )
    TOMBSTONES = (
        "tombstones",
        "A bet after its rollback is refused",
        "A rollback that comes before its bet leaves nothing behind, and the late bet is booked",
    )
    STATUS = (
        "status",
        "Asked by key it says applied, declined, reversed, in progress or never seen",
        "There is no status call",
    )
    REFERENCES = (
        "references",
        "A rollback moves what was booked by the bets it names, and nothing for a bet never seen",
        "A rollback credits whom and what its message states, whatever it names",
    )


#: What the wallet promises unless told otherwise.
ALL = frozenset(Promise)


def named(words: Iterable[str]) -> frozenset[Promise]:
    """The promises of these words; ValueError that names the first word that is none."""
    return frozenset(_named(word) for word in words)


def _named(word: str) -> Promise:
    known = [promise.value for promise in Promise]
    if word not in known:
        raise ValueError(f'there is no promise "{word}": {suggest(word, known) or "one of " + ", ".join(known)}')
    return Promise(word)
