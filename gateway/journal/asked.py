"""A wish that waits for its commit, and the story that waits with it: no longer than it may.

What becomes durable after its story has gone is given back.
"""

import asyncio
from typing import Any, Protocol, TypeVar

from gateway.journal.limits import Limits
from gateway.journal.wishes import Claim, JournalUnavailable


class Asked:
    """A wish that waits for its commit. *future*: for whom, None for nobody; *dropped*: its story has gone."""

    __slots__ = ("dropped", "future", "result", "wish")

    def __init__(self, wish: Any, future: "asyncio.Future[Any] | None" = None) -> None:
        self.wish = wish
        self.future = future
        self.result: Any = None
        self.dropped = False


One = TypeVar("One", bound=Asked)
One_contra = TypeVar("One_contra", bound=Asked, contravariant=True)


class Queue(Protocol[One_contra]):
    """What waits for a store's next commit."""

    def __len__(self) -> int:
        """How many wishes wait."""

    def put(self, entry: One_contra) -> None:
        """Let *entry* wait."""

    def owe(self, wish: Any) -> None:
        """Perform what must not be lost of *wish* later; nobody waits for it."""

    def give_back(self, entry: One_contra) -> None:
        """Nobody took the result of *entry*."""


async def performed(entry: One, queue: Queue[One], limits: Limits, failing: str) -> Any:
    """The result of *entry* when it is durable. JournalUnavailable: it takes too long, or the store is *failing*."""
    if failing:
        queue.owe(entry.wish)
        raise JournalUnavailable(f"the journal cannot write: {failing}")
    if len(queue) >= limits.waiting:
        queue.owe(entry.wish)
        raise JournalUnavailable(f"{limits.waiting} wishes wait for the journal already")
    limit = limits.claim_s if type(entry.wish) is Claim else limits.wish_s
    loop = asyncio.get_running_loop()
    future = entry.future = loop.create_future()
    timer = loop.call_later(limit, _expire, entry, limit)
    queue.put(entry)
    try:
        return await future
    except asyncio.CancelledError:
        entry.dropped = True
        if not future.cancelled() and future.exception() is None:  # given at the very moment in which the story went
            queue.give_back(entry)
        raise
    finally:
        timer.cancel()


def _expire(entry: Asked, limit: float) -> None:
    if entry.future is not None and not entry.future.done():
        entry.dropped = True
        entry.future.set_exception(JournalUnavailable(f"not durable within {limit:g} s"))
