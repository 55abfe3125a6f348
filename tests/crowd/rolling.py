"""Rolling restarts under load: two gateways on one PostgreSQL behind HAProxy, each ended and begun anew in turn."""

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal
from time import monotonic

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.cli.caller import Exchange
from tests.crowd.processes import NEVER_A_NO, Pair, until

#: Callbacks at one time, and the pause of each of their senders, in seconds: a load, and not a bench.
SENDERS, PAUSE = 8, 0.1
STAKE = Decimal("0.10")
#: An instance must be gone by then, in seconds after SIGTERM.
GONE = 15.0


@dataclass
class Rolled:
    """What came of it. *failed*: callbacks that no gateway answered with HTTP 200 in the dialect, or with a no."""

    told: list[tuple[Call, Exchange]] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)

    @property
    def failed(self) -> list[Exchange]:
        """See above."""
        statuses = ((each, None if each.response is None else each.response.status) for _, each in self.told)
        return [each for each, status in statuses if status != 200 or each.reply.outcome not in NEVER_A_NO]

    @property
    def unsure(self) -> int:
        """Answered with "unknown": a claim was not durable in time."""
        return sum(each.reply.outcome is Outcome.UNKNOWN for _, each in self.told)


async def roll(scene: Pair, times: int) -> Rolled:
    """Restart both, one after the other, so many *times*, while callbacks come."""
    rolled, over = Rolled(), asyncio.Event()
    senders = [asyncio.create_task(_send(scene, rolled, over)) for _ in range(SENDERS)]
    try:
        for number in range(2 * times):
            await _restarted(scene, number % 2, rolled)
    finally:
        over.set()
        await asyncio.gather(*senders)
    return rolled


async def _send(scene: Pair, rolled: Rolled, over: asyncio.Event) -> None:
    while not over.is_set():
        call = scene.caller.call(Operation.BET, amount=STAKE, player="1001")
        rolled.told.append((call, await scene.caller.send(call)))
        await asyncio.sleep(PAUSE)


async def _restarted(scene: Pair, number: int, rolled: Rolled) -> None:
    """One instance: SIGTERM, exit code 0 in time, begun anew, and it has answered callbacks before this returns."""
    process, began = scene.processes[number], monotonic()
    process.drain()
    await until(lambda: process.ended() is not None, GONE)
    rolled.ends.append(monotonic() - began)
    assert process.ended() == 0
    fresh = scene.processes[number] = scene.begin(number)
    await asyncio.to_thread(fresh.until, "  admin  ", 60.0)
    await until(lambda: '"event":"callback"' in scene.logs[number].read_text(), 30.0)
