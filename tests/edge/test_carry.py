"""Carrying hand-written stories: results go in, failures are raised at their yield, the time of the wallet is kept."""

import asyncio
from typing import Any

import pytest

from gateway.edge.carry import carry
from gateway.edge.turns import Turn, Turns
from gateway.exchange.journey import Journey
from gateway.exchange.wishes import Answer, Delivery, Send
from gateway.wire.message import Heard, Request, Response, Silence


class Slow:
    """A hop that takes its time and carries a late story."""

    def __init__(self, ending: Any, seconds: float = 0.0) -> None:
        self.ending, self.seconds = ending, seconds

    async def send(self, wish: Send, carry_late: Any) -> Any:
        """Wait, carry the late story if there is one, end."""
        await asyncio.sleep(self.seconds)
        if wish.late is not None:
            await carry_late(wish.late(Heard(Response(200))))
        return self.ending


class Echo:
    """A memory that echoes, and raises what it is given to raise."""

    async def perform(self, wish: Any, *, patient: bool = False) -> Any:
        """Echo, or raise."""
        if isinstance(wish, Exception):
            raise wish
        return wish


async def test_results_go_back_into_the_story() -> None:
    """Send gets the Ending, Answer the Delivery, any other wish what the memory gave."""
    got: list[Any] = []
    told: list[Any] = []

    async def deliver(response: Any) -> Delivery:
        told.append(response)
        return Delivery(7.0)

    def story() -> Any:
        got.append((yield Send(Request("POST", "/"), 0, 0)))
        got.append((yield "remember"))
        got.append((yield Answer(Response(200))))

    await carry(story(), Echo(), Slow(Silence("x")), deliver)
    assert got == [Silence("x"), "remember", Delivery(7.0)]
    assert told == [Response(200)]


async def test_a_failed_wish_is_raised_at_its_yield() -> None:
    """A story can handle it and go on; what it does not handle comes out of carry."""
    got: list[Any] = []

    def story() -> Any:
        try:
            yield LookupError("first")
        except LookupError as fault:
            got.append(str(fault))
        got.append((yield "after"))
        yield ValueError("second")

    with pytest.raises(ValueError, match="second"):
        await carry(story(), Echo(), Slow(Silence("")))
    assert got == ["first", "after"]


async def test_a_late_story_is_carried_with_nobody_listening() -> None:
    """A late story performs its wishes; an answer in it reaches nobody."""
    got: list[Any] = []

    def late(ending: Any) -> Any:
        got.append(ending)
        got.append((yield "wish"))
        got.append((yield Answer(Response(200))))

    def story() -> Any:
        yield Send(Request("POST", "/"), 0, 0, late)

    await carry(story(), Echo(), Slow(Silence("")))
    assert got == [Heard(Response(200)), "wish", Delivery(None)]


async def test_the_wallets_seconds_are_added_up() -> None:
    """Each wait for the wallet counts, and only that."""
    journey = Journey("p", "d", 0.0, 0.0)

    def story() -> Any:
        yield Send(Request("POST", "/"), 0, 0)
        yield Send(Request("POST", "/"), 0, 0)

    await carry(story(), Echo(), Slow(Silence(""), 0.05), journey=journey)
    assert journey.wallet_seconds >= 0.099


async def test_a_cancelled_carrier_closes_the_story() -> None:
    """The story's own `finally` runs, and no wish of it is performed any more."""
    closed = asyncio.Event()

    def story() -> Any:
        try:
            yield Send(Request("POST", "/"), 0, 0)
        finally:
            closed.set()

    task = asyncio.create_task(carry(story(), Echo(), Slow(Silence(""), 30)))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed.is_set()


async def test_who_is_cancelled_while_it_pauses_hears_first_what_it_asked_for() -> None:
    """What the wallet said is in the story before the story is closed: its record is wished for, as a moment later."""
    turns = Turns()
    journey = Journey("loud", "plain", 0.0, 4.0)
    turn = await turns.begin(journey)
    await turns.begin(Journey("quiet", "plain", 0.0, 4.0))
    crowd = [asyncio.create_task(turns.begin(journey)) for _ in range(99)]
    await asyncio.sleep(0)
    wished: list[Any] = []

    class Journal:
        async def perform(self, wish: Any, *, patient: bool = False) -> None:
            wished.append(wish)
            await asyncio.sleep(30)

    def story() -> Any:
        wished.append((yield Send(Request("POST", "/"), 0, 0)))
        yield "record"
        raise AssertionError("it was cancelled")

    class Crowded(Slow):
        async def send(self, wish: Send, carry_late: Any) -> Any:
            await asyncio.sleep(0.01)
            for _ in range(99):
                turns.pause(Turn(turns, journey))
            said.set()
            return self.ending

    said = asyncio.Event()
    task = asyncio.create_task(carry(story(), Journal(), Crowded(Silence("x")), journey=journey, turn=turn))
    await said.wait()
    assert wished == [], "it pauses"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert wished == [Silence("x"), "record"]
    for each in crowd:
        each.cancel()
