"""The points of a journal in an SQLite file: its writing thread, and the file, through SQLite's door to the disk."""

import os
from typing import Any

import apsw

from gateway.journal.sqlite import book
from gateway.journal.sqlite.pruning import Pruned, Pruning
from tests.torture.lives.doom import Doom

VFS = "doomed"
#: Points that need the door; it makes every write slower.
OF_THE_DISK = ("log.torn", "log.unsynced", "log.synced", "file.torn", "schema.torn")
_DISKS: list["Disk"] = []  # a door that nobody holds is gone


def doomed_sqlite(doom: Doom) -> str | None:
    """Make the classes of this process come by the points; gives the name of a door to the disk if one is needed."""
    _around("commit", doom, "commit.before", "commit.after")
    _around("open", doom, "open.before", "recovery.after")
    flush, close, step = book.Book._flush, book.Book.close, Pruning.step

    def flushed(self: book.Book, connection: apsw.Connection) -> None:
        flush(self, connection)
        if not self._served:
            doom.at("recovery.before")

    def closed(self: book.Book, *, clean: bool) -> None:
        if clean:
            doom.at("close.before")
        close(self, clean=clean)
        if clean:
            doom.at("close.after")

    def stepped(self: Pruning, limit: int, now: float, wall: float) -> Pruned:
        pruned = step(self, limit, now, wall)
        if pruned.rows:
            doom.at("prune.before")
        return pruned

    book.Book._flush, book.Book.close, Pruning.step = flushed, closed, stepped  # type: ignore[method-assign]
    if doom.point not in OF_THE_DISK:
        return None
    _DISKS.append(Disk(doom))
    return VFS


def _around(name: str, doom: Doom, before: str, after: str) -> None:
    whole = getattr(book.Book, name)

    def wrapped(self: Any) -> None:
        doom.at(before)
        whole(self)
        doom.at(after)

    setattr(book.Book, name, wrapped)


class _File(apsw.VFSFile):
    """A file of which the process may die in the middle of a write, or around a flush."""

    def __init__(self, doom: Doom, name: Any, flags: list[int]) -> None:
        self._doom = doom
        self._log = bool(flags[0] & apsw.SQLITE_OPEN_WAL)
        path = name if isinstance(name, str) else name.filename() or ""
        self._new = not self._log and not (os.path.exists(path) and os.path.getsize(path))
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's own names
        """Write; or half of it, and die."""
        point = "log.torn" if self._log else "file.torn"
        torn = (point, "schema.torn") if self._new or self._log else (point,)
        if self._doom.left == 1 and self._doom.point in torn and len(data) > 100:
            super().xWrite(data[: len(data) // 2], offset)
        if len(data) > 100:
            for each in torn:
                self._doom.at(each)
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        """Flush."""
        if self._log:
            self._doom.at("log.unsynced")
        super().xSync(flags)
        if self._log:
            self._doom.at("log.synced")


class Disk(apsw.VFS):
    """SQLite's door to the disk, through which the process may die."""

    def __init__(self, doom: Doom) -> None:
        self._doom = doom
        super().__init__(VFS, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        """Open a file."""
        if flags[0] & (apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_DB):
            return _File(self._doom, name, flags)
        return super().xOpen(name, flags)
