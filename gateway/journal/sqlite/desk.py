"""A journal's file as the command line looks into it and changes it: a Desk (see `journal.reading`) over one file.

Beside the process that serves it, or when none does. `reader` looks and `byhand` changes; here is what only people ask.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import time
from typing import Any

import apsw

from gateway.canon.outcomes import Outcome
from gateway.journal.columns import row_of
from gateway.journal.limits import Kept
from gateway.journal.manual import Action
from gateway.journal.reading import Audit, Counts, Found, Pruned, keys_of, names, related
from gateway.journal.sqlite import upkeep
from gateway.journal.sqlite.byhand import Hand
from gateway.journal.sqlite.opening import fetched
from gateway.journal.sqlite.reader import Reader
from gateway.journal.sqlite.tables import COLUMN_LIST, Tables
from gateway.journal.states import Policy, Row, State, Step
from gateway.journal.wishes import JournalRefused, JournalUnavailable

_ROWS = f"SELECT {COLUMN_LIST} FROM rows WHERE "  # noqa: S608 - names of columns.py
#: One question for each small index; together all rows with which something, or somebody, still has to do.
_WAITING = (
    "step IS NOT NULL AND parked IS NULL AND holder IS NULL",
    "holder IS NOT NULL AND step IS NOT NULL AND parked IS NULL",
    "parked IS NOT NULL",
)
_AUDITS = "SELECT wall, who, action, key, reason FROM audit WHERE ? IN ('', key) ORDER BY number"


class SqliteDesk:
    """Over the file *path*, which is never created; good until `close`. *policy* and *kept* as they are served."""

    def __init__(self, path: Path, policy: Policy, kept: Kept | None = None) -> None:
        self.path, self.policy, self.kept = path, policy, kept or Kept()
        self._reader = Reader(path)
        self._connection = self._reader.connection

    async def __aenter__(self) -> "SqliteDesk":
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reader.close()

    async def now(self) -> float:
        """See Desk."""
        with self._reading():
            return self._now()

    async def look(self, key: str) -> Found | None:
        """See Desk."""
        with self._reading():
            return next(iter(self._found(self._rows("key = ?", key))), None)

    async def find(self, text: str) -> Sequence[Found]:
        """See Desk."""
        with self._reading():
            known = {row.key: row for key in keys_of(text) for row in self._rows("key = ?", key)}
            known |= {row.key: row for row in self._rows('"transaction" = ?', text)}
            asked = sorted(known.values(), key=_age)
            others = {other.key: other for row in asked for other in self._near(row) if other.key not in known}
            return self._found([*asked, *sorted(others.values(), key=_age)])

    def _near(self, row: Row) -> Iterator[Row]:
        """What *row* names, and what names it: of its round, or of its chain where it belongs to none."""
        yield from (other for key in names(row) for other in self._rows("key = ?", key))
        yield from self._rows("round IS NULL AND chain <> key AND chain = ?", row.key)
        if row.round is not None:
            of_round = self._rows("account = ? AND round = ?", row.account, row.round)
            yield from (other for other in of_round if related(row, other))

    async def pruned(self, key: str) -> Outcome | None:
        """See Desk."""
        with self._reading():
            return Tables(self._connection).pruned(key)

    async def waiting(self) -> Sequence[Row]:
        """See Desk."""
        with self._reading():
            return sorted((row for which in _WAITING for row in self._rows(which)), key=_age)

    async def audits(self, key: str | None = None) -> Sequence[Audit]:
        """See Desk."""
        with self._reading():
            return [Audit(*found) for found in fetched(self._connection, _AUDITS, key or "")]

    async def act(self, key: str, version: int, action: Action, who: str) -> Row:
        """See Desk."""
        hand = Hand(self.path, self.policy, who)
        with self._told():
            match action.word:
                case "retry":
                    return hand.retry(key, action.reason, version)
                case "park":
                    return hand.park(key, action.reason, version)
                case "resolve":
                    return hand.resolve(key, action.found, action.reason, version)

    async def check(self) -> Sequence[str]:
        """See Desk."""
        with self._reading():
            wrong = self._reader.check()
            if any("damaged" in line for line in wrong):
                return wrong
            return [*wrong, *upkeep.findings(self._connection, self.policy, self._now())]

    async def backup(self, to: Path) -> None:
        """See Desk."""
        with self._told():
            self._reader.backup(to)

    async def prune(self, *, dry: bool) -> Pruned:
        """See Desk."""
        if dry:
            with self._reading():
                return upkeep.prunable(self._connection, self.kept, self._now(), time())
        with self._told():
            return upkeep.pruned(self.path, self.kept)

    # -- the file

    def _now(self) -> float:
        return float(fetched(self._connection, "SELECT seconds FROM clock")[0][0])

    def _rows(self, which: str, *values: Any) -> Iterator[Row]:
        return map(row_of, fetched(self._connection, _ROWS + which, *values))

    def _found(self, rows: Iterable[Row]) -> list[Found]:
        return [Found(row, self._reader.notes(row.key)) for row in rows]

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Everything inside is of one moment."""
        with self._told():
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What SQLite says becomes a sentence for people."""
        try:
            yield
        except JournalUnavailable as busy:
            raise JournalRefused(f"{busy}; try again") from None
        except apsw.BusyError:
            raise JournalRefused(f"{self.path} is being written by another process; try again") from None
        except (apsw.ReadOnlyError, apsw.CantOpenError, apsw.PermissionsError) as error:
            raise JournalRefused(f"{self.path} cannot be used by this user: {error}") from None
        except (apsw.NotADBError, apsw.CorruptError) as error:
            raise JournalRefused(f"{self.path} is no journal, or is damaged: {error}") from None
        except (apsw.IOError, apsw.FullError) as error:
            raise JournalRefused(f"{self.path}: the disk failed, or is full: {error}") from None


def counted(path: Path) -> Counts:
    """What stands in the file now. Raises JournalRefused."""
    with Reader(path) as reader:
        found = reader.counts()
    rows = {State(state): count for state, count in found.states.items()}
    return Counts(rows, {Step(step): count for step, count in found.armed.items()}, found.parked, found.oldest_due_s)


def _age(row: Row) -> tuple[float, str]:
    return row.created, row.key
