"""Keeping a journal's file well beside whoever serves it: what its rows say of each other, and what is too old."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import sleep, time

import apsw

from gateway.journal import reading
from gateway.journal.columns import row_of
from gateway.journal.invariants import findings as of_row
from gateway.journal.limits import Kept
from gateway.journal.sqlite import pruning
from gateway.journal.sqlite.opening import check_schema, check_version, connected, fetched
from gateway.journal.sqlite.tables import COLUMN_LIST, Tables, hashed
from gateway.journal.states import Policy, Row

#: Rows that one transaction of ours looks at, and the seconds between two: whoever serves must not wait for us.
STEP, PAUSE_S = 200, 0.02
PATIENCE_MS = 5_000
_ALL = f"SELECT {COLUMN_LIST} FROM rows ORDER BY rowid"  # noqa: S608 - names of columns.py
_BY_HAND = "SELECT DISTINCT key FROM notes WHERE what = 'resolved by hand'"


def findings(connection: apsw.Connection, policy: Policy, now: float) -> Iterator[str]:
    """What is wrong with single rows; inside one read."""
    by_hand = {key for (key,) in fetched(connection, _BY_HAND)}
    for found in connection.execute(_ALL):
        try:
            row = row_of(found)
        except (ValueError, KeyError, TypeError) as fault:
            yield f"{found[0]}: it cannot be read: {type(fault).__name__}"
            continue
        yield from (f"{row.key}: {what}" for what in of_row(row, policy, now, by_hand=row.key in by_hand))
        yield from _names(connection, row)


def _names(connection: apsw.Connection, row: Row) -> Iterator[str]:
    """What undid it, and what paid it, must be known, or have been."""
    for what, key in (("undone by", row.undo_by), ("settled by", row.settled_by)):
        if key and key != "?" and not _known(connection, key):
            yield f"{row.key}: {what} {key}, which was never here"


def _known(connection: apsw.Connection, key: str) -> bool:
    return bool(
        fetched(connection, "SELECT 1 FROM rows WHERE key = ?", key)
        or fetched(connection, "SELECT 1 FROM pruned WHERE hash = ?", hashed(key))
    )


def prunable(connection: apsw.Connection, kept: Kept, now: float, wall: float) -> reading.Pruned:
    """What `pruned` would drop."""
    found = pruning.prunable(connection, kept, now, wall)
    return reading.Pruned(found.rows, found.sessions, found.hashes)


def pruned(path: Path, kept: Kept) -> reading.Pruned:
    """Drop what is too old, in many short transactions."""
    check_version(apsw.sqlite_lib_version())
    total, more = (0, 0, 0), True
    with closing(connected(path, flags=apsw.SQLITE_OPEN_READWRITE)) as connection:
        check_schema(connection, path)
        connection.set_busy_timeout(PATIENCE_MS)
        tables = Tables(connection)
        walk = pruning.Pruning(tables, kept)
        while more:
            tables.forget()  # whoever serves has written meanwhile
            connection.execute("BEGIN IMMEDIATE")
            try:
                now = float(fetched(connection, "SELECT seconds FROM clock")[0][0])
                step = walk.step(STEP, now, time())
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            total = (total[0] + step.rows, total[1] + step.sessions, total[2] + step.hashes)
            if more := step.more or max(step.sessions, step.hashes) >= STEP:
                sleep(PAUSE_S)
    return reading.Pruned(*total)
