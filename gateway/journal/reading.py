"""What people ask a journal, whether a gateway serves it or not: the same questions and answers on every store."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gateway.canon.operations import DEBITS
from gateway.canon.outcomes import Outcome
from gateway.journal.manual import Action
from gateway.journal.page import Note
from gateway.journal.settling import SETTLES
from gateway.journal.states import AS_WIN, Row, State, Step

_REVERSAL = re.compile(r"rev\d*:")
_NEXT_REVERSAL = re.compile(r"\+(?=rev\d*:)")


@dataclass(frozen=True, slots=True)
class Counts:
    """*rows* by state; *armed*: rows with a step to come, by step; *parked*: they wait for a human.

    *overdue*: for how many seconds the longest of those at which nobody is has been due; *commits* since the start.
    """

    rows: Mapping[State, int] = field(default_factory=dict)
    armed: Mapping[Step, int] = field(default_factory=dict)
    parked: int = 0
    overdue: float = 0.0
    commits: int = 0


class Tally:
    """Counts of rows that are in memory, kept up to date as they change."""

    def __init__(self) -> None:
        self._rows: Counter[State] = Counter()
        self._armed: dict[str, Row] = {}
        self._parked: set[str] = set()

    def change(self, before: Row | None, after: Row | None) -> None:
        """A row is new (*before* None), changed, or gone (*after* None)."""
        if before is None or after is None or before.state is not after.state:
            self._count(before, after)
        if before is not None:
            if before.parked is not None:
                self._parked.discard(before.key)
            elif before.step is not None:
                self._armed.pop(before.key, None)
        if after is None:
            return
        if after.parked is not None:
            self._parked.add(after.key)
        elif after.step is not None:
            self._armed[after.key] = after

    def _count(self, before: Row | None, after: Row | None) -> None:
        if before is not None:
            self._rows[before.state] -= 1
        if after is not None:
            self._rows[after.state] += 1

    def counts(self, now: float) -> Counts:
        """As they are *now*, on the journal's clock."""
        armed = Counter(row.step for row in self._armed.values() if row.step is not None)
        oldest = min((row.due for row in self._armed.values() if not row.in_flight), default=now)
        return Counts(dict(self._rows), dict(armed), len(self._parked), max(0.0, now - oldest))


@dataclass(frozen=True, slots=True)
class Found:
    """A row and its history, oldest note first."""

    row: Row
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """A human's hand: *who* did *action* to the row *key*, when (unix seconds), and why."""

    wall: float
    who: str
    action: str
    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Pruned:
    """How much of what was too old to be kept was dropped, or would be."""

    rows: int = 0
    sessions: int = 0
    hashes: int = 0


class Desk(Protocol):
    """What people may do with a journal, beside a gateway that serves it or without one.

    Everything raises JournalRefused, whose text is for people, where it cannot be done.
    """

    async def now(self) -> float:
        """The journal's clock as it was last written: it stands still while nobody serves."""

    async def find(self, text: str) -> Sequence[Found]:
        """Rows with this provider's transaction id, key, or wallet's key; then what they name, and what names them."""

    async def look(self, key: str) -> Found | None:
        """The row of that key."""

    async def pruned(self, key: str) -> Outcome | None:
        """The last word on a row of which only the hash is kept."""

    async def waiting(self) -> Sequence[Row]:
        """Rows with a step to come, and parked ones; oldest first."""

    async def act(self, key: str, version: int, action: Action, who: str) -> Row:
        """Do *action* to the row as it was in that *version*, with an audit row; gives it as it is now."""

    async def audits(self, key: str | None = None) -> Sequence[Audit]:
        """What humans did, oldest first; to all rows, or to one."""

    async def check(self) -> Sequence[str]:
        """What is wrong with it, one finding a line."""

    async def backup(self, to: Path) -> None:
        """Copy it, as it is at one moment, to a new file."""

    async def prune(self, *, dry: bool) -> Pruned:
        """Drop what is too old to be kept, little by little; *dry*: only count it."""


def keys_of(text: str) -> tuple[str, ...]:
    """The rows' keys that *text* may mean: itself, what the reversals of those keys, which the wallet saw, undo, or
    what the wallet got the second part of."""
    found = [text]
    if _REVERSAL.match(text):
        found = [_REVERSAL.sub("", part, count=1) for part in (text, *_NEXT_REVERSAL.split(text))]
    return tuple(dict.fromkeys((*found, *(each.removesuffix(AS_WIN) for each in found))))


def related(row: Row, other: Row) -> bool:
    """Does one of them name the other, or is one a win without a name for its bet, and the other a bet of its round?"""
    if row.key in names(other) or other.key in names(row):
        return True
    same = row.round is not None and (row.account, row.player, row.round) == (other.account, other.player, other.round)
    return same and (_pays(row, other) or _pays(other, row))


def _pays(win: Row, bet: Row) -> bool:
    nameless = win.operation in SETTLES and (win.call is None or not win.call.reference)
    return nameless and bet.operation in DEBITS


def names(row: Row) -> Iterator[str]:
    """The keys that *row* names: what it refers to, what undid it, what paid it."""
    if row.call is not None and row.call.reference:
        yield from row.call.reference
    if row.undo_by:
        yield row.undo_by
    if row.settled_by is not None:
        yield row.settled_by
