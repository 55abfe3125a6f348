"""The event loop's lag: how late the loop runs what is due. A late loop is short of processor time, not of wallet."""

import asyncio


class Lag:
    """Looks every *step* seconds. `seconds` is the last lag found, or half of the one before if that is more."""

    def __init__(self, step: float = 0.05) -> None:
        self.seconds = 0.0
        self._step = step
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
        self.seconds = max(loop.time() - due, self.seconds / 2)
        self._arm(loop)
