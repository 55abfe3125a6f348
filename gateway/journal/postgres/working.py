"""The one connection of an instance that writes, and what happens when it breaks.

A connection that breaks while a batch is being written leaves open whether it was. The next connection first makes sure
that the last one can do nothing more (`Serving.fence`), and then knows: the batch was done, and its results count; or
it was not, and is performed anew. Until then, those who wait go on waiting, as long as they may.
"""

import asyncio
import logging
from collections.abc import Callable
from random import uniform

from gateway.journal.limits import Limits
from gateway.journal.postgres.entries import Entries
from gateway.journal.postgres.link import CONNECT_S, Changed, Lost, Over, Refused, connected
from gateway.journal.postgres.serving import Serving
from gateway.journal.postgres.transacting import Transactions
from gateway.journal.wishes import JournalRefused

_LOG = logging.getLogger(__name__)
_FIRST_PAUSE_S = 0.05
#: How long everybody waits for a new connection before they hear that the last one broke.
AT_ONCE_S = 0.5


class Worker:
    """Performs *entries*. *failing* says why nothing can be written, in plain words; empty while all is well."""

    def __init__(
        self, url: Callable[[], str], limits: Limits, serving: Serving, entries: Entries, transactions: Transactions
    ) -> None:
        self.failing = ""
        self._url, self._limits = url, limits
        self._serving, self._entries, self._transactions = serving, entries, transactions
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect and begin to serve. Raises JournalRefused, in plain words, where that cannot be."""
        try:
            await self._open()
        except (Lost, Refused, Over) as error:
            raise JournalRefused(str(error)) from error
        self._task = asyncio.create_task(self._run(), name="journal")

    async def stop(self) -> None:
        """Write what waits, and end."""
        self._entries.close()
        if self._task is not None:
            if self.failing:
                self._task.cancel()
            await asyncio.wait([self._task])
        link, self._transactions.link = self._transactions.link, None
        if link is not None:
            try:
                await self._serving.leave(link)
            except (Lost, Refused) as error:
                _LOG.warning("the journal was not left cleanly: %s", error)
            await link.close()
        self._entries.lose_all("it is closed")

    async def _run(self) -> None:
        pause = _FIRST_PAUSE_S
        while True:
            commits = self._transactions.commits
            try:
                if self._transactions.link is None:
                    await self._open()
                try:
                    await self._serve()
                except Lost as lost:
                    await self._open_at_once(lost)
                    continue
                return
            except (Lost, Refused, Over, Changed, JournalRefused) as error:
                self._fail(str(error))
            except Exception as bug:  # a bug of ours must not end what everybody waits for
                _LOG.exception("the journal's worker failed")
                self._fail(f"{type(bug).__name__}: {bug}")
            if self._entries.closed:
                return
            pause = _FIRST_PAUSE_S if self._transactions.commits > commits else min(self._limits.reopen_s, pause * 2)
            await asyncio.sleep(uniform(0.5, 1.0) * pause)  # noqa: S311 - only to spread the instances

    async def _serve(self) -> None:
        while True:
            if entries := self._entries.taken():
                await self._transactions.perform(entries)
            elif self._entries.closed:
                return
            else:
                await self._entries.some()
                if (link := self._transactions.link) is None or link.is_closed:
                    raise Lost("the server has ended the connection")

    async def _open_at_once(self, lost: Lost) -> None:
        """A connection broke, and the server is there: nobody need hear of it. Else raises Lost, why it broke first."""
        self._drop()
        try:
            await self._open(AT_ONCE_S)
        except Lost as error:
            raise Lost(f"{lost}; {error}") from error
        _LOG.warning("the journal has a new connection, since: %s", lost)

    async def _open(self, timeout: float = CONNECT_S) -> None:
        name = f"gateway {self._serving.me}"
        link = await connected(self._url(), limit_s=self._limits.claim_s, name=name, timeout=timeout)
        try:
            alive = False
            if self._serving.joined:
                done, alive = await self._serving.fence(link)
                self._resolve(done)
            if not alive:
                await self._serving.join(link)
        except BaseException:
            link.drop()
            raise
        link.when_ended(self._entries.wake)
        self._transactions.link = link
        if self.failing:
            _LOG.warning("the journal writes again, after: %s", self.failing)
        self.failing = ""

    def _resolve(self, done: int) -> None:
        """Now it is known whether the batch was written during which the connection broke."""
        doubt, self._transactions.doubt = self._transactions.doubt, None
        if doubt is None:
            return
        if done >= doubt.number:
            self._entries.deliver(doubt.entries, doubt.freed)
        else:
            self._entries.put_back(doubt.entries)

    def _fail(self, why: str) -> None:
        """The connection is of no use: everybody who waits hears so, but for those in doubt."""
        if self.failing != why:
            _LOG.error("the journal cannot write: %s", why)
        self.failing = why
        self._drop()
        self._entries.lose_all(why)

    def _drop(self) -> None:
        link, self._transactions.link = self._transactions.link, None
        if link is not None:
            link.drop()
