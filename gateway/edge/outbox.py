"""Our own doing: rows whose step is due are leased and carried, a few at a time, while the wallet can be heard.

While the breaker is open nothing is leased, so no row ages; when it lets a probe through, one row is it. Between two
rounds the journal's heart beats: that is how the instances of one journal know of each other, and how an old row is
pruned.
"""

import asyncio
from collections.abc import Callable
from random import uniform
from time import monotonic
from uuid import uuid4

from gateway.edge.carry import Hop, carry
from gateway.edge.tracing import OFF, Tracing
from gateway.exchange.errand import Errand
from gateway.exchange.wishes import Flow
from gateway.journal.store import Store
from gateway.journal.wishes import JournalUnavailable, Lease, Leased

#: Seconds between two looks while there is nothing to do, with jitter; between two heartbeats; for one errand.
POLL, BEAT, ERRAND = 0.25, 2.0, 5.0


class Outbox:
    """*start* tells the story of a leased row. *done* hears each errand at its end.

    *width*: how many errands may run now, 0 while the wallet is not to be asked. *failed* hears what went wrong in our
    own code.
    """

    def __init__(
        self,
        journal: Store,
        hop: Hop,
        start: Callable[[Leased, Errand], Flow],
        *,
        width: Callable[[], int],
        done: Callable[[Errand, float], None],
        failed: Callable[[BaseException], None],
        poll: float = POLL,
        tracing: Tracing = OFF,
    ) -> None:
        self._journal, self._hop, self._start = journal, hop, start
        self._width = width
        self._done, self._failed = done, failed
        self._poll, self._tracing = poll, tracing
        self._running: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        """Work until `stop`."""
        self._loops = [asyncio.create_task(self._work()), asyncio.create_task(self._beat())]

    async def stop(self, timeout: float) -> None:
        """Lease nothing more; let the errands end, *timeout* seconds at most, then cut them off."""
        for loop in self._loops:
            loop.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=timeout)
        for errand in self._running:
            errand.cancel()
        if everything := [*self._loops, *self._running]:
            await asyncio.wait(everything, timeout=1.0)
        self._loops = []

    async def _work(self) -> None:
        while True:
            leased: tuple[Leased, ...] = ()
            free = self._width() - len(self._running)
            try:
                if free > 0:
                    leased = await self._journal.perform(Lease(free))
            except JournalUnavailable:
                pass  # the journal says so itself, and every callback does
            except Exception as bug:
                self._failed(bug)
            for each in leased:
                task = asyncio.create_task(self._run(each))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
            if self._running and (leased or free <= 0):
                await asyncio.wait(self._running, timeout=self._poll, return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.sleep(uniform(0.5, 1.0) * self._poll)  # noqa: S311

    async def _run(self, leased: Leased) -> None:
        row, begun = leased.row, monotonic()
        own = uuid4().hex
        errand = Errand(row.account, "", begun, begun + ERRAND, own, str(row.operation), key=row.key)
        errand.trace = self._tracing.own(own)
        errand.step, errand.tries, errand.transaction = row.step, row.tries, row.transaction
        try:
            await carry(self._start(leased, errand), self._journal, self._hop, journey=errand)
        except JournalUnavailable:
            errand.why = "the journal could not write"
        except Exception as bug:
            errand.bug = bug
            self._failed(bug)
        self._tracing.errand(errand, monotonic() - begun)
        self._done(errand, monotonic() - begun)

    async def _beat(self) -> None:
        while True:
            try:
                await self._journal.beat()
            except Exception as bug:
                self._failed(bug)
            await asyncio.sleep(BEAT)
