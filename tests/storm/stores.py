"""The journal's stores in virtual time: the one in memory as it is, the one in SQLite without its thread.

SQLite's own writer does the work, a batch at a time, in the event loop: a commit takes virtual milliseconds, and the
order of all things is repeated by the seed.
"""

import asyncio
from pathlib import Path
from typing import Any

from gateway.journal.limits import Limits
from gateway.journal.memory import Memory
from gateway.journal.sqlite.entries import Entry
from gateway.journal.sqlite.store import Sqlite
from gateway.journal.sqlite.writer import Writer
from gateway.journal.states import Policy, Row
from gateway.journal.wishes import JournalUnavailable, Look
from tests.storm.virtual_time import Clock

#: Seconds of a commit.
COMMIT = 0.002
_AT_WORK = """
    SELECT key FROM rows WHERE holder IS NOT NULL OR (step IS NOT NULL AND parked IS NULL) ORDER BY created, key"""
_PARKED = "SELECT key FROM rows WHERE parked IS NOT NULL ORDER BY created, key"


class InLine(Writer):
    """The writer, whose thread is the loop's own."""

    loop: asyncio.AbstractEventLoop
    planned = False

    def start(self) -> None:
        """Open the file."""
        self._book.open()

    def put(self, entry: Entry) -> None:
        """Let *entry* wait for the next commit."""
        super().put(entry)
        self._plan(COMMIT)

    def owe(self, wish: Any) -> None:
        """Perform it later."""
        super().owe(wish)
        self._plan(COMMIT)

    def stop(self) -> None:
        """Write what waits, and close the file."""
        while len(self._entries) and self._book.is_open:
            self._work()
        self._book.close(clean=True)

    def _plan(self, seconds: float) -> None:
        if not self.planned:
            self.planned = True
            self.loop.call_later(seconds, self._work)

    def _work(self) -> None:
        self.planned = False
        batch = self._entries.taken(0.0)
        if self._ready():
            self._serve(batch)
        else:
            self._lose(batch, JournalUnavailable(f"the journal cannot write: {self.failing}"))
        if len(self._entries) or self._owed or not self._book.is_open:
            self._plan(COMMIT if self._book.is_open else 0.05)


class Journal:
    """One store, and what a test asks of it. *file*: of the one in SQLite; None: the one in memory."""

    def __init__(self, policy: Policy, clock: Clock, file: Path | None, me: str = "life1") -> None:
        self.store: Any
        if file is None:
            self.store = Memory(policy, clock=clock.monotonic, wall=clock.wall, me=me)
        else:
            limits = Limits(gap_s=1e9)
            self.store = Sqlite(file, policy, clock=clock.monotonic, wall=clock.wall, me=me, limits=limits)
            writer = InLine(self.store._writer._book, self._in_order)
            writer.loop = asyncio.get_running_loop()
            self.store._writer = writer

    def _in_order(self, batch: list[Entry], freed: set[str]) -> None:
        """What was made durable; a set of texts has another order in every process."""
        self.store._hand_over(batch, dict.fromkeys(sorted(freed)))

    def _keys(self, question: str) -> list[str]:
        connection = self.store._writer._book._tables.connection
        return [key for (key,) in connection.execute(question)]

    async def row(self, key: str) -> Row | None:
        """The row of that key."""
        row: Row | None = await self.store.perform(Look(key))
        return row

    async def at_work(self) -> list[Row]:
        """The rows that are held, or have something to be done, whenever."""
        if isinstance(self.store, Memory):
            rows = self.store.rows.values()
            return [row for row in rows if row.in_flight or (row.step is not None and row.parked is None)]
        return await self._rows(_AT_WORK)

    async def parked(self) -> list[Row]:
        """The rows that wait for a human."""
        if isinstance(self.store, Memory):
            return [row for row in self.store.rows.values() if row.parked is not None]
        return await self._rows(_PARKED)

    async def _rows(self, question: str) -> list[Row]:
        found = [await self.row(key) for key in self._keys(question)]
        return [row for row in found if row is not None]
