"""The gate before the wallet hop: what has a connection, time and leave goes through, the rest is refused for certain.

Whatever it refuses ends in NotSent: not one byte left. In order: the breaker, our own lateness (reads only), the retry
budget, a slot or a place in the line, and the breaker once more. A slot is held until its call has really ended, also
where the story was told Silence long before: a silent wallet holds its connections, and nothing piles up behind them.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from time import monotonic

from gateway.edge.breaker import Breaker, Permit, State
from gateway.edge.budget import Budget
from gateway.edge.carry import CarryLate
from gateway.edge.lag import Lag
from gateway.edge.line import Line, Shed, Waiter
from gateway.edge.metrics import Metrics
from gateway.edge.slots import Shares, Slots, kind_of
from gateway.edge.upstream import Upstream
from gateway.exchange.wishes import Lane, Priority, Send
from gateway.wire.message import Ending, NotSent

#: A call that waited must have this left for the wallet, in seconds; less where the wallet is lately quicker.
LONGEST_NEED = 0.8
#: Reads are shed while the event loop is later than this, in seconds.
LAG_LIMIT = 0.2


class Pace:
    """How long calls lately hold a slot: a moving mean, in seconds."""

    def __init__(self) -> None:
        self.hold = 0.05

    def note(self, seconds: float) -> None:
        """A slot was held for so long."""
        self.hold += (seconds - self.hold) / 16

    @property
    def need(self) -> float:
        """What to leave a call that is about to be sent: twice the mean, within reason."""
        return min(2 * self.hold, LONGEST_NEED)


class Gate:
    """A Hop: `Upstream`, guarded. Start it and stop it in the upstream's stead.

    *connections*: how many the upstream makes; *accounts*: how many providers there are; *share*: the part of the
    connections, and of the line of *queue* calls, that one of them may take. The outbox has a line of its own.
    """

    def __init__(
        self,
        upstream: Upstream,
        breaker: Breaker,
        metrics: Metrics,
        *,
        connections: int,
        accounts: int,
        queue: int = 200,
        share: float = 0.25,
        budget: Budget | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._upstream, self._breaker, self._metrics, self._clock = upstream, breaker, metrics, clock
        self._slots, self._held = Slots(Shares.of(connections, accounts, share)), metrics.slots
        of_one = int(queue * max(share, 1 / max(1, accounts)))
        self._live, self._recovery = Line(queue, min(queue, max(1, of_one))), Line(queue, queue)
        self._budget, self.pace, self.lag = budget or Budget(clock), Pace(), Lag()
        breaker.watch(self._breaker_changed)

    async def start(self) -> None:
        """Open the upstream."""
        await self._upstream.start()
        self.lag.start()

    async def stop(self, timeout: float = 10.0) -> None:
        """Send away who waits; then as `Upstream.stop`."""
        self.lag.stop()
        self._send_all_away(Shed.STOPPING)
        await self._upstream.stop(timeout)

    async def send(self, wish: Send, carry_late: CarryLate) -> Ending:
        """Ask the wallet, as `gateway.exchange.wishes.Send` promises. Never raises but CancelledError."""
        lane = wish.lane
        shed = self._unwelcome(lane)
        if shed is None:
            if wish.again and not lane.outbox and not self._granted():
                return NotSent("the retry budget is spent")
            if self._slots.fits(lane):
                self._take(lane)
            else:
                shed = await self._turn(wish)
        if shed is not None:
            self._metrics.shed(lane, shed)
            return NotSent(shed.text)
        permit = self._breaker.admit()
        if permit is None:
            self._free(lane)
            self._metrics.shed(lane, Shed.BREAKER)
            return NotSent(Shed.BREAKER.text)
        if not wish.again and not lane.outbox:
            self._budget.called()
        finished = partial(self._finished, lane, permit, self._clock())
        ending = await self._upstream.send(wish, carry_late, finished)
        permit.ended(ending)  # what a story was told is how the call ended, whatever comes of it later
        return ending

    def _unwelcome(self, lane: Lane) -> Shed | None:
        if not self._breaker.closed and not self._breaker.admits:
            return Shed.BREAKER
        if self.lag.seconds > LAG_LIMIT and lane.priority is Priority.READ and not lane.outbox:
            return Shed.LAG
        return None

    def _granted(self) -> bool:
        granted = self._budget.take()
        self._metrics.repeated(granted)
        return granted

    # -- slots

    async def _turn(self, wish: Send) -> Shed | None:
        """Wait for a slot, and take it; the answer is why there is none."""
        lane = wish.lane
        line = self._recovery if lane.outbox else self._live
        answer: asyncio.Future[Shed | None] = asyncio.get_running_loop().create_future()
        waiter = line.join(lane, wish.until - self.pace.need, answer)
        self._thin(line, waiter)
        try:
            await asyncio.wait({answer}, timeout=waiter.start_by - self._clock())
        except asyncio.CancelledError:
            if not line.leave(waiter) and answer.result() is None:
                self._free(lane)
            raise
        return Shed.WAIT if line.leave(waiter) else answer.result()

    def _take(self, lane: Lane) -> None:
        kind = self._slots.take(lane)
        self._held[kind].value = self._slots.held(kind)

    def _free(self, lane: Lane) -> None:
        """Give a slot back, and hand on whatever is free now."""
        kind = self._slots.free(lane)
        self._held[kind].value = self._slots.held(kind)
        for line in (self._live, self._recovery):
            while line.rows and (waiter := line.first(self._slots.fits)):
                self._take(waiter.lane)
                self._answer(line, waiter, None)

    def _finished(self, lane: Lane, permit: Permit, began: float, ending: Ending) -> None:
        """The call is over and its connection free. Its permit hears of it here when its story was cancelled."""
        self.pace.note(self._clock() - began)
        permit.ended(ending)
        self._free(lane)

    # -- the line

    def _thin(self, line: Line, newcomer: Waiter) -> None:
        """Send away whom the line has no place or no time for: each that comes can push one out at its end."""
        while (surplus := line.surplus(newcomer.lane.account)) is not None:
            self._answer(line, surplus, Shed.QUEUE)
        for waiter in (newcomer, line.last):
            if waiter is not None and waiter in line and self._too_late(line, waiter):
                self._answer(line, waiter, Shed.WAIT)

    def _too_late(self, line: Line, waiter: Waiter) -> bool:
        """Will no slot come free before *waiter* must start, at the pace of late?"""
        lane, slots, rounds = waiter.lane, self._slots, 0.0
        kind, before = kind_of(lane), [*line.ahead(waiter)]
        if slots.full(kind):
            moving = sum(number for other, number in before if not slots.account_full(other))
            rounds = (moving + 1) / slots.shares.open_to(kind)
        if slots.account_full(lane):
            own = sum(number for other, number in before if other.account == lane.account)
            rounds = max(rounds, (own + 1) / slots.shares.open_to_account(kind))
        return self._clock() + rounds * self.pace.hold > waiter.start_by

    def _answer(self, line: Line, waiter: Waiter, shed: Shed | None) -> None:
        line.leave(waiter)
        waiter.answer.set_result(shed)

    def _send_all_away(self, shed: Shed) -> None:
        for line in (self._live, self._recovery):
            for waiter in line.everybody():
                self._answer(line, waiter, shed)

    def _breaker_changed(self, state: State) -> None:
        if state is not State.CLOSED:
            self._send_all_away(Shed.BREAKER)
