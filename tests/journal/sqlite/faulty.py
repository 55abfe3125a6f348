"""A door to the disk that fails on demand: SQLite's own file calls, of which the n-th and those after it go wrong.

Counted are the calls that change the disk: writes, syncs and truncations of the journal's file and its write-ahead log.
"""

import threading
import time
from typing import Any

import apsw

SLOW_S = 0.3
SYNCS = ("sync", "slow")


class Disk(apsw.VFS):
    """Registered under *name* as long as it lives. *armed*: how many good calls are left; None: all are good."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls = 0
        self.armed: int | None = None
        self.left = 0
        self.fault = ""
        self.seen: list[str] = []
        self._lock = threading.Lock()
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: Any) -> "File":  # noqa: N802 - SQLite's word
        """Every file of SQLite's through this door."""
        return File(self, name, flags)

    def fail(self, fault: str, after: int, times: int) -> None:
        """After so many good calls, so many go wrong.

        `full`: writes find no space; `sync`: syncs fail; `io`: all fail; `slow`: syncs take SLOW_S.
        """
        with self._lock:
            self.armed, self.left, self.fault = after, times, fault

    def heal(self) -> None:
        """All calls are good from now on."""
        with self._lock:
            self.armed = None

    def touch(self, call: str) -> None:
        """One call that changes the disk."""
        with self._lock:
            self.calls += 1
            if self.armed is None or ((call == "xSync") != (self.fault in SYNCS) and self.fault != "io"):
                return
            if self.armed > 0:
                self.armed -= 1
                return
            if self.left <= 0:
                self.armed = None
                return
            self.left -= 1
            fault = self.fault
        self.seen.append(call)
        if fault == "slow":
            time.sleep(SLOW_S)
        elif fault == "full":
            raise apsw.FullError("no space left")
        else:
            raise apsw.IOError(f"{call} failed")


class File(apsw.VFSFile):
    """One file behind a Disk."""

    def __init__(self, disk: Disk, name: Any, flags: Any) -> None:
        self.disk = disk
        super().__init__("", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802
        """A write."""
        self.disk.touch("xWrite")
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        """An fsync."""
        self.disk.touch("xSync")
        super().xSync(flags)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        """A truncation."""
        self.disk.touch("xTruncate")
        super().xTruncate(size)
