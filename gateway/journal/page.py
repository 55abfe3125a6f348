"""A unit of work: what one wish reads and wants written. The same on every store; nothing here does I/O.

A store gives a Source; wishes are applied to a Page over it, and what the Page has gathered is written in one
transaction. A page is itself a Source, so a wish that fails is dropped with its own page and harms no other.
"""

from collections.abc import Iterator, Mapping
from math import inf, nextafter
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from gateway.canon.operations import DEBITS, Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.states import Row

#: What a round is made of: its bets, and what pays or ends them.
PLAYED = DEBITS | {Operation.WIN, Operation.END_ROUND}
#: What is left out of a history.
_NOTHING: tuple[Any, ...] = (None, "", [], False, frozenset())


class Note(Struct, frozen=True, gc=False):
    """One line of a row's history, for people: who was told or asked what, and when (unix seconds)."""

    key: str
    wall: float
    what: str
    facts: Mapping[str, Any]


class Source(Protocol):
    """What a store must know before a wish is applied."""

    def row(self, key: str, /) -> Row | None:
        """The row of that key."""

    def in_round(self, account: str, player: str | None, name: str) -> Mapping[str, Row]:
        """What was PLAYED in a round, by key, oldest first; of every player where *player* is None."""

    def pruned(self, key: str) -> Outcome | None:
        """The last outcome of a row of which only the hash is kept."""

    def witnessed(self, start: float, end: float) -> bool:
        """Did any gateway serve this journal at some moment between two unix times?"""


class Page(Struct, eq=False):
    """Rows read through *source* and changed here. *now*: the journal's clock; *wall*: unix time; *me*: the instance.

    *noting*: are histories kept? Where nobody reads them, none are written.
    """

    source: Source
    now: float
    wall: float
    me: str
    noting: bool = True
    rows: dict[str, Row] = {}
    notes: list[Note] = []
    freed: set[str] = set()  # keys whose call ended: whoever waits for them may look again
    newest: float = -1.0  # when the last row of this page was created

    @property
    def moment(self) -> float:
        """When a new row is created: of two wishes of one commit the first one's is the older."""
        return self.now if self.newest < self.now else nextafter(self.newest, inf)

    def part(self) -> "Page":
        """A page over this one, for one wish."""
        return Page(self, self.now, self.wall, self.me, self.noting, newest=self.newest)

    def keep(self, part: "Page") -> None:
        """Take over what a part has gathered."""
        self.rows |= part.rows
        self.notes += part.notes
        self.freed |= part.freed
        self.newest = part.newest

    def row(self, key: str, /) -> Row | None:
        """The row of that key as it is on this page."""
        row = self.rows.get(key)
        return self.source.row(key) if row is None else row

    def in_round(self, account: str, player: str | None, name: str) -> Mapping[str, Row]:
        """What was played in a round, changed and new rows included."""
        found = {key: self.rows.get(key, row) for key, row in self.source.in_round(account, player, name).items()}
        return found | {row.key: row for row in self._played(account, player, name) if row.key not in found}

    def _played(self, account: str, player: str | None, name: str) -> Iterator[Row]:
        for row in self.rows.values():
            here = row.account == account and row.round == name and row.operation in PLAYED
            if here and player in (None, row.player):
                yield row

    def pruned(self, key: str) -> Outcome | None:
        """See Source."""
        return self.source.pruned(key)

    def witnessed(self, start: float, end: float) -> bool:
        """See Source."""
        return self.source.witnessed(start, end)

    def put(self, row: Row) -> Row:
        """Change a row, or add one; gives it as it is written."""
        key = row.key
        known = self.row(key)
        if known is None:
            self.newest = self.moment
            row = replace(row, version=1, created=self.newest, updated=self.now, wall=self.wall)
        else:
            if row.holder is None and known.holder is not None:
                self.freed.add(key)
            version = known.version if self._changed(key) else known.version + 1
            row = replace(row, version=version, updated=self.now, wall=self.wall)
        self.rows[key] = row
        return row

    def _changed(self, key: str) -> bool:
        """Was it changed on this page or those below? A row is written once, whatever many wishes did to it."""
        below = self.source
        return key in self.rows or (isinstance(below, Page) and below._changed(key))

    def note(self, key: str, what: str, /, **facts: Any) -> None:
        """Add to a row's history; empty facts are left out, and an effect is told as a sorted list."""
        if not self.noting:
            return
        told = {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in facts.items()
            if value not in _NOTHING
        }
        self.notes.append(Note(key, self.wall, what, told))
