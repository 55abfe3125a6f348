"""Opening a journal's file: the version of SQLite, the connection's settings, the schema, and whether it is sound."""

import os
from pathlib import Path
from typing import Any

import apsw

from gateway.journal.migrating import VERSIONS, missing, steps
from gateway.journal.wishes import JournalRefused

#: Before it, two connections that write or checkpoint at one instant could damage a file in WAL mode.
LEAST_SQLITE = (3, 51, 3)
BUSY_MS = 200
#: Pages of the file that a connection keeps; what is not among them the system's own cache holds, a read away. SQLite
#: fills it whole, and what a serving process gains from more was not measurable.
CACHE_KIB = 2_048


def check_version(version: str) -> None:
    """Raises JournalRefused where SQLite is older than what is safe."""
    if tuple(int(part) for part in version.split(".")[:3]) < LEAST_SQLITE:
        least = ".".join(map(str, LEAST_SQLITE))
        raise JournalRefused(f"SQLite {version} can damage a journal; {least} or newer is needed (package apsw)")


def connected(path: Path, *, vfs: str | None = None, flags: int | None = None) -> apsw.Connection:
    """A connection that is as careful as money needs: every commit is on the disk when it returns."""
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE if flags is None else flags
    connection = apsw.Connection(str(path), flags=flags, vfs=vfs)
    connection.set_busy_timeout(BUSY_MS)
    for name, value in (("synchronous", "FULL"), ("wal_autocheckpoint", 0), ("cache_size", -CACHE_KIB)):
        connection.pragma(name, value)
    return connection


def fetched(connection: apsw.Connection, question: str, *values: Any) -> list[tuple[Any, ...]]:
    """All that *question* finds."""
    return connection.execute(question, values).fetchall()


def prepare(connection: apsw.Connection, path: Path) -> None:
    """Bring the file to WAL mode and to the newest schema. Raises JournalRefused."""
    if str(connection.pragma("journal_mode", "wal")) != "wal":
        raise JournalRefused(f"{path} cannot be written ahead (WAL): the journal needs a local file system")
    with connection:
        connection.execute(VERSIONS)
    known = steps("sqlite")
    had = dict(fetched(connection, "SELECT number, readable_from FROM versions"))
    for step in missing(known, had, str(path)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(step.sql)
            connection.execute(
                "INSERT INTO versions (number, name, readable_from) VALUES (?, ?, ?)",
                (step.number, step.name, step.readable_from),
            )
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def check_schema(connection: apsw.Connection, path: Path) -> None:
    """Raises JournalRefused where the file's schema is not this program's: people's tools never change it."""
    try:
        had = dict(fetched(connection, "SELECT number, readable_from FROM versions"))
    except apsw.Error as error:
        raise JournalRefused(f"{path} cannot be read as a journal: {error}") from None
    if lacking := missing(steps("sqlite"), had, str(path)):
        raise JournalRefused(f"{path} lacks schema step {lacking[0].number}: start the gateway on it once")


def check_sound(connection: apsw.Connection, path: Path) -> None:
    """Raises JournalRefused, with the first findings, where the file is damaged."""
    found = [str(line) for (line,) in fetched(connection, "PRAGMA integrity_check(10)")]
    if found != ["ok"]:
        raise JournalRefused(
            f"{path} is damaged: {'; '.join(found[:3])}; keep a copy of it with its -wal file, and restore a backup"
        )


def emptied(connection: apsw.Connection) -> None:
    """Move the whole write-ahead log to the main file and begin a new one: after a failure nothing in it is trusted.

    Raises BusyError while somebody reads from it.
    """
    if fetched(connection, "PRAGMA wal_checkpoint(TRUNCATE)")[0][0]:
        raise apsw.BusyError("the write-ahead log is being read")


def synced_folder(path: Path) -> None:
    """Make the file's own entry in its folder durable."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
