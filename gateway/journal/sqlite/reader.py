"""Looking into a journal's file, for people and for metrics, also while a gateway serves it: it never writes.

Rows come as `states.Row`, histories as `page.Note`. Counts come from small indexes and cost well under a millisecond,
however many rows there are.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import apsw
import orjson

from gateway.canon.operations import DEBITS
from gateway.canon.outcomes import Outcome
from gateway.journal.columns import row_of
from gateway.journal.page import Note
from gateway.journal.reading import Audit, Counts, Found, keys_of, names, related
from gateway.journal.sqlite.opening import check_schema, check_sound, connected, fetched, synced_folder
from gateway.journal.sqlite.tables import COLUMN_LIST, Tables
from gateway.journal.states import Row, State, Step
from gateway.journal.wishes import JournalRefused

_ROWS = f"SELECT {COLUMN_LIST} FROM rows"  # noqa: S608 - names of columns.py
_NOTES = "SELECT key, wall, what, facts FROM notes WHERE key = ? ORDER BY number"
_AUDITS = "SELECT wall, who, action, key, reason FROM audit WHERE ? IN ('', key) ORDER BY number"
#: One question for each small index; together all rows that are armed or parked.
_WAITING = (
    "step IS NOT NULL AND parked IS NULL AND holder IS NULL",
    "step IS NOT NULL AND parked IS NULL AND holder IS NOT NULL",
    "parked IS NOT NULL",
)
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


class Reader:
    """Reads *path*; to be closed, or used in a `with`. Raises JournalRefused where there is no journal."""

    def __init__(self, path: str | Path, *, vfs: str | None = None) -> None:
        self.path = Path(path)
        if not self.path.exists():
            raise JournalRefused(f"{self.path}: no such file; the journal's url in the settings names it")
        try:
            self.connection = connected(self.path, vfs=vfs, flags=apsw.SQLITE_OPEN_READWRITE)  # to leave no -wal behind
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

    @contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """Everything that is asked inside is of one moment."""
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            self.connection.execute("ROLLBACK")

    def now(self) -> float:
        """The journal's clock, as it was last written."""
        return float(fetched(self.connection, "SELECT seconds FROM clock")[0][0])

    def look(self, key: str) -> Found | None:
        """The row of that key, with its history."""
        return next((Found(row, self.notes(row.key)) for row in self._rows("WHERE key = ?", key)), None)

    def find(self, name: str) -> tuple[Found, ...]:
        """The rows whose key or transaction is *name*, a reversal's key included; then what has to do with them.

        Each with its history: rows that they name, or that name them; the bets of a win that names none.
        """
        known = {row.key: row for key in keys_of(name) for row in self._rows("WHERE key = ?", key)}
        known |= {row.key: row for row in self._rows('WHERE "transaction" = ?', name)}
        asked = sorted(known.values(), key=_age)
        others = {other.key: other for row in asked for other in self._near(row) if other.key not in known}
        return tuple(Found(row, self.notes(row.key)) for row in (*asked, *sorted(others.values(), key=_age)))

    def _near(self, row: Row) -> Iterator[Row]:
        """What *row* names, and what names it: of its round, or of its chain where it belongs to none."""
        yield from (other for key in names(row) for other in self._rows("WHERE key = ?", key))
        yield from self._rows("WHERE round IS NULL AND chain <> key AND chain = ?", row.key)
        if row.round is not None:
            of_round = self._rows("WHERE account = ? AND round = ?", row.account, row.round)
            yield from (other for other in of_round if related(row, other))

    def notes(self, key: str) -> tuple[Note, ...]:
        """A row's history, oldest first."""
        lines = fetched(self.connection, _NOTES, key)
        return tuple(Note(key, wall, what, orjson.loads(facts)) for key, wall, what, facts in lines)

    def waiting(self) -> list[Row]:
        """Rows with which something, or somebody, still has to do: armed or parked; the oldest first."""
        return sorted((row for which in _WAITING for row in self._rows(f"WHERE {which}")), key=_age)

    def audits(self, key: str | None = None) -> list[Audit]:
        """What people did by hand, the oldest first; to all rows, or to one."""
        return [Audit(*found) for found in fetched(self.connection, _AUDITS, key or "")]

    def pruned(self, key: str) -> Outcome | None:
        """The last word on a row of which only the hash is kept."""
        return Tables(self.connection).pruned(key)

    def counts(self) -> Counts:
        """What metrics want to know."""
        tally = fetched(self.connection, "SELECT kind, name, count FROM tally WHERE count <> 0")
        states = {State(name): count for kind, name, count in tally if kind == "state"}
        armed = {Step(name): count for kind, name, count in tally if kind == "step"}
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


def _age(row: Row) -> tuple[float, str]:
    return row.created, row.key
