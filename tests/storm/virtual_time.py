"""An event loop whose seconds pass only when there is nothing left to do: the edge's own code, a day in a minute.

Everything runs in one thread and in one order, so a run is repeated by its seed. Where nothing is scheduled at all, the
loop waits for real, for whatever a thread may bring.
"""

import asyncio
import selectors
import sys
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Result = TypeVar("Result")
START = 1_800_000_000.0


class _Eager(selectors.DefaultSelector):
    """Never waits for a timer: what lies between now and then is skipped."""

    #: Every turn of the loop takes a moment: who waits for less than the clock can tell would wait for ever.
    turn = 1e-7
    skipped = 0.0

    def select(self, timeout: float | None = None) -> Any:
        events = super().select(0 if timeout is not None else 5.0)
        self.skipped += self.turn
        if not events and timeout is None:
            raise RuntimeError("nothing is scheduled, and nothing will ever happen")
        if not events and timeout is not None and timeout > 0:
            self.skipped += timeout
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` begins at 1,000 and counts what was skipped."""

    def __init__(self) -> None:
        self._eager = _Eager()
        super().__init__(self._eager)
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Virtual seconds."""
        return 1_000.0 + self._eager.skipped

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        """At once, in the loop's own thread: a thread's seconds are real ones."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


class Clock:
    """Both clocks of the story. *ahead*: by how much the wall's is set forward, or back; the other is never set."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._loop = asyncio.get_running_loop()

    def monotonic(self) -> float:
        """Seconds of the loop."""
        return self._loop.time()

    def wall(self) -> float:
        """Unix seconds."""
        return START + self.ahead + self.monotonic()


@contextmanager
def _clocks_of(loop: VirtualLoop) -> Iterator[None]:
    """Let every module of the gateway that asks for the monotonic time ask *loop*."""
    asked = [
        module for name, module in sorted(sys.modules.items())
        if name.startswith("gateway.") and getattr(module, "monotonic", None) is time.monotonic
    ]  # fmt: skip
    for module in asked:
        setattr(module, "monotonic", loop.time)  # noqa: B010
    try:
        yield
    finally:
        for module in asked:
            setattr(module, "monotonic", time.monotonic)  # noqa: B010


def in_virtual_time(main: Coroutine[Any, Any, Result]) -> Result:
    """Run *main* to its end on a loop of its own."""
    loop = VirtualLoop()
    with _clocks_of(loop), asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(main)
