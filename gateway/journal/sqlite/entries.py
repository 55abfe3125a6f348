"""What waits for the next commit, and when the one thread that makes commits wakes for it.

Waking a thread costs more than writing a wish does: each time it takes the core and the interpreter from whoever is to
fill the commit. So every wish says by when it wants to be taken, and only one that wants it sooner than the thread
would wake by itself wakes it.
"""

import asyncio
from collections import deque
from contextlib import suppress
from math import inf
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

from gateway.journal.asked import Asked
from gateway.journal.limits import Limits
from gateway.journal.wishes import Told

_AT_ONCE = 0.0


class Entry(Asked):
    """A wish that waits for its commit, and what went wrong with it. *patient*: it may wait for others."""

    __slots__ = ("due", "error", "patient")

    def __init__(self, wish: Any, future: "asyncio.Future[Any] | None" = None, *, patient: bool = False) -> None:
        super().__init__(wish, future)
        self.patient = patient
        self.due = _AT_ONCE  # when it is to be taken, at the latest
        self.error: BaseException | None = None


class Entries:
    """All entries of one file, in order: put by any thread, taken by one. *closed*: whoever takes them is to end."""

    def __init__(self, limits: Limits) -> None:
        self.closed = False
        self._limits = limits
        self._waiting: deque[Entry] = deque()
        self._rested = 0.0  # when those who are patient need not wait any longer
        self._until = _AT_ONCE  # the thread looks by then, and need not be woken for what is due later
        self._bell: SimpleQueue[None] = SimpleQueue()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, entry: Entry) -> None:
        """Let *entry* wait.

        Mere confirmations are held back for a moment. So are wishes that are patient: a commit is dearer than what it
        writes, and a thread that commits as often as it can takes the core from those who are to fill the next one.
        """
        if entry.patient:
            entry.due = self._rested
        elif type(entry.wish) is Told:
            entry.due = monotonic() + self._limits.linger_s
        self._waiting.append(entry)
        if entry.due < self._until or (self._until and len(self._waiting) == self._limits.batch):
            self._until = _AT_ONCE  # once is enough
            self._bell.put(None)

    def close(self) -> None:
        """Wait for nothing any more."""
        self.closed = True
        self._bell.put(None)

    def taken(self, until: float = inf) -> list[Entry]:
        """What waits, up to a batch: as soon as any of it is due, or it is a batch; *until* then at the latest."""
        while not self.closed and len(self._waiting) < self._limits.batch:
            self._until = inf  # what comes from here on is seen below, or wakes us
            due = min([until, *(entry.due for entry in [*self._waiting])])
            rest = due - monotonic()
            if rest <= 0:
                break
            self._until = due
            with suppress(Empty):
                self._bell.get(timeout=None if due == inf else rest)
        self._until = _AT_ONCE
        self._rested = monotonic() + self._limits.rest_s
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), self._limits.batch))]
