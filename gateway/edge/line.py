"""The line before the wallet: who waits for a connection, in which order, and who is sent away when it grows too long.

The highest priority is served first, and first come inside one priority. A call whose provider holds all it may is
passed over, so it delays nobody else; and no provider fills the line alone.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

from gateway.exchange.wishes import Lane


class Shed(StrEnum):
    """Why a call was not sent although nothing is wrong with it."""

    QUEUE = "queue"
    WAIT = "wait"
    LAG = "lag"
    BREAKER = "breaker"
    STOPPING = "stopping"

    @property
    def text(self) -> str:
        """The reason in words, for NotSent."""
        return _TEXTS[self]


_TEXTS = {
    Shed.QUEUE: "shed: too many calls wait for the wallet",
    Shed.WAIT: "shed: no connection to the wallet comes free in time",
    Shed.LAG: "shed: the gateway itself is late",
    Shed.BREAKER: "the breaker is open",
    Shed.STOPPING: "shed: the gateway is stopping",
}


@dataclass(eq=False, slots=True)
class Waiter:
    """A call that waits. *answer*: None when it got a slot, else why not; *start_by*: later would be too late."""

    lane: Lane
    start_by: float
    answer: asyncio.Future[Shed | None]
    rank: tuple[int, int]


_RANK = attrgetter("rank")


class Line:
    """At most *limit* calls wait, of one provider at most *account_limit*. Synchronous; it answers no waiter.

    What it is asked costs as much as there are providers in it, not as much as there are calls.
    """

    def __init__(self, limit: int, account_limit: int) -> None:
        self._limit, self._account_limit = limit, account_limit
        #: By provider and priority, first come first; no row is empty, and there are none where nobody waits.
        self.rows: dict[tuple[str, int], deque[Waiter]] = {}
        self._of: Counter[str] = Counter()
        self._number = 0

    def __len__(self) -> int:
        return self._of.total()

    def __contains__(self, waiter: Waiter) -> bool:
        return waiter in self.rows.get(_row(waiter.lane), ())

    @property
    def last(self) -> Waiter | None:
        """The newest of the lowest priority: the first to go."""
        return max((row[-1] for row in self.rows.values()), key=_RANK, default=None)

    def join(self, lane: Lane, start_by: float, answer: asyncio.Future[Shed | None]) -> Waiter:
        """Stand in line. It can be too long then, see `surplus`."""
        self._number += 1
        waiter = Waiter(lane, start_by, answer, (-lane.priority, self._number))
        self.rows.setdefault(_row(lane), deque()).append(waiter)
        self._of[lane.account] += 1
        return waiter

    def leave(self, waiter: Waiter) -> bool:
        """Step out; False when *waiter* does not stand here any more."""
        if waiter not in self:
            return False
        row = self.rows[_row(waiter.lane)]
        row.remove(waiter)
        if not row:
            del self.rows[_row(waiter.lane)]
        self._of[waiter.lane.account] -= 1
        if not self._of[waiter.lane.account]:
            del self._of[waiter.lane.account]
        return True

    def surplus(self, account: str) -> Waiter | None:
        """Who must go because the line, or the part of *account* in it, is too long; None when nobody must."""
        if self._of[account] > self._account_limit:
            return max((row[-1] for (whose, _), row in self.rows.items() if whose == account), key=_RANK)
        return self.last if len(self) > self._limit else None

    def ahead(self, newest: Waiter) -> Iterator[tuple[Lane, int]]:
        """How many are served before *newest*, who is the newest of its priority, by their lanes."""
        for (_, priority), row in self.rows.items():
            if priority >= newest.lane.priority and (number := len(row) - (row[-1] is newest)):
                yield row[0].lane, number

    def first(self, fits: Callable[[Lane], bool]) -> Waiter | None:
        """Who is next of those whom *fits*."""
        heads = sorted((row[0] for row in self.rows.values()), key=_RANK)
        return next((waiter for waiter in heads if fits(waiter.lane)), None)

    def everybody(self) -> list[Waiter]:
        """All who wait, in order."""
        return sorted((waiter for row in self.rows.values() for waiter in row), key=_RANK)


def _row(lane: Lane) -> tuple[str, int]:
    return lane.account, lane.priority
