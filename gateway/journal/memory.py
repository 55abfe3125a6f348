"""The journal that forgets when the process ends: enough where the wallet keeps all four promises.

Rows and memories are bounded: few of what is known of both sides, many of what is in doubt or at work; where there are
too many, the oldest that nobody works on goes. What is forgotten is asked of the wallet, or answered with a word that
makes the provider come back; it is never guessed.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from itertools import count
from time import monotonic, time
from typing import Any

from gateway.canon.operations import DEBITS
from gateway.canon.outcomes import Outcome
from gateway.journal.page import PLAYED, Note, Page
from gateway.journal.performing import perform
from gateway.journal.queue import Queue
from gateway.journal.reading import Counts, Tally
from gateway.journal.sessions import Remembered
from gateway.journal.states import Policy, Row
from gateway.journal.wishes import Lease, Reap, Recall, Record, Remember, Wait, Wish

#: Rows in doubt, in flight or with a step to come: nothing else knows of them, so there is room for many.
MOST_ROWS = 200_000
#: Rows that both sides are certain of: a wallet that keeps its four promises answers for them as well, so those of the
#: last seconds, which providers repeat and refer to most, are enough.
MOST_CLOSED = 5_000
#: How often somebody who waits for a row looks again, in seconds; a call of our own that ends wakes him at once.
LOOK_AGAIN = 0.25
#: What is asked of what is remembered beside the rows.
_BESIDE = (Recall, Remember, Wait)
#: What does not name its rows.
_FINDS = (Lease, Reap)


class Memory:
    """Performs the wishes of `journal.wishes`, in one process and without I/O."""

    def __init__(
        self,
        policy: Policy | None = None,
        *,
        most_rows: int = MOST_ROWS,
        most_closed: int = MOST_CLOSED,
        clock: Callable[[], float] = monotonic,
        wall: Callable[[], float] = time,
        me: str = "memory",
    ) -> None:
        self.policy = policy or Policy()
        self.rows: OrderedDict[str, Row] = OrderedDict()
        self.row: Callable[[str], Row | None] = self.rows.get
        self.notes: list[Note] | None = None  # kept only where somebody wants to read them
        self.remembered = Remembered()
        self.most_rows, self.most_closed = most_rows, most_closed
        self.me = me
        self.failing = ""
        self._clock, self._wall = clock, wall
        self._started = wall()
        self._numbers = count(1)
        self._rounds: dict[tuple[str, str], list[str]] = {}
        self._queue = Queue(self.rows)
        self._tally = Tally()
        self._closed: OrderedDict[str, None] = OrderedDict()  # keys of rows that may be forgotten first
        self._waiting: dict[str, asyncio.Event] = {}

    async def start(self) -> None:
        """Nothing is to be opened."""

    async def stop(self) -> None:
        """Nothing is kept."""

    async def beat(self) -> None:
        """Nobody else is there."""

    async def counts(self) -> Counts:
        """What is remembered now."""
        return self._tally.counts(self._clock())

    async def perform(self, wish: Wish, *, patient: bool = False) -> Any:
        """Do what *wish* says and give its result."""
        if isinstance(wish, Wait):
            return await self._wait(wish)
        return self.do(wish)

    def do(self, wish: Wish) -> Any:
        """The same, for stories that are driven by hand; a Wait does not wait."""
        if isinstance(wish, _BESIDE):
            return self._beside(wish)
        page = Page(self, self._clock(), self._wall(), self.me, self.notes is not None)
        keys = self._found(wish, page.now) if isinstance(wish, _FINDS) else ()
        result = perform(page, wish, self.policy, f"{self.me}/{next(self._numbers)}", keys)
        if page.rows or page.notes:
            self._write(page)
        if isinstance(wish, Record):
            for each in wish.memories:
                self.remembered.remember(each.account, each.kind, each.id, each.facts)
        return result

    def _found(self, wish: Lease | Reap, now: float) -> tuple[str, ...]:
        """The rows that are due, or those that somebody holds."""
        if isinstance(wish, Lease):
            return self._queue.due(now, wish.limit)
        return tuple(row.key for row in self.rows.values() if row.holder is not None)

    def _beside(self, wish: Recall | Remember | Wait) -> Any:
        """What is remembered beside the rows."""
        match wish:
            case Recall(account, "round", name):
                return round_facts(self.in_round(account, None, name))
            case Recall(account, kind, identity):
                return self.remembered.recall(account, kind, identity) or {}
            case Remember(account, kind, identity, facts):
                self.remembered.remember(account, kind, identity, facts)
        return None

    # -- what a Page reads, beside `row`

    def in_round(self, account: str, player: str | None, name: str) -> Mapping[str, Row]:
        """What was played in a round, oldest first."""
        found = [self.rows[key] for key in self._rounds.get((account, name), ())]
        found.sort(key=lambda row: (row.created, row.key))
        return {row.key: row for row in found if player in (None, row.player)}

    def pruned(self, key: str) -> Outcome | None:
        """Nothing is kept of what is forgotten."""
        return None

    def witnessed(self, start: float, end: float) -> bool:
        """This process has served since it began."""
        return self._started <= end

    def _write(self, page: Page) -> None:
        rows, closed = self.rows, self._closed
        for key, row in page.rows.items():
            before = rows.get(key)
            self._tally.change(before, row)
            rows[key] = row
            if _played(row) and (before is None or not _played(before)):
                self._rounds.setdefault((row.account, row.round or ""), []).append(key)
            if before is not None:
                rows.move_to_end(key)
            self._queue.put(row)
            if row.step is None and row.holder is None and row.parked is None and row.settled:
                closed[key] = None
            elif key in closed:
                del closed[key]
        if self.notes is not None:
            self.notes += page.notes
        for key in page.freed:
            if event := self._waiting.pop(key, None):
                event.set()
        self._forget()

    def _forget(self) -> None:
        while self._closed and (len(self._closed) > self.most_closed or len(self.rows) > self.most_rows):
            self._drop(self._closed.popitem(last=False)[0])
        while len(self.rows) > self.most_rows:
            idle = next((key for key, row in self.rows.items() if not row.in_flight), None)
            if idle is None:
                return
            self._drop(idle)

    def _drop(self, key: str) -> None:
        row = self.rows.pop(key)
        self._queue.drop(row)
        self._tally.change(row, None)
        if _played(row):
            keys = self._rounds[row.account, row.round or ""]
            keys.remove(key)
            if not keys:
                del self._rounds[row.account, row.round or ""]

    async def _wait(self, wish: Wait) -> None:
        while (row := self.rows.get(wish.key)) is not None and row.in_flight and monotonic() < wish.until:
            event = self._waiting.setdefault(wish.key, asyncio.Event())
            try:
                await asyncio.wait_for(event.wait(), min(LOOK_AGAIN, wish.until - monotonic()))
            except TimeoutError:
                continue


def _played(row: Row) -> bool:
    """Does it stand among what its round is made of?"""
    return row.round is not None and row.operation in PLAYED


def round_facts(rows: Mapping[str, Row]) -> dict[str, Any]:
    """What a round remembers: its last bet, and its player and currency; nothing if several players have played it."""
    debits = [row for row in rows.values() if row.operation in DEBITS]
    if len({row.player for row in debits}) != 1:
        return {}
    last = debits[-1]
    facts: dict[str, Any] = {"reference": (last.transaction,)}
    if last.player is not None:
        facts["player"] = last.player
    if last.call is not None and last.call.currency is not None:
        facts["currency"] = last.call.currency
    return facts
