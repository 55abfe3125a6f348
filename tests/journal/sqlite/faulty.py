"""A door to the disk that fails on demand: SQLite's own file calls, of which the n-th and those after it go wrong.

Counted are the calls that change the disk: writes, syncs and truncations of the journal's file and its write-ahead log.
Beside the real files it keeps what a power cut would leave of them: what was synced. What was written before a sync
that failed never gets there, although it can still be read (the kernel holds such pages for clean).
"""

import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import apsw

SLOW_S = 0.3
SYNCS = ("sync", "slow")


class Disk(apsw.VFS):
    """Registered under *name* as long as it lives. *seen*: the calls that went wrong."""

    def __init__(self, name: str) -> None:
        self.seen: list[str] = []
        self._good: int | None = None  # how many calls are good before the bad ones; None: all are
        self._bad = 0
        self._fault = ""
        self._lock = threading.Lock()
        self._synced: dict[str, bytearray] = defaultdict(bytearray)
        self._unsynced: dict[str, list[tuple[int, bytes | None]]] = defaultdict(list)
        super().__init__(name, "")
        self.name = name

    def xOpen(self, name: Any, flags: Any) -> "File":  # noqa: N802 - SQLite's word
        """Every file of SQLite's through this door."""
        return File(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        """A file goes."""
        super().xDelete(filename, syncdir)
        with self._lock:
            self._synced.pop(filename, None)
            self._unsynced.pop(filename, None)

    def fail(self, fault: str, after: int, times: int) -> None:
        """After so many good calls, so many go wrong.

        `full`: writes find no space; `sync`: syncs fail; `io`: all fail; `slow`: syncs take SLOW_S.
        """
        with self._lock:
            self._good, self._bad, self._fault = after, times, fault

    def heal(self) -> None:
        """All calls are good from now on."""
        with self._lock:
            self._good = None

    def cut(self, folder: Path) -> None:
        """Write into *folder* what a power cut at this moment would leave."""
        with self._lock:
            for name, content in self._synced.items():
                folder.joinpath(Path(name).name).write_bytes(content)

    def touch(self, call: str) -> None:
        """One call that changes the disk; raises where it goes wrong."""
        with self._lock:
            if self._good is None or ((call == "xSync") != (self._fault in SYNCS) and self._fault != "io"):
                return
            if self._good > 0:
                self._good -= 1
                return
            if self._bad <= 0:
                self._good = None
                return
            self._bad -= 1
            fault = self._fault
        self.seen.append(call)
        if fault == "slow":
            time.sleep(SLOW_S)
        elif fault == "full":
            raise apsw.FullError("no space left")
        else:
            raise apsw.IOError(f"{call} failed")

    def changed(self, name: str, at: int, data: bytes | None) -> None:
        """A write, or with None a truncation, that is not synced yet."""
        with self._lock:
            self._unsynced[name].append((at, data))

    def sync(self, name: str, *, failed: bool) -> None:
        """What was written is on the disk now, or never will be."""
        with self._lock:
            for at, data in [] if failed else self._unsynced[name]:
                content = self._synced[name]
                if data is None:
                    del content[at:]
                else:
                    content.extend(bytes(max(0, at - len(content))))
                    content[at : at + len(data)] = data
            self._unsynced[name].clear()


class File(apsw.VFSFile):
    """One file behind a Disk."""

    def __init__(self, disk: Disk, name: Any, flags: Any) -> None:
        self.disk = disk
        self.path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        super().__init__("", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802
        """A write."""
        self.disk.touch("xWrite")
        super().xWrite(data, offset)
        self.disk.changed(self.path, offset, bytes(data))

    def xSync(self, flags: int) -> None:  # noqa: N802
        """An fsync."""
        try:
            self.disk.touch("xSync")
        except apsw.IOError:
            self.disk.sync(self.path, failed=True)
            raise
        super().xSync(flags)
        self.disk.sync(self.path, failed=False)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        """A truncation."""
        self.disk.touch("xTruncate")
        super().xTruncate(size)
        self.disk.changed(self.path, size, None)
