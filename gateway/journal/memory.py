"""The journal that forgets when the process ends: enough where the wallet keeps all four promises.

Rows and memories are bounded; the oldest that nobody works on go first. What is forgotten is asked of the wallet, or
answered with a word that makes the provider come back; it is never guessed.
"""

from collections import OrderedDict
from dataclasses import replace
from typing import Any

from gateway.journal.wishes import Claim, Claimed, Look, Recall, Record, Remember, Row, State, Told, Wish

MOST_ROWS = 200_000
MOST_MEMORIES = 400_000


class Memory:
    """Performs the wishes of `journal.wishes`, in one process and without I/O."""

    def __init__(self, most_rows: int = MOST_ROWS, most_memories: int = MOST_MEMORIES) -> None:
        self.rows: OrderedDict[str, Row] = OrderedDict()
        self.memories: OrderedDict[tuple[str, str, str], dict[str, Any]] = OrderedDict()
        self.in_flight: set[str] = set()
        self.most_rows = most_rows
        self.most_memories = most_memories

    async def perform(self, wish: Wish) -> Any:
        """Do what *wish* says and give its result."""
        return self.do(wish)

    def do(self, wish: Wish) -> Any:
        """The same, for stories that are driven by hand."""
        match wish:
            case Claim():
                return self._claim(wish)
            case Look(key):
                return self.rows.get(key)
            case Record():
                self._record(wish)
            case Told(key, told):
                if row := self.rows.get(key):
                    self.rows[key] = replace(row, told=told if told is not None else row.told, telling=None)
            case Recall(account, kind, identity):
                kind = "transaction" if kind == "reference" else kind
                return dict(self.memories.get((account, kind, identity), {}))
            case Remember(account, kind, identity, facts):
                self._remember((account, kind, identity), dict(facts))
        return None

    def _claim(self, wish: Claim) -> Claimed:
        row = self.rows.get(wish.key)
        if row is None:
            row = Row(wish.key, wish.fingerprint, State.CLAIMED)
            self.rows[wish.key] = row
            self.in_flight.add(wish.key)
            self._forget_rows()
            return Claimed("ours", row)
        if row.fingerprint != wish.fingerprint:
            return Claimed("conflict", row)
        if wish.key in self.in_flight:
            return Claimed("in_flight", row)
        self.in_flight.add(wish.key)
        self.rows.move_to_end(wish.key)
        return Claimed("ours", row)

    def _record(self, wish: Record) -> None:
        if wish.release:
            self.in_flight.discard(wish.key)
        row = self.rows.get(wish.key)
        if row is None:
            return
        doubted = wish.state is State.UNKNOWN or (row.doubted and wish.state is State.OPEN)
        self.rows[wish.key] = replace(
            row, state=wish.state, outcome=wish.outcome, telling=wish.telling, doubted=doubted
        )

    def _remember(self, key: tuple[str, str, str], facts: dict[str, Any]) -> None:
        known = self.memories.pop(key, {})
        self.memories[key] = {**known, **facts}
        while len(self.memories) > self.most_memories:
            self.memories.popitem(last=False)

    def _forget_rows(self) -> None:
        excess = len(self.rows) - self.most_rows
        if excess > 0:
            idle = (key for key in self.rows if key not in self.in_flight)
            for key in [key for key, _ in zip(idle, range(excess), strict=False)]:
                del self.rows[key]
