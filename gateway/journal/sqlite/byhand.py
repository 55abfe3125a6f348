"""What people do to a row, with a reason, also while a gateway serves the file: a short transaction with its audit row.

The gateway sees the change with its next wish. A row that has changed since the person looked is left as it is.
"""

from collections.abc import Callable
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from time import monotonic, time

import apsw

from gateway.journal.leasing import RESOLVED, parked, resolved, retried
from gateway.journal.page import Page
from gateway.journal.sqlite.opening import check_schema, check_version, connected, fetched
from gateway.journal.sqlite.tables import Tables
from gateway.journal.states import Policy, Row
from gateway.journal.wishes import JournalRefused, JournalUnavailable

PATIENCE_S = 5.0
_AUDIT = "INSERT INTO audit (wall, who, action, key, reason) VALUES (?, ?, ?, ?, ?)"


class Action(StrEnum):
    """What may be done by hand."""

    RETRY = "retry"  # a parked row, from the start
    PARK = "park"  # an armed row: nothing more of our own accord
    RESOLVE = "resolve"  # a parked row: what really became of it


class Hand:
    """*who* acts on the journal at *path*; *policy*: what the wallet promises, as the gateway was told."""

    def __init__(self, path: str | Path, policy: Policy, who: str, *, wall: Callable[[], float] = time) -> None:
        self.path, self.policy, self.who = Path(path), policy, who
        self._wall = wall
        check_version(apsw.sqlite_lib_version())
        if not who.strip():
            raise JournalRefused("who is acting must be said; it stands in the audit")
        if not self.path.exists():
            raise JournalRefused(f"{self.path}: no such file; the journal's url in the settings names it")

    def retry(self, key: str, reason: str, version: int | None = None) -> Row:
        """Try a parked row again. Gives the row as it is now; *version*: of the row that the person saw."""
        return self._act(Action.RETRY, key, reason, version, "")

    def park(self, key: str, reason: str, version: int | None = None) -> Row:
        """Take an armed row out of our own doing."""
        return self._act(Action.PARK, key, reason, version, "")

    def resolve(self, key: str, what: str, reason: str, version: int | None = None) -> Row:
        """Say what became of a parked row: `applied`, `declined` or `reversed`."""
        if what not in RESOLVED:
            raise JournalRefused(f"{what!r}: a row is resolved as one of {', '.join(RESOLVED)}")
        return self._act(Action.RESOLVE, key, reason, version, what)

    def _act(self, action: Action, key: str, reason: str, version: int | None, what: str) -> Row:
        if not reason.strip():
            raise JournalRefused(f"{action}: a reason must be said; it stands in the audit")
        with closing(connected(self.path)) as connection:
            check_schema(connection, self.path)
            self._begin(connection)
            try:
                row = self._changed(connection, action, key, reason, version, what)
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
        return row

    def _begin(self, connection: apsw.Connection) -> None:
        until = monotonic() + PATIENCE_S
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except apsw.BusyError:
                if monotonic() >= until:
                    raise JournalUnavailable(f"{self.path} was written by others for {PATIENCE_S:g} s") from None

    def _changed(
        self, connection: apsw.Connection, action: Action, key: str, reason: str, version: int | None, what: str
    ) -> Row:
        tables = Tables(connection)
        now, wall = float(fetched(connection, "SELECT seconds FROM clock")[0][0]), self._wall()
        page = Page(tables, now, wall, self.who)
        row = page.row(key)
        self._check(action, key, row, version)
        assert row is not None  # noqa: S101 - checked above
        match action:
            case Action.RETRY:
                retried(page, row, self.policy, reason)
            case Action.PARK:
                parked(page, row, reason)
            case Action.RESOLVE:
                resolved(page, row, self.policy, what, reason)
        tables.write(page)
        connection.execute(_AUDIT, (wall, self.who, f"{action} {what}".strip(), key, reason))
        return page.rows[key]

    @staticmethod
    def _check(action: Action, key: str, row: Row | None, version: int | None) -> None:
        if row is None:
            raise JournalRefused(f"{key}: no such row")
        if version is not None and row.version != version:
            raise JournalRefused(f"{key} has changed since you looked: look again")
        if row.in_flight:
            raise JournalRefused(f"{key}: its wallet call is on its way; wait until it has ended")
        if action is Action.PARK and row.step is None:
            raise JournalRefused(f"{key}: nothing is armed; there is nothing to park")
        if action is not Action.PARK and row.parked is None:
            raise JournalRefused(f"{key} is not parked; only a parked row is changed by {action}; park it first")
