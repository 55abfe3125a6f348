"""The journal's file as its one writing thread has it open: one connection, one transaction at a time.

`begin`, any number of `apply`, then `commit` or `rollback`. A wish that raises leaves nothing behind and harms no other
of its transaction. Nothing here knows of threads or waits for anybody.
"""

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import apsw

from gateway.journal.limits import Kept, Limits
from gateway.journal.memory import round_facts
from gateway.journal.page import Page
from gateway.journal.performing import perform
from gateway.journal.sqlite.opening import check_sound, connected, emptied, prepare, synced_folder
from gateway.journal.sqlite.pruning import Pruned, Pruning
from gateway.journal.sqlite.service import Service
from gateway.journal.sqlite.tables import MOST_CACHED, Tables
from gateway.journal.states import Policy
from gateway.journal.wishes import Lease, Reap, Recall, Record, Remember


class Beat:
    """We serve: write until when."""


class Prune:
    """Look at up to *limit* rows for what may be pruned; *gently*: unless that was done a short while ago.

    Gives a Pruned.
    """

    def __init__(self, limit: int, *, gently: bool = False) -> None:
        self.limit, self.gently = limit, gently


class Book:
    """*path* with what the journal is told. Raises what SQLite raises; `open` JournalRefused too, with the reason."""

    def __init__(
        self,
        path: Path,
        policy: Policy,
        limits: Limits,
        kept: Kept,
        *,
        clock: Callable[[], float],
        wall: Callable[[], float],
        me: str,
        vfs: str | None = None,
        most_cached: int = MOST_CACHED,
    ) -> None:
        self.path, self.policy, self.limits = path, policy, limits
        self.freed: set[str] = set()  # keys whose call ended in this transaction
        self.full = False  # is the write-ahead log long enough to be moved?
        self._kept, self._wall, self._vfs, self._most_cached = kept, wall, vfs, most_cached
        self._service = Service(me, clock, wall, limits.gap_s)
        self._numbers = count(1)
        self._connection: apsw.Connection | None = None
        self._served = False
        self._pages = 0

    # -- opening and closing

    @property
    def is_open(self) -> bool:
        """May `begin` be called?"""
        return self._connection is not None

    def open(self) -> None:
        """Open the file, for the first time or after a failure; proves that it can be written."""
        new = not self.path.exists()
        if new and not self._served:  # SQLite gives the files beside it the same rights: who plays is nobody's business
            with suppress(OSError):  # SQLite says it better
                self.path.touch(0o600)
        flags = apsw.SQLITE_OPEN_READWRITE | (0 if self._served else apsw.SQLITE_OPEN_CREATE)
        connection = connected(self.path, vfs=self._vfs, flags=flags)
        try:
            self._prepare(connection)
            if new:
                synced_folder(self.path)
        except BaseException:
            connection.close(True)
            raise
        self._connection = connection

    def _prepare(self, connection: apsw.Connection) -> None:
        if self._served:
            emptied(connection)
        else:
            prepare(connection, self.path)
            if connection.execute("SELECT 1 FROM lives WHERE stopped IS NULL LIMIT 1").fetchone() is not None:
                check_sound(connection, self.path)
        connection.set_wal_hook(self._written)
        self._tables = Tables(connection, most=self._most_cached)
        self._version = connection.pragma("data_version")
        connection.execute("BEGIN IMMEDIATE")
        self._service.begin(connection)
        self._tables.born = self._service.born
        self._start_page()
        if not self._served:
            dead = frozenset(str(holder).partition("/")[0] for holder in self._tables.holders())
            perform(self._page, Reap(dead), self.policy, self._token(), self._tables.held())
        self._flush(connection)
        connection.execute("COMMIT")
        self._pruning = Pruning(self._tables, self._kept)
        self._served = True

    def _written(self, connection: apsw.Connection, name: str, pages: int) -> int:
        self._pages = pages
        return apsw.SQLITE_OK

    def close(self, *, clean: bool) -> None:
        """Close the connection. *clean*: the life ends here, and the write-ahead log is moved to the file."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if clean:
                connection.execute("BEGIN IMMEDIATE")
                self._service.now()
                self._service.write(connection, stopped=True)
                connection.execute("COMMIT")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close(True)

    # -- one transaction

    def begin(self) -> None:
        """Begin a transaction. BusyError where another process is writing."""
        connection = self._open_connection()
        connection.execute("BEGIN IMMEDIATE")
        if (version := connection.pragma("data_version")) != self._version:  # a human's hand, from another process
            self._version = version
            self._tables.forget()
        self.freed = set()
        self._start_page()

    def apply(self, wish: Any) -> Any:
        """Perform one wish; one that raises has changed no row. A Record with memories gives them beside its result."""
        match wish:
            case Recall(account, "round", name):
                return round_facts(self._page.in_round(account, None, name))
            case Recall(account, _, identity):
                return self._tables.session(account, identity)
            case Remember(account, _, identity, facts):
                return self._tables.remember(account, identity, facts, self._page.wall)
            case Beat():
                return self._service.write(self._open_connection())
            case Prune():
                return self._prune(wish)
        keys: tuple[str, ...] = ()
        if isinstance(wish, Lease | Reap):
            self._flush(self._open_connection())
            keys = self._tables.due(self._page.now, wish.limit) if isinstance(wish, Lease) else self._tables.held()
        part = self._page.part()
        result = perform(part, wish, self.policy, self._token(), keys)
        memories = [self.apply(memory) for memory in wish.memories] if isinstance(wish, Record) else []
        self._page.keep(part)
        return (result, memories) if memories else result

    def _prune(self, wish: Prune) -> Pruned:
        if wish.gently and self._pruning.rests(self._page.now):
            return Pruned()
        self._flush(self._open_connection())
        return self._pruning.step(wish.limit, self._page.now, self._page.wall)

    def commit(self) -> None:
        """Make durable what was applied."""
        connection = self._open_connection()
        self._flush(connection)
        connection.execute("COMMIT")

    def rollback(self) -> None:
        """Forget what was applied; never raises."""
        connection = self._open_connection()
        self._tables.forget()
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except apsw.Error:
            return

    def tidy(self) -> None:
        """Move the write-ahead log to the main file where it has grown long; after the answers are out."""
        if self._pages >= self.limits.checkpoint:
            self._pages = 0
            self._open_connection().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _start_page(self) -> None:
        now = self._service.now()
        self._tables.born = self._service.born
        self._page = Page(self._tables, now, self._wall(), self._service.me)

    def _flush(self, connection: apsw.Connection) -> None:
        page = self._page
        self.freed |= page.freed
        if page.rows or page.notes:
            self._tables.write(page)
            self._service.save(connection)
            self._page = Page(self._tables, page.now, page.wall, page.me, newest=page.newest)

    def _token(self) -> str:
        return f"{self._service.me}/{next(self._numbers)}"

    def _open_connection(self) -> apsw.Connection:
        if self._connection is None:
            raise apsw.ConnectionClosedError("the journal's file is not open")
        return self._connection
