"""Which rows are due, in memory: a heap by time, and of each chain only what nothing older keeps waiting."""

from collections.abc import Mapping
from heapq import heapify, heappop, heappush

from gateway.journal.leasing import due
from gateway.journal.states import Row

#: The heap is made anew when it has grown to twice its rows, and longer than this: a step that was done with, or put
#: off, before its time (every bet's horizon is hours away) leaves its entry behind.
LEAST_HEAP = 1_000


class Queue:
    """The armed rows among *rows*, which the owner changes and then reports by `put` and `drop`."""

    def __init__(self, rows: Mapping[str, Row]) -> None:
        self._rows = rows
        self._heap: list[tuple[float, str]] = []
        self._most = LEAST_HEAP
        self._chains: dict[str, dict[str, None]] = {}

    def __len__(self) -> int:
        """How many entries it keeps, those that mean nothing any more included."""
        return len(self._heap)

    def put(self, row: Row) -> None:
        """A row has changed: what it armed, and what it no longer keeps waiting, may be due."""
        if row.parked is None and (row.step is not None or row.holder is not None):
            key, chain = row.key, row.chain or row.key
            waiting = self._chains.get(chain)
            if waiting is None:
                self._chains[chain] = {key: None}
            else:
                waiting[key] = None
            if row.step is not None:
                heappush(self._heap, (row.due, key))
                if len(self._heap) > self._most:
                    self._pack()
            if waiting is None or row.active:
                return
        self._forget(row)

    def drop(self, row: Row) -> None:
        """A row is gone."""
        self._chains.get(row.chain or row.key, {}).pop(row.key, None)
        self._forget(row)

    def _forget(self, row: Row) -> None:
        """*row* keeps nothing waiting (any more)."""
        chain = row.chain or row.key
        waiting = self._chains.get(chain)
        if waiting is None:
            return
        if row.parked is not None or (row.step is None and row.holder is None):
            waiting.pop(row.key, None)
        if not waiting:
            del self._chains[chain]
        for key in waiting:
            if key != row.key and key in self._rows:
                heappush(self._heap, (self._rows[key].due, key))

    def _pack(self) -> None:
        """Of each row that has a step, one entry."""
        armed = (self._rows[key] for waiting in self._chains.values() for key in waiting if key in self._rows)
        self._heap = [(row.due, row.key) for row in armed if row.step is not None and row.parked is None]
        heapify(self._heap)
        self._most = max(LEAST_HEAP, 2 * len(self._heap))

    def due(self, now: float, limit: int) -> tuple[str, ...]:
        """Up to *limit* keys that are due; they must be leased, or put again."""
        found: dict[str, None] = {}
        while self._heap and self._heap[0][0] <= now and len(found) < limit:
            at, key = heappop(self._heap)
            row = self._rows.get(key)
            if row is not None and row.due == at and due(row, now) and not self._kept_waiting(row):
                found[key] = None
        return tuple(found)

    def _kept_waiting(self, row: Row) -> bool:
        """Is something older of its chain at work, or to be done first?"""
        others = (self._rows.get(key) for key in self._chains.get(row.chain or row.key, ()) if key != row.key)
        return any(
            other is not None and other.parked is None and (other.active or other.in_flight)
            and (other.created, other.key) < (row.created, row.key)
            for other in others
        )  # fmt: skip
