"""Calls that are booked later than they came: the delayed originals, which a caller has long given up or asked again.

Two kinds. The wallet has taken the call and works on it: until it lands, its key is in progress. Or the message is
still on its way, in some proxy: until it lands, the wallet has never seen it.
"""

import asyncio
from dataclasses import dataclass

from gateway.canon.calls import Call
from gateway.sandbox.call_log import CallLog
from gateway.sandbox.wallet import Wallet
from gateway.wire.message import Request


@dataclass(frozen=True, slots=True)
class _Waiting:
    message: Request
    call: Call
    taken: bool


class Late:
    """Books calls after their time, in the running loop; each landing is noted in *calls*."""

    def __init__(self, wallet: Wallet, calls: CallLog) -> None:
        self._wallet = wallet
        self._calls = calls
        self._waiting: dict[asyncio.TimerHandle, _Waiting] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def pending(self) -> int:
        """How many calls have not landed yet."""
        return len(self._waiting)

    def book(self, message: Request, call: Call, seconds: float, *, taken: bool) -> None:
        """Book *call*, which came as *message*, in *seconds*. *taken*: the wallet has it, and says in_progress."""
        if taken:
            self._wallet.begin(call)
        loop = asyncio.get_running_loop()
        handle: asyncio.TimerHandle = loop.call_later(seconds, lambda: self._land(handle))
        self._waiting[handle] = _Waiting(message, call, taken)
        self._idle.clear()

    def _land(self, handle: asyncio.TimerHandle) -> None:
        one = self._taken_out(handle)
        reply = self._wallet.land(one.call) if one.taken else self._wallet.apply(one.call)
        self._calls.landed(one.message, one.call, reply.outcome)

    def _taken_out(self, handle: asyncio.TimerHandle) -> _Waiting:
        handle.cancel()
        one = self._waiting.pop(handle)
        if not self._waiting:
            self._idle.set()
        return one

    async def landed(self) -> None:
        """Wait until every call has landed or been cancelled."""
        await self._idle.wait()

    def hasten(self) -> int:
        """Book at once what has not landed, in the order in which it would have; how many calls that were."""
        handles = sorted(self._waiting, key=lambda handle: handle.when())
        for handle in handles:
            self._land(handle)
        return len(handles)

    def cancel(self) -> int:
        """Whatever has not landed never will; how many calls that were."""
        handles = [*self._waiting]
        for handle in handles:
            one = self._taken_out(handle)
            if one.taken:
                self._wallet.drop(one.call)
        return len(handles)
