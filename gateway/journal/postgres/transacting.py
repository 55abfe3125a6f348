"""One transaction after the other over one connection: wishes that wait go together, leases and heartbeats alone."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from random import uniform
from typing import Any

from gateway.journal.postgres.entries import ALONE, Beat, Count, Entries, Entry, wanted
from gateway.journal.postgres.link import Changed, Link, Lost, Over, Refused
from gateway.journal.postgres.outbox import Due, held_by
from gateway.journal.postgres.playing import Players
from gateway.journal.postgres.pruning import Prune, Pruning
from gateway.journal.postgres.reader import counted
from gateway.journal.postgres.serving import Serving
from gateway.journal.postgres.writing import Writing
from gateway.journal.wishes import Lease, Reap

#: How often a batch begins anew because others were first; then each of its wishes does so by itself.
TRIES = 5
#: A lease that collides is tried once more at once: others wait behind it, and it comes again by itself.
LEASE_TRIES = 2
#: Up to how long we wait before we begin anew, doubled each time: 2 ms at first, 32 ms at last.
_JITTER_S = 0.002


class Doubt:
    """A batch of which nobody knows whether it was written."""

    def __init__(self, number: int, entries: list[Entry], freed: set[str]) -> None:
        self.number, self.entries, self.freed = number, entries, freed


class Transactions:
    """Performs entries over *link*; *doubt*: the batch during which the last one broke."""

    def __init__(self, serving: Serving, players: Players, entries: Entries, pruning: Pruning) -> None:
        self.link: Link | None = None
        self.doubt: Doubt | None = None
        self.commits = 0
        self.collisions = 0  # transactions that began anew because others were first
        self._serving, self._players = serving, players
        self._entries, self._pruning = entries, pruning
        self._due = Due(serving, players.decoded)

    async def perform(self, entries: list[Entry]) -> None:
        """Perform *entries*; each gets its result or its error, is in doubt, or waits again since nothing was done.

        Raises Lost, and Refused where the server is in trouble.
        """
        try:
            if isinstance(entries[0].wish, ALONE):
                await self._alone(entries[0])
            else:
                await self._together(entries)
        except Lost:
            self._entries.put_back(entry for entry in entries if not entry.over)
            raise
        except BaseException as error:
            self._entries.lose(entries, str(error))
            raise

    async def _together(self, entries: list[Entry]) -> None:
        """Perform *entries* in one transaction; if that cannot be, each in one of its own."""
        why = ""
        for number in range(TRIES):
            if not (entries := wanted(entries)):
                return
            try:
                results, writing = await self._players.play(self._opened(), [entry.wish for entry in entries])
                await self._write(entries, results, writing)
                self._entries.deliver(entries, writing.page.freed)
                return
            except Changed as changed:
                why = str(changed)
                await self._again(number)
            except Over:
                await self._serving.join(self._opened())
            except Refused as refused:
                if not (refused.late or refused.content):
                    raise
                why = str(refused)
                if len(entries) == 1 and refused.late and self._entries.put_off(entries[0]):
                    return
                break
        if len(entries) == 1:
            self._entries.lose(entries, why)
        else:
            for entry in entries:
                await self._together([entry])

    async def _again(self, number: int) -> None:
        self.collisions += 1
        await asyncio.sleep(uniform(0.0, _JITTER_S) * 2**number)  # noqa: S311 - only to spread the instances

    async def _write(self, entries: list[Entry], results: Iterable[Any], writing: Writing) -> None:
        for entry, result in zip(entries, results, strict=True):
            entry.result = result
        if writing.anything:
            serving = self._serving
            serving.batch += 1
            with self._in_doubt(entries, writing):
                await writing.write(self._opened(), serving.me, serving.epoch, serving.batch)
            self._committed(writing)

    def _committed(self, writing: Writing) -> None:
        self.commits += 1
        for row in writing.page.rows.values():
            self._players.decoded.keep(row)

    @contextmanager
    def _in_doubt(self, entries: list[Entry], writing: Writing) -> Iterator[None]:
        """If the connection breaks here, nobody knows whether it was written."""
        try:
            yield
        except Lost:
            self.doubt = Doubt(self._serving.batch, entries, writing.page.freed)
            for entry in entries:
                entry.over = True
            raise

    def _opened(self) -> Link:
        if self.link is None:
            raise Lost("the connection to PostgreSQL is closed")
        return self.link

    # -- what has a transaction of its own

    async def _alone(self, entry: Entry) -> None:
        try:
            try:
                entry.result = await self._one(entry)
            except Over:
                await self._serving.join(self._opened())
                entry.result = await self._one(entry)
        except Refused as refused:
            if not refused.late:
                raise
            self._entries.lose([entry], str(refused))
        else:
            self._entries.deliver([entry])

    async def _one(self, entry: Entry) -> Any:
        match entry.wish:
            case Lease(limit):
                return () if entry.dropped else await self._lease(entry, limit)
            case Reap(dead):
                return await self._reap(dead)
            case Beat():
                return await self._reap(await self._serving.beat(self._opened()))
            case Count():
                return await counted(self._opened(), self._serving.now(), self.commits)
            case Prune():
                return await self._pruning.step(self._opened(), entry.wish)

    async def _lease(self, entry: Entry, limit: int) -> Any:
        """Lease what is due; nothing, where others are always first."""
        link, serving = self._opened(), self._serving
        for _ in range(LEASE_TRIES):
            if not await self._due.any(link):
                break
            await link.run("BEGIN")
            try:
                keys, loaded = await self._due.take(link, limit)
                (result,), writing = await self._players.play(link, [entry.wish], keys, loaded)
                serving.batch += 1
                await writing.write(link, serving.me, serving.epoch, serving.batch, patient=False)
            except (Changed, Refused) as error:
                await link.run("ROLLBACK")
                if isinstance(error, Refused) and not error.late:
                    raise
                self.collisions += 1
                continue
            except Over:
                await link.run("ROLLBACK")
                raise
            entry.result = result
            with self._in_doubt([entry], writing):
                await link.run("COMMIT")
            self._committed(writing)
            return result
        return ()

    async def _reap(self, dead: frozenset[str]) -> int:
        """Free all that the *dead* hold; what others change meanwhile is left for the next time."""
        count = 0
        for number in range(TRIES):
            try:
                while keys := await held_by(self._opened(), dead):
                    entry = Entry(Reap(dead))
                    results, writing = await self._players.play(self._opened(), [entry.wish], keys)
                    await self._write([entry], results, writing)
                    self._entries.deliver([], writing.page.freed)
                    count += len(keys)
                break
            except Changed:
                await self._again(number)
        return count
