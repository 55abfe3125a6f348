"""What waits for the next commit, and handing over what came of it."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from gateway.journal.asked import Asked
from gateway.journal.limits import Limits
from gateway.journal.postgres.playing import Failed
from gateway.journal.postgres.pruning import Prune
from gateway.journal.unwanted import given_back, owed, without_listener
from gateway.journal.wishes import JournalUnavailable, Lease, Reap

_LOG = logging.getLogger(__name__)
_FIRST_PAUSE_S = 0.05


class Beat:
    """We serve; and whoever does not any more is to be found out."""


class Count:
    """How many rows there are of each kind."""


#: These have a transaction of their own.
ALONE = (Lease, Reap, Beat, Prune, Count)


class Entry(Asked):
    """A wish that waits for its commit. *over*: it has its result, or its error; or it is in doubt."""

    __slots__ = ("over", "tries")

    def __init__(self, wish: Any, future: "asyncio.Future[Any] | None" = None) -> None:
        super().__init__(wish, future)
        self.tries = 0
        self.over = False


class Entries:
    """All entries of one instance, in order. *freed* is called with the keys whose call has ended."""

    def __init__(self, limits: Limits, freed: Callable[[Iterable[str]], None]) -> None:
        self.closed = False
        self._limits, self._freed = limits, freed
        self._queue: deque[Entry] = deque()
        self._some = asyncio.Event()

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, entry: Entry) -> None:
        """Let *entry* wait."""
        self._queue.append(entry)
        self.wake()

    def put_back(self, entries: Iterable[Entry]) -> None:
        """Nothing was done of *entries*: they come first."""
        for entry in reversed([*entries]):
            entry.over = False
            self._queue.appendleft(entry)

    def put_off(self, entry: Entry) -> bool:
        """Somebody holds its row: let the others go first, ever longer. False where nobody waits for it."""
        if entry.future is None or entry.dropped:
            return False
        pause = min(_FIRST_PAUSE_S * 2**entry.tries, self._limits.reopen_s)
        entry.tries += 1
        asyncio.get_running_loop().call_later(pause, self.put, entry)
        return True

    def owe(self, wish: Any) -> None:
        """Perform what must not be lost of *wish* in a while; nobody waits for it."""
        for each in owed(wish):
            asyncio.get_running_loop().call_later(self._limits.reopen_s, self.put, Entry(each))

    def give_back(self, entry: Entry) -> None:
        """Nobody took the result of *entry*."""
        for each in given_back(entry.wish, entry.result):
            self.put(Entry(each))

    async def some(self) -> None:
        """Until anything waits, or `wake` was called."""
        if not self._queue and not self.closed:
            self._some.clear()
            await self._some.wait()

    def wake(self) -> None:
        """Something happened that is no entry."""
        self._some.set()

    def close(self) -> None:
        """Nothing more will come."""
        self.closed = True
        self.wake()

    def taken(self) -> list[Entry]:
        """What waits, up to a batch."""
        taken: list[Entry] = []
        while self._queue and len(taken) < self._limits.batch:
            alone = isinstance(self._queue[0].wish, ALONE)
            if not alone or not taken:
                taken.append(self._queue.popleft())
            if alone:
                break
        return taken

    def lose_all(self, why: str) -> None:
        """Everybody who waits hears why nothing was done; what is owed goes on waiting."""
        waiting, self._queue = self._queue, deque()
        for entry in waiting:
            if entry.future is None and not self.closed:
                self._queue.append(entry)
            else:
                self.lose([entry], why)

    def deliver(self, entries: Iterable[Entry], freed: Iterable[str] = ()) -> None:
        """What was performed is durable."""
        for entry in entries:
            entry.over = True
            failed = entry.result.error if isinstance(entry.result, Failed) else None
            if entry.future is None:
                if failed is not None:
                    _LOG.error("nobody waits for a %s that cannot be performed: %s", type(entry.wish).__name__, failed)
            elif entry.future.done():
                if failed is None:
                    self.give_back(entry)
            elif failed is not None:
                entry.future.set_exception(failed)
            else:
                entry.future.set_result(entry.result)
        self._freed(freed)

    def lose(self, entries: Iterable[Entry], why: str) -> None:
        """Nothing was done of those of *entries* that are not over."""
        for entry in entries:
            if entry.over:
                continue
            entry.over = True
            if entry.wish is not None and not self.closed:
                self.owe(entry.wish)
            if entry.future is not None and not entry.future.done():
                entry.future.set_exception(JournalUnavailable(f"the journal cannot write: {why}"))


def wanted(entries: Iterable[Entry]) -> list[Entry]:
    """Those of *entries* that are to be performed still, as far as somebody waits for them."""
    found = []
    for entry in entries:
        if entry.dropped or (entry.future is not None and entry.future.cancelled()):
            entry.wish = without_listener(entry.wish)
        if entry.wish is None:
            entry.over = True
        else:
            found.append(entry)
    return found
