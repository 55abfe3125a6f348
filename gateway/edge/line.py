"""The line before the wallet: who waits for a connection, in which order, and who is sent away when it grows too long.

The highest priority is served first, and first come inside one priority. A call whose provider holds all it may is
passed over, so it delays nobody else; and no provider fills the line alone.
"""

import asyncio
from bisect import bisect_left, insort
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
    """At most *limit* calls wait, of one provider at most *account_limit*. Synchronous; it answers no waiter."""

    def __init__(self, limit: int, account_limit: int) -> None:
        self._limit, self._account_limit = limit, account_limit
        self._waiting: list[Waiter] = []
        self._number = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, waiter: Waiter) -> bool:
        at = bisect_left(self._waiting, waiter.rank, key=_RANK)
        return at < len(self._waiting) and self._waiting[at] is waiter

    @property
    def last(self) -> Waiter | None:
        """The newest of the lowest priority: the first to go."""
        return self._waiting[-1] if self._waiting else None

    def join(self, lane: Lane, start_by: float, answer: asyncio.Future[Shed | None]) -> Waiter:
        """Stand in line. It can be too long then, see `surplus`."""
        self._number += 1
        waiter = Waiter(lane, start_by, answer, (-lane.priority, self._number))
        insort(self._waiting, waiter, key=_RANK)
        return waiter

    def leave(self, waiter: Waiter) -> bool:
        """Step out; False when *waiter* does not stand here any more."""
        if waiter not in self:
            return False
        del self._waiting[bisect_left(self._waiting, waiter.rank, key=_RANK)]
        return True

    def surplus(self, account: str) -> Waiter | None:
        """Who must go because the line, or the part of *account* in it, is too long; None when nobody must."""
        own = [waiter for waiter in self._waiting if waiter.lane.account == account]
        if len(own) > self._account_limit:
            return own[-1]
        return self.last if len(self) > self._limit else None

    def ahead(self, waiter: Waiter) -> Iterator[Waiter]:
        """Everybody who is served before *waiter*."""
        return (other for other in self._waiting[: bisect_left(self._waiting, waiter.rank, key=_RANK)])

    def first(self, fits: Callable[[Lane], bool]) -> Waiter | None:
        """Who is next of those whom *fits*."""
        return next((waiter for waiter in self._waiting if fits(waiter.lane)), None)

    def everybody(self) -> list[Waiter]:
        """All who wait, in order."""
        return [*self._waiting]
