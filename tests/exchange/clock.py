"""Time that a test moves by hand."""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

START = 1_800_000_000.0


class Clock:
    """Both clocks, moved by hand, and what happens when they pass a moment: calls that land or end late."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._events: list[tuple[float, int, Callable[[], Any]]] = []

    @property
    def now(self) -> float:
        """Monotonic seconds."""
        return self._now

    @now.setter
    def now(self, value: float) -> None:
        while self._events and self._events[0][0] <= value:
            at, _, event = heappop(self._events)
            self._now = max(self._now, at)
            event()
        self._now = max(self._now, value)

    def after(self, seconds: float, event: Callable[[], Any]) -> None:
        """Let *event* happen so much later."""
        heappush(self._events, (self._now + seconds, len(self._events) + id(event), event))

    def monotonic(self) -> float:
        """Seconds."""
        return self.now

    def wall(self) -> float:
        """Unix seconds."""
        return START + self.now
