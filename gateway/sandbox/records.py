"""What the wallet remembers beside the money: operations by key, rounds, tombstones, sessions.

Each class reads and writes its own tables of the ledger's database, inside the caller's transaction.
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter

import apsw

from gateway.canon.calls import AMOUNTS, Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.sandbox.schema import Value

#: Operations that a win can pay out and a rollback can undo.
STAKES = frozenset({Operation.BET, Operation.BET_WIN, Operation.RESERVE})
#: States in which money of the operation is still booked.
LIVE = frozenset({"applied", "held", "captured"})
UNDONE = frozenset({"reversed", "released"})


@dataclass(slots=True)
class Record:
    """One operation under its key. *taken* and *given* are ledger units that left and reached the player by it.

    *copy* is 1, and more only where a wallet that does not promise `idempotent` booked the key again.
    """

    serial: int
    key: str
    copy: int
    operation: Operation
    player: str | None
    provider: str
    round: str | None
    stated: str
    outcome: Outcome
    state: str = "declined"
    taken: int = 0
    given: int = 0
    settled_by: str | None = None

    @property
    def wallet_transaction(self) -> str:
        """The wallet's own id of this operation."""
        return f"w-{self.serial}"


def stated(call: Call, player: str | None, currency: str | None) -> str:
    """The content of a call that its key stands for: player, currency, amounts, round, reference, operation.

    *player* and *currency* as the wallet understands them where the call leaves them out.
    """
    amounts = {name: _digits(value) for name in sorted(AMOUNTS) if (value := getattr(call, name)) is not None}
    reference = sorted(call.reference) if call.reference else None
    content = {"operation": call.operation, "player": player, "currency": currency, "round": call.round}
    return json.dumps({**content, "reference": reference, "amounts": amounts}, sort_keys=True)


def same(first: str, second: str) -> bool:
    """Do two `stated` contents agree? A player or currency that one of them leaves open agrees with any."""
    if first == second:
        return True
    one, other = json.loads(first), json.loads(second)
    for name in ("player", "currency"):
        if one[name] is None or other[name] is None:
            one[name] = other[name] = None
    return bool(one == other)


def _digits(amount: Decimal) -> str:
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_ROWS = (
    "SELECT serial, key, copy, operation, player, provider, round, stated, outcome, state, taken, given, settled_by"
    " FROM operations "
)
_BY_KEY = _ROWS + "WHERE key = ?"
_BY_ROUND = _ROWS + "WHERE player = ? AND provider = ? AND round = ? ORDER BY serial"
_BY_WIN = _ROWS + "WHERE settled_by = ?"


def telling(copies: list[Record]) -> Record | None:
    """Of the *copies* of one key, the one that tells what became of it: booked, else undone, else the first."""
    for states in (LIVE, UNDONE):
        for record in copies:
            if record.state in states:
                return record
    return copies[0] if copies else None


class Records:
    """Operations, rounds and tombstones."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def copies(self, key: str) -> list[Record]:
        """Every operation booked or declined under *key*, oldest first; one at most where keys are idempotent."""
        return sorted(self._records(_BY_KEY, key), key=attrgetter("copy"))

    def find(self, key: str) -> Record | None:
        """The operation that *key* stands for, or None: of several copies, one whose money is booked, else undone."""
        return telling(self.copies(key))

    def stakes(self, player: str, provider: str, name: str) -> list[Record]:
        """Every bet, bet_win and reserve of the round, declined ones included, oldest first."""
        return [record for record in self._records(_BY_ROUND, player, provider, name) if record.operation in STAKES]

    def settled(self, key: str) -> list[Record]:
        """The bets that the win of that key settled."""
        return self._records(_BY_WIN, key)

    def _records(self, question: str, *values: Value) -> list[Record]:
        rows = self._connection.execute(question, values).fetchall()
        return [
            Record(
                int(str(serial)), str(key), int(str(copy)), Operation(str(operation)), _maybe(player), str(provider),
                _maybe(name), str(content), _OUTCOMES[str(outcome)], str(state), int(str(taken)), int(str(given)),
                _maybe(settled),
            )
            for (
                serial, key, copy, operation, player, provider, name, content, outcome, state, taken, given, settled
            ) in rows
        ]  # fmt: skip

    def open(self, call: Call, player: str | None, content: str, copy: int = 1) -> Record:
        """A new row for *call*, declined until `save` says otherwise."""
        key, provider = call.transaction or "", call.provider or ""
        self._connection.execute(
            "INSERT INTO operations"
            " (key, copy, operation, player, provider, round, stated, outcome, state, taken, given)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 'internal_error', 'declined', '0', '0')",
            (key, copy, call.operation, player, provider, call.round, content),
        )
        serial = self._connection.last_insert_rowid()
        return Record(serial, key, copy, call.operation, player, provider, call.round, content, Outcome.INTERNAL_ERROR)

    def opened(self) -> int:
        """How many rows were ever opened, those forgotten included."""
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'operations'").fetchone()
        return 0 if row is None else int(str(row[0]))

    def save(self, record: Record) -> None:
        """Write back what became of it: outcome, state, amounts."""
        self._connection.execute(
            "UPDATE operations SET outcome = ?, state = ?, taken = ?, given = ? WHERE serial = ?",
            (record.outcome.value, record.state, str(record.taken), str(record.given), record.serial),
        )

    def place(self, record: Record, name: str | None, settled_by: str | None) -> None:
        """Say to which round it belongs, and which win settled it."""
        if (name, settled_by) == (record.round, record.settled_by):
            return
        record.round, record.settled_by = name, settled_by
        self._connection.execute(
            "UPDATE operations SET round = ?, settled_by = ? WHERE serial = ?", (name, settled_by, record.serial)
        )

    def forget(self, record: Record) -> None:
        """Drop a row of which nothing was booked and whose refusal does not last."""
        self._connection.execute("DELETE FROM operations WHERE serial = ?", (record.serial,))

    def bury(self, key: str, by: str) -> None:
        """Write a tombstone: whatever comes under *key* later is refused."""
        self._connection.execute("INSERT OR IGNORE INTO tombstones (key, written_by) VALUES (?, ?)", (key, by))

    def buried(self, key: str) -> bool:
        """Is there a tombstone at *key*?"""
        return self._connection.execute("SELECT 1 FROM tombstones WHERE key = ?", (key,)).fetchone() is not None

    def round_state(self, provider: str, player: str, name: str) -> str | None:
        """`open`, `closed`, or None for a round in which nothing was booked."""
        row = self._connection.execute(
            "SELECT closed_by FROM rounds WHERE provider = ? AND player = ? AND round = ?", (provider, player, name)
        ).fetchone()
        return None if row is None else "open" if row[0] is None else "closed"

    def join_round(self, provider: str, player: str, name: str, closed_by: str | None = None) -> None:
        """Open the round if it is new; close it if *closed_by* names the key that ends it."""
        self._connection.execute(
            "INSERT INTO rounds (provider, player, round, closed_by) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET closed_by = coalesce(closed_by, excluded.closed_by)",
            (provider, player, name, closed_by),
        )

    def reopen_round(self, closed_by: str) -> None:
        """Open again the round that the operation of that key had closed."""
        self._connection.execute("UPDATE rounds SET closed_by = NULL WHERE closed_by = ?", (closed_by,))


def _maybe(value: Value) -> str | None:
    return None if value is None else str(value)
