"""Carrying a story: each wish it yields is performed, and what came of it is sent back in.

Asking the wallet goes to the hop, an answer to the provider's connection, every other wish to the memory. What goes
wrong while a wish is performed is raised inside the story, at its yield: a story can handle every failure itself.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import Any, Protocol

from gateway.edge.turns import Turn
from gateway.exchange.journey import Journey
from gateway.exchange.wishes import Answer, Delivery, Flow, Send
from gateway.journal.wishes import Wait
from gateway.wire.message import Ending, Response

CarryLate = Callable[[Flow], Awaitable[None]]
Deliver = Callable[[Response | None], Awaitable[Delivery]]


class Memory(Protocol):
    """Performs every wish that is neither Send nor Answer."""

    async def perform(self, wish: Any, *, patient: bool = False) -> Any:
        """Do what *wish* asks; the result goes back into the story, an exception is raised there. See `Store`."""


class Hop(Protocol):
    """Asks the wallet; `gateway.edge.upstream.Upstream` does it over HTTP."""

    async def send(self, wish: Send, carry_late: CarryLate) -> Ending:
        """See `gateway.exchange.wishes.Send`; never raises for what happens on the way."""


async def nobody(response: Response | None) -> Delivery:
    """The other end of a story that nobody is listening to any more."""
    return Delivery(None)


async def carry(
    flow: Flow, memory: Memory, hop: Hop, deliver: Deliver = nobody, journey: Journey | None = None,
    turn: Turn | None = None,
) -> None:  # fmt: skip
    """Drive *flow* to its end. Adds the seconds spent on the wallet to *journey*; raises what the story raises.

    Its *turn*, if it has one, is another's while it waits for the wallet, or for another callback; and says when the
    story may go on.

    A cancelled carrier closes the story; a wallet call in flight goes on, and its `late` story is carried.
    """

    step: Callable[[Any], Any] = flow.send
    result: Any = None
    try:
        while True:
            try:
                wish = step(result)
            except StopIteration:
                return
            step = flow.send
            try:
                kind = type(wish)  # to be told that it is no instance of a Struct costs sixty times as much
                if kind is Send:
                    asked = monotonic()
                    if turn is not None:
                        turn.asks(asked)
                    try:
                        result = await hop.send(wish, partial(carry, memory=memory, hop=hop))
                    finally:
                        if journey is not None:
                            journey.wallet_seconds += monotonic() - asked
                        if turn is not None:
                            turn.back()
                elif kind is Answer:
                    result = await deliver(wish.response)
                elif kind is Wait and turn is not None:
                    turn.leave()
                    try:
                        result = await memory.perform(wish)
                    finally:
                        turn.back()
                else:
                    result = await memory.perform(wish, patient=turn is not None and turn.patient)
                if turn is not None and (pause := turn.pause()) is not None:
                    await _over(pause)
            except Exception as fault:
                step, result = flow.throw, fault
    finally:
        result = None  # an exception that was thrown in holds this frame
        flow.close()


async def _over(pause: asyncio.Future[None]) -> None:
    """A pause in which a story has not heard yet what it asked for: who is cancelled now tells it first."""
    try:
        await pause
    except asyncio.CancelledError:
        if (task := asyncio.current_task()) is not None:
            task.cancel()
