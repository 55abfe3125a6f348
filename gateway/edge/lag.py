"""The event loop's lag: how late the loop runs what is due. A late loop is short of processor time, not of wallet."""

import asyncio
from collections import deque

#: What is due and runs later than this, in seconds, runs late because of us; a timeout then says nothing of others.
LATE = 0.02


class Lag:
    """Looks every *step* seconds. `seconds` is the least of the last three lags: a single pause is no overload."""

    def __init__(self, step: float = 0.05) -> None:
        self.seconds = 0.0
        self._step = step
        self._seen = deque([0.0] * 3, maxlen=3)
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to look; needs a running loop."""
        self.stop()
        self._arm(asyncio.get_running_loop())

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        due = loop.time() + self._step
        self._timer = loop.call_at(due, self._tick, loop, due)

    def _tick(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self._seen.append(loop.time() - due)
        self.seconds = min(self._seen)
        self._arm(loop)
