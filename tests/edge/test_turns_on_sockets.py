"""Turns on real sockets: whom a provider with too much at once keeps waiting, and what the journal is told of it."""

import asyncio
from typing import Any

import pytest

from gateway.edge import turns
from gateway.edge.turns import ALONE, LEAST
from gateway.exchange.journey import Journey
from gateway.exchange.wishes import Answer, Send
from gateway.journal.wishes import Wait
from gateway.wire.message import Heard, Response
from tests.edge.callbacks import OK, post
from tests.edge.conftest import Account, until
from tests.edge.wishes import BET

ALL, FEW = ALONE, int(LEAST)
LOUD_AND_QUIET = [Account("loud", "/loud"), Account("quiet", "/quiet")]


class _Slow:
    """A journal that hangs until it is let go, as long as it is asked for a claim."""

    def __init__(self) -> None:
        self.begun = 0
        self.go = asyncio.Event()

    async def perform(self, wish: Any, *, patient: bool = False) -> Any:
        self.begun += 1
        await self.go.wait()


async def test_a_crowd_on_sockets(gateway: Any) -> None:
    """Of a crowd only a few are in the journal at one time; somebody else's is answered meanwhile."""
    journal = _Slow()

    def story(request: Any, journey: Journey) -> Any:
        if journey.provider == "loud":
            yield "claim"
        journey.operation, journey.outcome = "bet", "ok"
        yield Answer(OK)

    one = await gateway(story, providers=LOUD_AND_QUIET, memory=journal)
    crowd = [asyncio.create_task(one.talk(post("/loud/bet"))) for _ in range(ALL + 9)]
    await until(lambda: journal.begun == ALL)
    assert (await one.talk(post("/quiet/bet"))).endswith(OK.body)
    assert journal.begun == ALL
    journal.go.set()
    assert all(answer.endswith(OK.body) for answer in await asyncio.gather(*crowd))
    waited = [line for line in one.lines() if line["provider"] == "loud" and "ms_turn" in line]
    assert len(waited) == 9


async def test_a_crowds_patience_is_told_to_the_journal(gateway: Any) -> None:
    """On sockets: those of the crowd, and of it those only for whom others wait."""
    patience: list[tuple[str, bool]] = []
    journal = _Slow()

    class Journal:
        async def perform(self, wish: Any, *, patient: bool = False) -> Any:
            patience.append((wish, patient))
            if len(patience) <= FEW + ALL:
                await journal.perform(wish)

    def story(request: Any, journey: Journey) -> Any:
        yield journey.provider
        yield journey.provider
        journey.operation, journey.outcome = "bet", "ok"
        yield Answer(OK)

    one = await gateway(story, providers=LOUD_AND_QUIET, memory=Journal())
    crowd = [asyncio.create_task(one.talk(post("/loud/bet"))) for _ in range(2 * ALL)]
    await until(lambda: journal.begun == ALL)
    quiet = asyncio.create_task(one.talk(post("/quiet/bet")))
    await until(lambda: ("quiet", False) in patience)
    journal.go.set()
    assert all(answer.endswith(OK.body) for answer in await asyncio.gather(*crowd, quiet))
    assert ("loud", True) in patience
    assert ("quiet", True) not in patience
    assert patience[-1] == ("loud", False), "nobody waits any more"


@pytest.mark.parametrize("wish", [Send(BET, 0.0, 0.0), Wait("a:b:c", 0.0)], ids=["wallet", "row"])
async def test_who_waits_for_others_holds_no_place(gateway: Any, wish: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's turn comes later because a wallet is silent, or because a row is in another's hands."""
    monkeypatch.setattr(turns, "STALLED", 60.0)  # else whoever held a place would lose it in the end
    at_once = 0
    go = asyncio.Event()

    class Hanging:
        async def perform(self, wish: Any, *, patient: bool = False) -> Any:
            return await self.send(wish, None)

        async def send(self, wish: Any, carry_late: Any) -> Any:
            nonlocal at_once
            at_once += 1
            await go.wait()
            return Heard(Response(200))

    def story(request: Any, journey: Journey) -> Any:
        yield wish
        journey.operation, journey.outcome = "bet", "ok"
        yield Answer(OK)

    one = await gateway(story, providers=LOUD_AND_QUIET, memory=Hanging(), hop=Hanging())
    crowd = [asyncio.create_task(one.talk(post("/loud/bet"))) for _ in range(3 * ALL)]
    await until(lambda: at_once == 3 * ALL, 20)
    go.set()
    assert all(answer.endswith(OK.body) for answer in await asyncio.gather(*crowd))
