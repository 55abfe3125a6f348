"""The journal that forgets when the process ends: enough where the wallet keeps all four promises.

Rows and memories are bounded. What is known of both sides goes first, then the oldest that nobody works on; what is
forgotten is asked of the wallet, or answered with a word that makes the provider come back; it is never guessed.
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
        self._settled: OrderedDict[str, None] = OrderedDict()  # keys of rows that may be forgotten first

    async def perform(self, wish: Wish) -> Any:
        """Do what *wish* says and give its result."""
        return self.do(wish)

    def do(self, wish: Wish) -> Any:
        """The same, for stories that are driven by hand."""
        match wish:
            case Claim():
                return self._claim(wish)
            case Look(key):
                return self._seen(key)
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

    def _seen(self, key: str) -> Row | None:
        """The row as it must look from outside: while a call is in flight, nothing of it is settled."""
        row = self.rows.get(key)
        return replace(row, state=State.CLAIMED) if row is not None and key in self.in_flight else row

    def _claim(self, wish: Claim) -> Claimed:
        key = wish.key
        row = self.rows.get(key)
        if row is None:
            row = Row(key, wish.fingerprint, State.CLAIMED)
        elif not _fits(row.fingerprint, wish.fingerprint):
            return Claimed("conflict", self._seen(key) or row)
        elif key in self.in_flight:
            return Claimed("in_flight", self._seen(key) or row)
        else:
            known = zip(row.fingerprint, wish.fingerprint, strict=True)
            row = replace(row, fingerprint=tuple(old if old is not None else new for old, new in known))
        self.rows[key] = row
        self.rows.move_to_end(key)
        self.in_flight.add(key)
        self._settled.pop(key, None)
        self._forget_rows()
        return Claimed("ours", row)

    def _record(self, wish: Record) -> None:
        ended = wish.key not in self.in_flight
        if wish.release:
            self.in_flight.discard(wish.key)
        row = self.rows.get(wish.key)
        if row is None:
            return
        if ended and not wish.release:
            self.rows[wish.key] = replace(row, telling=wish.telling)
            return
        doubted = wish.state is State.UNKNOWN or (row.doubted and wish.state is State.OPEN)
        row = replace(row, state=wish.state, outcome=wish.outcome, telling=wish.telling, doubted=doubted)
        self.rows[wish.key] = row
        if row.settled and wish.release:
            self._settled[wish.key] = None

    def _remember(self, key: tuple[str, str, str], facts: dict[str, Any]) -> None:
        known = self.memories.pop(key, {})
        self.memories[key] = {**known, **facts}
        while len(self.memories) > self.most_memories:
            self.memories.popitem(last=False)

    def _forget_rows(self) -> None:
        while len(self.rows) > self.most_rows:
            if self._settled:
                del self.rows[self._settled.popitem(last=False)[0]]
                continue
            idle = next((key for key in self.rows if key not in self.in_flight), None)
            if idle is None:
                return
            del self.rows[idle]


def _fits(known: tuple[Any, ...], claimed: tuple[Any, ...]) -> bool:
    """Is it the same content, as far as both are known?"""
    return len(known) == len(claimed) and all(
        old is None or new is None or old == new for old, new in zip(known, claimed, strict=True)
    )
