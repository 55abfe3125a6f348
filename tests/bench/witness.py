"""Did the disk stand still while we measured? A strict journal waits for it, and a stall would be told as ours.

Virtual disks do that, for a tenth of a second or more, most of all after much was written. The witness writes a little,
in the folder where the journals are, and notes how long that takes; what it saw is told with the results.
"""

import os
import threading
from math import inf
from pathlib import Path
from time import perf_counter

#: Seconds from one write to the next.
EVERY = 0.02
#: Beyond so many seconds a write was stalled: as long as the quiet p99, ten times what a busy disk takes.
STALLED = 0.03


class Witness:
    """Beside everything measured in a `with`: a file of its own in *folder*, synced again and again."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "witness"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write, name="witness", daemon=True)
        self._worst, self._began = 0.0, inf

    def __enter__(self) -> "Witness":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._path.unlink(missing_ok=True)

    def asked(self) -> float:
        """Seconds of the slowest write since this was asked last, one that has not ended yet included."""
        worst, self._worst = max(self._worst, perf_counter() - self._began), 0.0
        return worst

    def _write(self) -> None:
        file = os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            while not self._over.wait(EVERY):
                self._began = perf_counter()
                os.pwrite(file, b"x" * 4096, 0)
                os.fdatasync(file)
                self._worst, self._began = max(self._worst, perf_counter() - self._began), inf
        finally:
            os.close(file)
