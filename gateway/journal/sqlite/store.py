"""The durable journal in one SQLite file, for one process: what `perform` returns is on the disk.

Wishes of all stories share commits, made by one thread (`writer`); a Told is not waited for. A store that cannot write
says so at once: JournalUnavailable, and `failing` says why; it serves again by itself when it can. A claim that is not
durable in time is never ours: if it becomes durable after all, it is given back.
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from time import monotonic, time
from typing import Any

import apsw
from msgspec.structs import replace as with_fields

from gateway.journal.asked import performed
from gateway.journal.limits import Kept, Limits
from gateway.journal.reading import Counts
from gateway.journal.sessions import MOST_PLAYERS, Remembered, Sessions
from gateway.journal.sqlite.book import Beat, Book, Prune
from gateway.journal.sqlite.entries import Entry
from gateway.journal.sqlite.lock import Lock
from gateway.journal.sqlite.opening import check_version
from gateway.journal.sqlite.pruning import Pruned
from gateway.journal.sqlite.reader import Reader
from gateway.journal.sqlite.tables import MOST_CACHED
from gateway.journal.sqlite.writer import Writer
from gateway.journal.states import Policy
from gateway.journal.waiting import Waiting
from gateway.journal.wishes import (
    JournalRefused,
    JournalUnavailable,
    Look,
    Recall,
    Record,
    Remember,
    Told,
    Wait,
    Wish,
)

#: Rows that a beat looks at for pruning: less than a millisecond.
PRUNED_AT_ONCE = 100


class Sqlite:
    """Performs the wishes of `journal.wishes` on *path*, which it creates; between `start` and `stop`.

    *me*: a name that no other life of this journal has had, without `/`. *vfs*: SQLite's door to the disk, for tests.
    """

    def __init__(
        self,
        path: str | Path,
        policy: Policy | None = None,
        *,
        clock: Callable[[], float] = monotonic,
        wall: Callable[[], float] = time,
        me: str | None = None,
        limits: Limits | None = None,
        kept: Kept | None = None,
        vfs: str | None = None,
        most_cached: int = MOST_CACHED,
    ) -> None:
        self.path = Path(os.path.realpath(path))
        self.policy = policy or Policy()
        self.me = me or f"{os.getpid()}-{token_hex(4)}"
        self.limits = limits or Limits()
        self.remembered = Remembered(MOST_PLAYERS)
        self._sessions = Sessions()
        self._wall, self._vfs = wall, vfs
        self._waiting = Waiting()
        book = Book(
            self.path, self.policy, self.limits, kept or Kept(),
            clock=clock, wall=wall, me=self.me, vfs=vfs, most_cached=most_cached,
        )  # fmt: skip
        self._writer = Writer(book, self._hand_over)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock: Lock | None = None

    @property
    def failing(self) -> str:
        """Why nothing can be written now, in plain words; empty while all is well."""
        return self._writer.failing

    @property
    def commits(self) -> int:
        """How many transactions were made durable since the start."""
        return self._writer.commits

    async def start(self) -> None:
        """Take the file's lock, bring its schema up to date, and free what earlier lives held.

        Raises JournalRefused where that cannot be; the message is for people.
        """
        check_version(apsw.sqlite_lib_version())
        self._loop = asyncio.get_running_loop()
        lock = Lock(self.path)
        try:
            await asyncio.to_thread(self._writer.start)
        except BaseException:
            lock.release()
            raise
        self._lock = lock

    async def stop(self) -> None:
        """Write what waits, close the file, let others serve it. What is wished for from now on is refused."""
        lock, self._lock = self._lock, None
        if lock is None:
            return
        await asyncio.to_thread(self._writer.stop)
        lock.release()

    async def beat(self) -> None:
        """We serve: to be called every second or two. Never raises for a store that cannot write."""
        try:
            await self._ask(Beat())
            await self._ask(Prune(PRUNED_AT_ONCE, gently=True))
        except JournalUnavailable:
            return

    async def prune(self, limit: int = PRUNED_AT_ONCE) -> Pruned:
        """Look at up to *limit* rows, sessions and hashes each for what is too old to be kept."""
        pruned: Pruned = await self._ask(Prune(limit))
        return pruned

    async def counts(self) -> Counts:
        """What stands in it. Raises JournalUnavailable."""
        if self._lock is None:
            raise JournalUnavailable("the journal is not open")
        try:
            return replace(await asyncio.to_thread(self._counts), commits=self.commits)
        except (JournalRefused, apsw.Error) as fault:
            raise JournalUnavailable(f"the journal cannot be read: {fault}") from None

    def _counts(self) -> Counts:
        with Reader(self.path, vfs=self._vfs) as reader:
            return reader.counts()

    async def perform(self, wish: Wish, *, patient: bool = False) -> Any:
        """Do what *wish* says, durably, and give its result."""
        match wish:
            case Told():
                if self.failing or self._lock is None:
                    self._writer.owe(wish)
                else:
                    self._writer.put(Entry(wish))
                return None
            case Record():
                return await self._record(wish, patient)
            case Recall(account, "session", identity):
                return await self._recall(account, identity, wish)
            case Remember(account, "session", identity, facts):
                if not self._sessions.knows(account, identity, facts, self._wall()):
                    self._sessions.keep(account, identity, await self._ask(wish), self._wall())
                return None
            case Recall(account, kind, identity) if kind != "round":
                return self.remembered.recall(account, kind, identity) or {}
            case Remember(account, kind, identity, facts):
                self.remembered.remember(account, kind, identity, facts)
                return None
            case Wait(key):
                return await self._waiting.wait(wish, lambda: self._is_held(key))
        return await self._ask(wish, patient)

    async def _recall(self, account: str, identity: str, wish: Recall) -> dict[str, Any]:
        if (known := self._sessions.recall(account, identity)) is not None:
            return known
        found: dict[str, Any] | None = await self._ask(wish)
        if found is None:
            return {}
        self._sessions.keep(account, identity, found, 0.0)
        return dict(found)

    async def _record(self, wish: Record, patient: bool) -> Any:
        if not wish.memories:
            return await self._ask(wish, patient)
        wall = self._wall()
        new = tuple(
            each for each in wish.memories
            if each.kind == "session" and not self._sessions.knows(each.account, each.id, each.facts, wall)
        )  # fmt: skip
        result = await self._ask(with_fields(wish, memories=new), patient)
        if new:
            result, merged = result
            for each, facts in zip(new, merged, strict=True):
                self._sessions.keep(each.account, each.id, facts, wall)
        for each in wish.memories:
            if each.kind != "session":
                self.remembered.remember(each.account, each.kind, each.id, each.facts)
        return result

    async def _is_held(self, key: str) -> bool:
        row = await self._ask(Look(key))
        return row is not None and row.in_flight

    # -- to the writer, and back

    async def _ask(self, wish: Any, patient: bool = False) -> Any:
        """*wish*'s result when it is durable; JournalUnavailable if that takes too long."""
        if self._lock is None:
            raise JournalUnavailable("the journal is not open")
        return await performed(Entry(wish, patient=patient), self._writer, self.limits, self.failing)

    def _hand_over(self, batch: list[Entry], freed: set[str]) -> None:
        """In the writer's thread: everything of a commit at once."""
        if self._loop is None:
            return
        try:
            self._loop.call_soon_threadsafe(self._deliver, batch, freed)
        except RuntimeError:  # the loop has ended: nobody waits any more
            return

    def _deliver(self, batch: list[Entry], freed: set[str]) -> None:
        for entry in batch:
            if entry.future is None:
                continue
            if entry.future.done():
                if entry.error is None and entry.result is not None:
                    self._writer.give_back(entry)
            elif entry.error is not None:
                entry.future.set_exception(entry.error)
            else:
                entry.future.set_result(entry.result)
        self._waiting.wake(freed)
