"""A stream that never makes its writer wait: a thread of its own writes what was written to it, a little later.

Whoever reads our lines may stop reading; then the pipe fills up, and a write blocks. It must not block the event loop,
which has callbacks to answer. What more lines than *most* wait for is dropped, counted, and told when there is room.
"""

import atexit
import threading
from collections.abc import Callable
from time import sleep
from typing import BinaryIO

#: Lines are gathered for so long, in seconds: one write for many. What a killed process loses of its log is no more.
_GATHERED = 0.02


def _told(dropped: int) -> bytes:
    return b'{"event":"log","dropped":%d}\n' % dropped


class Behind:
    """*stream*, written behind. `write` takes whole lines. The interpreter's end writes what is left.

    *dropped* makes the line that tells how many were; it is called by the thread.
    """

    def __init__(self, stream: BinaryIO, most: int = 10_000, dropped: Callable[[int], bytes] = _told) -> None:
        self._stream, self._most, self._told = stream, most, dropped
        self._lines: list[bytes] = []
        self._dropped = 0
        self._ready, self._closing = threading.Event(), False
        self._awake = False  # as the event says; asking that costs three times as much
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def write(self, line: bytes) -> int:
        """Take a line to be written."""
        if len(self._lines) >= self._most:
            self._dropped += 1
        else:
            self._lines.append(line)
        return len(line)

    def flush(self) -> None:
        """Have it written soon."""
        if not self._awake:
            self._awake = True
            self._ready.set()

    def close(self, timeout: float = 1.0) -> None:
        """Write what is left, within *timeout* seconds."""
        self._closing = True
        self._ready.set()
        self._thread.join(timeout)

    def _write(self) -> None:
        while not self._closing:
            self._ready.wait()
            if not self._closing:
                sleep(_GATHERED)
            self._ready.clear()
            self._awake = False  # before the lines are taken: what comes after them wakes us again
            lines, self._lines = self._lines, []
            dropped, self._dropped = self._dropped, 0
            if dropped:
                lines.append(self._told(dropped))
            try:
                self._stream.write(b"".join(lines))
                self._stream.flush()
            except (OSError, ValueError):  # nobody reads it any more
                self._dropped += len(lines)
