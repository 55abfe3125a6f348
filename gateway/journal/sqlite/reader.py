"""Looking into a journal's file, for people and for metrics, also while a gateway serves it: it never writes.

Rows come as `states.Row`, histories as `page.Note`. Counts come from small indexes and cost well under a millisecond,
however many rows there are.
"""

import re
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import apsw
import orjson

from gateway.canon.operations import DEBITS
from gateway.journal.columns import row_of
from gateway.journal.page import Note
from gateway.journal.sqlite.opening import check_schema, check_sound, connected, fetched, synced_folder
from gateway.journal.sqlite.tables import COLUMN_LIST
from gateway.journal.states import Row, Step
from gateway.journal.wishes import JournalRefused

_ROWS = f"SELECT {COLUMN_LIST} FROM rows"  # noqa: S608 - names of columns.py
_NOTES = "SELECT key, wall, what, facts FROM notes WHERE key = ? ORDER BY number"
_OF_ROUND = "WHERE account = ? AND round = ? ORDER BY created, key LIMIT 100"
_REVERSAL = re.compile(r"^rev\d*:")
_LATE = """
    SELECT (SELECT seconds FROM clock) - due FROM rows
    WHERE step IS NOT NULL AND parked IS NULL AND holder IS NULL ORDER BY due LIMIT 1"""
_COUNTED = """
    SELECT 'state', state, count(*) FROM rows GROUP BY state
    UNION ALL SELECT 'step', step, count(*) FROM rows WHERE step IS NOT NULL AND parked IS NULL GROUP BY step
    UNION ALL SELECT 'parked', '', count(*) FROM rows WHERE parked IS NOT NULL HAVING count(*) > 0"""
_DEBITS = ", ".join(f"'{operation}'" for operation in sorted(DEBITS))
#: What no row may be; each with its sentence for people.
_RULES = {
    "claimed, and nobody holds it": "state = 'claimed' AND holder IS NULL",
    "armed and parked": "step IS NOT NULL AND parked IS NOT NULL",
    "held without a call in flight, or the other way round": "(holder IS NULL) <> (flight IS NULL)",
    "to be undone, and nothing will do it": "undo = 1 AND step IS NULL AND parked IS NULL AND holder IS NULL",
    "a debit in doubt or unheard, and nothing is armed": f"""
        operation IN ({_DEBITS}) AND step IS NULL AND parked IS NULL AND holder IS NULL
        AND (state = 'unknown' OR state = 'applied' AND proved = 0 AND coalesce(told, '') NOT LIKE '%done%')""",
    "a credit in doubt, and nothing is armed": f"""
        operation NOT IN ({_DEBITS}, 'rollback', 'rollback_win', 'withdraw_cancel', 'release')
        AND state IN ('unknown', 'open') AND step IS NULL AND parked IS NULL AND holder IS NULL""",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A row with its history, oldest first."""

    row: Row
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """*states*: rows by state; *armed*: rows by step; *oldest_due_s*: for how long the first of them has been due."""

    states: dict[str, int]
    armed: dict[str, int]
    parked: int
    oldest_due_s: float


class Reader:
    """Reads *path*; to be closed, or used in a `with`. Raises JournalRefused where there is no journal."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.exists():
            raise JournalRefused(f"{self.path}: no such file; the journal's url in the settings names it")
        try:
            self.connection = connected(self.path, flags=apsw.SQLITE_OPEN_READONLY)
        except apsw.Error as error:
            raise JournalRefused(f"{self.path} cannot be read as a journal: {error}") from None
        try:
            check_schema(self.connection, self.path)
        except JournalRefused:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def find(self, name: str) -> tuple[Found, ...]:
        """The rows whose key or transaction is *name*, a reversal's key included; then those of the same rounds.

        Each with its history; of the rounds the first hundred rows each.
        """
        name = _REVERSAL.sub("", name)
        found = {row.key: row for row in self._rows('WHERE key = ? OR "transaction" = ? ORDER BY created', name, name)}
        for row in list(found.values()):
            for key in (row.undo_by, row.settled_by):
                found |= {each.key: each for each in self._rows("WHERE key = ?", key)}
            if row.round is not None:
                found |= {each.key: each for each in self._rows(_OF_ROUND, row.account, row.round)}
        return tuple(Found(row, self.notes(row.key)) for row in found.values())

    def notes(self, key: str) -> tuple[Note, ...]:
        """A row's history, oldest first."""
        lines = fetched(self.connection, _NOTES, key)
        return tuple(Note(key, wall, what, orjson.loads(facts)) for key, wall, what, facts in lines)

    def outbox(self, steps: Iterable[Step] = tuple(Step), *, parked: bool = True, limit: int = 1_000) -> list[Row]:
        """Rows that have one of these *steps* armed, the first due first; then the *parked* ones, the oldest first."""
        wanted = ", ".join(f"'{step}'" for step in steps)
        armed = self._rows(
            f"WHERE step IS NOT NULL AND parked IS NULL AND step IN ({wanted}) ORDER BY due, key LIMIT ?", limit
        )
        held = self._rows("WHERE parked IS NOT NULL ORDER BY wall LIMIT ?", limit) if parked else []
        return [*armed, *held][:limit]

    def counts(self) -> Counts:
        """What metrics want to know."""
        tally = fetched(self.connection, "SELECT kind, name, count FROM tally WHERE count <> 0")
        states = {name: count for kind, name, count in tally if kind == "state"}
        armed = {name: count for kind, name, count in tally if kind == "step"}
        parked = sum(count for kind, _, count in tally if kind == "parked")
        late = fetched(self.connection, _LATE)
        return Counts(states, armed, parked, max(0.0, late[0][0]) if late else 0.0)

    def check(self) -> tuple[str, ...]:
        """What is wrong with the file and its rows, a sentence each with the first keys; empty when all is well."""
        found = [str(line) for (line,) in fetched(self.connection, "PRAGMA integrity_check(10)")]
        wrong = [] if found == ["ok"] else [f"the file is damaged: {line}" for line in found]
        for sentence, rule in _RULES.items():
            keys = [key for (key,) in fetched(self.connection, f"SELECT key FROM rows WHERE {rule} LIMIT 6")]  # noqa: S608
            if keys:
                wrong.append(f"{sentence}: {', '.join(keys[:5])}{', ...' if len(keys) > 5 else ''}")
        counted = set(fetched(self.connection, _COUNTED))
        tallied = set(fetched(self.connection, "SELECT kind, name, count FROM tally WHERE count <> 0"))
        if counted != tallied:
            wrong.append(f"the counts do not fit the rows: {sorted(tallied - counted)} for {sorted(counted - tallied)}")
        (orphans,) = fetched(self.connection, "SELECT count(*) FROM notes WHERE key NOT IN (SELECT key FROM rows)")[0]
        if orphans:
            wrong.append(f"{orphans} notes of rows that are not there")
        return tuple(wrong)

    def backup(self, path: str | Path) -> None:
        """Copy the journal as it is at one moment to a new file, sound and complete, while it is served.

        Raises JournalRefused where *path* exists: a backup is never written over.
        """
        path = Path(path)
        if path.exists():
            raise JournalRefused(f"{path} exists; a backup is written to a new file only")
        try:
            with closing(apsw.Connection(str(path))) as copy:
                with copy.backup("main", self.connection, "main") as backup:
                    backup.step(-1)
                copy.pragma("journal_mode", "delete")
                check_sound(copy, path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        synced_folder(path)

    def _rows(self, which: str, *values: Any) -> list[Row]:
        return [row_of(found) for found in fetched(self.connection, f"{_ROWS} {which}", *values)]
