"""The lag meter, on a loop whose clock a test turns, and on a real one."""

import asyncio
from typing import Any

from gateway.edge.lag import Lag


class Loop:
    """As much of a loop as a meter needs."""

    def __init__(self) -> None:
        self.now = 5.0
        self.timers: list[Any] = []

    def time(self) -> float:
        """Now."""
        return self.now

    def call_at(self, due: float, tick: Any, *facts: Any) -> asyncio.TimerHandle:
        """Kept until the test runs it."""
        self.timers.append((due, tick, facts))
        return asyncio.TimerHandle(due, tick, facts, asyncio.get_running_loop())

    def run(self, late: float) -> None:
        """Run the one timer, so many seconds after it was due."""
        ((due, tick, facts),) = self.timers
        self.timers.clear()
        self.now = due + late
        tick(*facts)


async def test_only_a_lag_that_lasts_counts() -> None:
    """One or two late looks are a pause, three are an overload; one good look ends it."""
    loop, lag = Loop(), Lag()
    lag._arm(loop)  # type: ignore[arg-type]
    seen = []
    for late in (0.0, 0.5, 0.5, 0.0, 0.25, 0.5, 0.5, 0.5, 0.0):
        loop.run(late)
        seen.append(round(lag.seconds, 6))
    assert seen == [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.25, 0.5, 0.0]


async def test_a_stopped_meter_looks_no_more() -> None:
    """No timer is left behind, and it can be started again."""
    lag = Lag(step=0.001)
    for _ in range(2):
        lag.start()
        lag.start()
        await asyncio.sleep(0.01)
        lag.stop()
        lag.stop()
        lag.seconds = -1.0
        await asyncio.sleep(0.01)
        assert lag.seconds == -1.0
