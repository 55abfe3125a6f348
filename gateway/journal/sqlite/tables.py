"""The journal's tables in SQLite: what a Page reads of them, and writing what it gathered, inside the caller's
transaction.

Rows that were read or written are kept decoded, so that a row's second and third wish need not read it again. The owner
calls `forget` whenever somebody else may have written the file, or when a transaction was rolled back.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from operator import attrgetter
from typing import Any

import apsw
import orjson

from gateway.canon.outcomes import Outcome
from gateway.journal.columns import NAMES, facts_text, read_facts, read_outcome, row_of, writer
from gateway.journal.page import PLAYED, Note, Page
from gateway.journal.sqlite.opening import fetched
from gateway.journal.states import Row, State

#: Rows kept decoded, two kilobytes each: more than calls are at work at once, even where the wallet takes a thousand.
#: A row that is not among them, of a late repeat or an old round, is read from the file again.
MOST_CACHED = 2_000
#: What a row is about: given at its claim, changed only when a tombstone learns what it kept out, or a yes whose it is.
_ABOUT = ("account", "transaction", "operation", "name", "fingerprint", "call", "player", "round", "chain", "span",
          "created")  # fmt: skip
_REPLY = ("reply",)
_STATE = tuple(name for name in NAMES if name not in ("key", *_ABOUT, *_REPLY))


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return f'"{name}"'


def listed(names: Iterable[str]) -> str:
    """Columns' names in SQL, with commas."""
    return ", ".join(map(quoted, names))


COLUMN_LIST = listed(NAMES)
_PLAYED = ", ".join(f"'{operation}'" for operation in sorted(PLAYED))
_ROW = f"SELECT {COLUMN_LIST} FROM rows WHERE key = ?"  # noqa: S608 - names of columns.py
_COUNTED = "SELECT state, step, parked FROM rows WHERE key = ?"
_INSERT = f"INSERT INTO rows ({COLUMN_LIST}) VALUES ({', '.join('?' * len(NAMES))})"  # noqa: S608
_IN_ROUND = f"SELECT key FROM rows WHERE account = ? AND round = ? AND operation IN ({_PLAYED})"  # noqa: S608
_ORDER = " ORDER BY created, key"
#: See `queue.Queue`: an older row of the chain that is at work, or has work to do first, keeps younger ones waiting.
_DUE = """
    SELECT key FROM rows AS r
    WHERE step IS NOT NULL AND parked IS NULL AND holder IS NULL AND due <= ?
    AND NOT EXISTS (
        SELECT 1 FROM rows AS o
        WHERE coalesce(nullif(o.chain, ''), o.key) = coalesce(nullif(r.chain, ''), r.key)
        AND o.parked IS NULL AND (o.step IN ('deliver', 'reverse') OR o.holder IS NOT NULL)
        AND (o.created, o.key) < (r.created, r.key)
    )
    ORDER BY due, key LIMIT ?"""
_HELD = "SELECT key FROM rows WHERE holder IS NOT NULL ORDER BY holder"
_HOLDERS = "SELECT DISTINCT holder FROM rows WHERE holder IS NOT NULL"
_NOTE = "INSERT INTO notes (key, wall, what, facts) VALUES (?, ?, ?, ?)"
_TALLY = (
    "INSERT INTO tally (kind, name, count) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count"
)
_SESSION = (
    "INSERT INTO sessions (account, id, facts, wall) VALUES (?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET facts = excluded.facts, wall = excluded.wall"
)
_WITNESSED = "SELECT 1 FROM lives WHERE started <= ? AND seen >= ? LIMIT 1"


class _Change:
    """One UPDATE of some columns of a row that is as we know it."""

    def __init__(self, names: tuple[str, ...]) -> None:
        sets = ", ".join(f"{quoted(name)} = ?" for name in names)
        self.sql = f"UPDATE rows SET {sets} WHERE key = ? AND version = ?"  # noqa: S608 - names of columns.py
        self.values = writer(names)


_CHANGES = {
    (False, False): _Change(_STATE),
    (False, True): _Change((*_STATE, *_REPLY)),
    (True, True): _Change((*_STATE, *_REPLY, *_ABOUT)),
}
_about = attrgetter(*_ABOUT)
_counted = attrgetter("state", "step", "parked")
_all = writer(NAMES)


def hashed(key: str) -> bytes:
    """What is kept of a pruned row's key."""
    return sha256(key.encode("utf-8", "surrogatepass")).digest()


class Tables:
    """A Source over an open connection; *born*: unix time since when this process serves without a gap."""

    def __init__(self, connection: apsw.Connection, born: float = 0.0, most: int = MOST_CACHED) -> None:
        self.connection = connection
        self.born = born
        self._most = most
        self._cache: OrderedDict[str, Row] = OrderedDict()
        self._pruned_any = self._one("SELECT 1 FROM pruned LIMIT 1") is not None

    def forget(self) -> None:
        """Read everything anew."""
        self._cache.clear()
        self._pruned_any = True

    # -- what a Page reads

    def row(self, key: str) -> Row | None:
        """The row of that key."""
        if (row := self._cache.get(key)) is not None:
            self._cache.move_to_end(key)
            return row
        found = self.connection.execute(_ROW, (key,)).fetchone()
        return None if found is None else self._kept(row_of(found))

    def in_round(self, account: str, player: str | None, name: str) -> Mapping[str, Row]:
        """What was played in a round, oldest first."""
        whose, player_too = ("", ()) if player is None else (" AND player = ?", (player,))
        keys = fetched(self.connection, _IN_ROUND + whose + _ORDER, account, name, *player_too)
        return {key: row for (key,) in keys if (row := self.row(key)) is not None}

    def pruned(self, key: str) -> Outcome | None:
        """The last word on a row of which only the hash is kept."""
        if not self._pruned_any:
            return None
        found = self._one("SELECT outcome FROM pruned WHERE hash = ?", hashed(key))
        return read_outcome(found)

    def witnessed(self, start: float, end: float) -> bool:
        """Did any life of this file fall between two unix times?"""
        return self.born <= end or self._one(_WITNESSED, end, start) is not None

    # -- what a wish names by its state

    def due(self, now: float, limit: int) -> tuple[str, ...]:
        """Up to *limit* keys that are due, each chain's first only."""
        return tuple(key for (key,) in fetched(self.connection, _DUE, now, limit))

    def held(self) -> tuple[str, ...]:
        """The keys of all rows that somebody holds."""
        return tuple(key for (key,) in fetched(self.connection, _HELD))

    def holders(self) -> tuple[str, ...]:
        """Everybody who holds a row."""
        return tuple(holder for (holder,) in fetched(self.connection, _HOLDERS))

    def session(self, account: str, identity: str) -> dict[str, Any] | None:
        """What is remembered of a session."""
        found = self._one("SELECT facts FROM sessions WHERE account = ? AND id = ?", account, identity)
        return None if found is None else read_facts(found)

    def remember(self, account: str, identity: str, facts: Mapping[str, Any], wall: float) -> dict[str, Any]:
        """Lay *facts* over what is remembered of a session; gives all of them."""
        merged = {**(self.session(account, identity) or {}), **facts}
        self.connection.execute(_SESSION, (account, identity, facts_text(merged), wall))
        return merged

    # -- what a Page gathered

    def write(self, page: Page) -> None:
        """Write the page's rows and notes. ConstraintError where a row is not as this source gave it."""
        counts: Counter[tuple[str, str]] = Counter()
        for row in page.rows.values():
            if row.version == 1:
                self.connection.execute(_INSERT, _all(row))
            else:
                old = self._cache.get(row.key)
                about = old is None or _about(old) != _about(row)
                change = _CHANGES[about, about or old is None or old.reply is not row.reply]
                before = fetched(self.connection, _COUNTED, row.key)[0] if old is None else _counted(old)
                self.connection.execute(change.sql, (*change.values(row), row.key, row.version - 1))
                if self.connection.changes() != 1:
                    raise apsw.ConstraintError(f"{row.key} is not as it was read")
                _count(counts, -1, *before)
            _count(counts, 1, row.state, row.step, row.parked)
            self._kept(row)
        self._tally(counts)
        if page.notes:
            self.connection.executemany(_NOTE, map(_note, page.notes))

    def drop(self, old: Sequence[tuple[str, State, Outcome, float]]) -> None:
        """Keep of these rows (key, state, last word, unix time) only a hash."""
        if not old:
            return
        execute = self.connection.executemany
        execute(
            "INSERT OR REPLACE INTO pruned (hash, outcome, wall) VALUES (?, ?, ?)",
            ((hashed(key), str(o), w) for key, _, o, w in old),
        )
        execute("DELETE FROM notes WHERE key = ?", ((key,) for key, *_ in old))
        execute("DELETE FROM rows WHERE key = ?", ((key,) for key, *_ in old))
        counts: Counter[tuple[str, str]] = Counter()
        for _, state, _, _ in old:
            _count(counts, -1, state, None, None)
        self._tally(counts)
        self._pruned_any = True
        for key, *_ in old:
            self._cache.pop(key, None)

    def _tally(self, counts: Counter[tuple[str, str]]) -> None:
        changed = [(kind, str(name), count) for (kind, name), count in counts.items() if count]
        if changed:
            self.connection.executemany(_TALLY, changed)

    def _kept(self, row: Row) -> Row:
        self._cache[row.key] = row
        if len(self._cache) > self._most:
            self._cache.popitem(last=False)
        return row

    def _one(self, question: str, *values: Any) -> Any:
        found = self.connection.execute(question, values).fetchone()
        return None if found is None else found[0]


def _count(counts: Counter[tuple[str, str]], by: int, state: str, step: str | None, parked: str | None) -> None:
    counts["state", state] += by
    if parked is not None:
        counts["parked", ""] += by
    elif step is not None:
        counts["step", step] += by


def _note(note: Note) -> tuple[str, float, str, str]:
    return note.key, note.wall, note.what, orjson.dumps(dict(note.facts)).decode()
