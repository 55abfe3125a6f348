"""Exactly one process serves a journal's file: whoever holds the lock on `<file>.lock`.

The lock is the kernel's and goes with the process, however that ends; the file beside the journal stays, and says who
holds it for people to read.
"""

import fcntl
import os
from pathlib import Path

from gateway.journal.wishes import JournalRefused


class Lock:
    """The lock beside *path*, taken at once. Raises JournalRefused, naming the file and its holder's pid."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}.lock")
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalRefused(
                f"{self.path}: {error.strerror}; the journal's folder must exist, and be ours"
            ) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(self._file, 32).decode("ascii", "replace").strip()
            os.close(self._file)
            raise JournalRefused(
                f"{path} is served by another process (pid {holder or 'unknown'}); SQLite serves one process a file:"
                " stop that one, give this one a file of its own, or use PostgreSQL for several;"
                f" {self.path.name} is never left over, so removing it helps nobody"
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let others serve the file."""
        os.close(self._file)
