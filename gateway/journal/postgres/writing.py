"""Writing what a batch gathered: one call of `journal_write`, in one transaction, all of it or nothing.

Compare-and-set. What is written was decided by rows as they were read: those that are changed, and those that were only
looked at (a win by its bets, a rollback by its targets). Each of these that existed is locked and must still have the
version that was read; each row that is new must not exist, and none that was looked for and missed may have come.
Otherwise nothing is written, and the batch begins anew.

So two decisions that contradict each other cannot both be written. A win that finds its bet applied and a rollback that
takes that bet, in two instances at one instant: both read version 5 of the bet. The rollback changes the bet to version
6; the win changes its own row only, but counts the bet. Whoever locks the bet first goes through. If that is the
rollback, the win finds version 6, begins anew, and finds the bet undone. If it is the win, the rollback waits, finds
version 5, and the win is the earlier of the two: it would have been so in one process, and the reversal meets the
wallet's own judgement of a bet that is paid.

A row that is missed by its key, as two updates of one payment miss each other, has no version to compare; there both
take locks of all the keys that they add and miss, so that the second finds what the first added. What is not held is
that no row is *added to a round*: a bet, or a win, that comes while another win looks at what was played in it. The one
that looks is then the earlier of the two, as if the other had come a moment later; a row that is new asks nothing that
contradicts it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

import orjson

from gateway.journal.columns import NAMES, facts_text, reply_text, values, writer
from gateway.journal.page import Page
from gateway.journal.postgres.link import Link, Refused
from gateway.journal.postgres.loading import Loaded, Memory
from gateway.journal.states import Row
from gateway.journal.wishes import Remember

#: What a row is about: given at its claim, changed only when a tombstone learns what it kept out, or a yes whose it is.
_ABOUT = ("account", "transaction", "operation", "name", "fingerprint", "call", "player", "round", "chain", "span",
          "created")  # fmt: skip
_about = attrgetter(*_ABOUT)
#: Where it stands.
_STAND = tuple(name for name in NAMES if name not in (*_ABOUT, "reply"))
_stand_of = writer(_STAND)
WRITE = "SELECT journal_write_1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
#: The same, where rows were missed. A function in FROM is done before what is selected.
WRITE_UNLESS_THERE = f"{WRITE} FROM journal_absent_1($17, $18, $4)"


class Writing:
    """What is to be written: a Page over what was read, the rows that counted, and what is remembered of sessions."""

    def __init__(self, page: Page, loaded: Loaded) -> None:
        self.page = page
        self.facts: dict[tuple[str, str], dict[str, Any]] = {}
        self.audit: list[Mapping[str, str]] = []
        self._loaded = loaded
        self._counted: set[str] = set()
        self._guarded: set[str] = set()  # keys of rows that were missed, and of those that are new beside them

    def keep(self, part: Page, counted: Iterable[str]) -> None:
        """Take over what one wish gathered. What it looked at counts only if it wrote anything."""
        if part.rows:
            self._counted.update(counted)
            missed = {key for key in counted if self._loaded.rows.get(key) is None}
            if missed - part.rows.keys():
                self._guarded |= missed
        self.page.keep(part)

    def remember(self, wish: Remember) -> None:
        """A session's facts, over those that are known."""
        self.facts.setdefault((wish.account, wish.id), {}).update(wish.facts)

    def recalled(self, memory: Memory) -> dict[str, Any]:
        """What is remembered, with what this batch has said of it."""
        account, kind, identity = memory
        said = self.facts.get((account, identity), {}) if kind == "session" else {}
        return {**self._loaded.memories[memory], **said}

    @property
    def anything(self) -> bool:
        """Is there anything to write?"""
        return bool(self.page.rows or self.page.notes or self.facts or self.audit)

    def compared(self) -> tuple[list[str], list[int]]:
        """The keys of the rows that must be as they were read, in order, and their versions."""
        known = {key: row for key in self._counted | self.page.rows.keys() if (row := self._loaded.rows.get(key))}
        keys = sorted(known)
        return keys, [known[key].version for key in keys]

    async def write(self, link: Link, me: str, epoch: int, batch: int, *, patient: bool = True) -> None:
        """Write it as that instance's batch. Raises what `Link` raises; Lost leaves open whether it is written."""
        try:
            what = self._written()
        except orjson.JSONEncodeError as error:
            raise Refused(f"a value cannot be written: {error}", "22000") from error
        if self._guarded:
            absent = self._guarded - self.page.rows.keys()
            await link.rows(WRITE_UNLESS_THERE, me, epoch, batch, patient, *what, sorted(self._guarded), sorted(absent))
        else:
            await link.rows(WRITE, me, epoch, batch, patient, *what)

    def _written(self) -> tuple[Any, ...]:
        keys, versions = self.compared()
        page = self.page
        new, changed, moved = [], [], []
        for row in page.rows.values():
            if (old := self._loaded.rows.get(row.key)) is None:
                new.append(_whole(row))
            elif _about(old) != _about(row) or (row.reply is None and old.reply is not None):
                changed.append(_whole(row))
            elif row.reply is old.reply:
                moved.append(_stand(row))
            else:
                moved.append({**_stand(row), "reply": reply_text(row.reply)})
        notes = [
            {"key": note.key, "wall": note.wall, "what": note.what, "facts": _text(dict(note.facts))}
            for note in page.notes
        ]
        facts = [
            {"account": account, "id": identity, "facts": orjson.Fragment(facts_text(said))}
            for (account, identity), said in self.facts.items()
        ]
        return (
            keys, versions, _texts(new), len(new), _texts(changed), _texts(moved), _texts(notes), _texts(facts),
            _texts(self.audit), _texts(self._tally()), page.wall, page.now,
        )  # fmt: skip

    def _tally(self) -> list[Mapping[str, Any]]:
        counts: Counter[tuple[str, str]] = Counter()
        for row in self.page.rows.values():
            if (old := self._loaded.rows.get(row.key)) is not None:
                counts.subtract(_kinds(old))
            counts.update(_kinds(row))
        return [{"kind": kind, "name": name, "count": count} for (kind, name), count in counts.items() if count]


def _kinds(row: Row) -> Iterator[tuple[str, str]]:
    """Under what a row is counted."""
    yield "state", str(row.state)
    if row.parked is not None:
        yield "parked", ""
    elif row.step is not None:
        yield "step", str(row.step)


def _whole(row: Row) -> dict[str, Any]:
    return dict(zip(NAMES, values(row), strict=True))


def _stand(row: Row) -> dict[str, Any]:
    return dict(zip(_STAND, _stand_of(row), strict=True))


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()


def _texts(objects: Sequence[Any]) -> str | None:
    return _text(objects) if objects else None
