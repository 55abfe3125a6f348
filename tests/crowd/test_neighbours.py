"""One provider floods, or stalls in every way it has: the others hear "ok" every time, over real sockets.

And too much of one's own: bets are shed while wins and rollbacks go through. Nothing here asserts how fast anything is
but that nobody was answered after its deadline; `make bench ARGS=overload` measures the rest.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.cli.caller import Caller
from gateway.sandbox.moods import Mood
from tests.edge.test_app import House, Served

pytestmark = pytest.mark.heavy

NEIGHBOURS = ("marbles", "acme")
#: Few enough that a crowd of forty fills them: three connections and six places in the line for each provider.
NARROW = {"[wallet]": "[wallet]\nconnections = 10\nqueue = 20"}
CROWD = 40
#: What a sender pauses for between two callbacks, in seconds: a shed one is answered at once.
PAUSE = 0.1


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[tuple[Served, Caller]]:
    """A gateway whose wallet takes a moment, and the provider that will be too much, with connections of its own."""
    async with Served(House(folder), **NARROW) as served:
        served.wallet.wallet.open_player("2002", "EUR", Decimal("10000.00"), session="session-2002")
        served.wallet.moods.set(Mood.SLOW, seconds=0.05)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
            yield served, replace(served.callers["slots"], client=client)


def bet(caller: Caller) -> Call:
    """One of the crowd's."""
    return caller.call(Operation.BET, amount=Decimal("0.10"), player="2002", session="session-2002")


async def crowded(caller: Caller, over: asyncio.Event, made: Callable[[Caller], Call] = bet) -> None:
    """Bet after bet, forty at one time, whatever comes back, until it is over."""

    async def one() -> None:
        while not over.is_set():
            await caller.send(made(caller))
            await asyncio.sleep(PAUSE)

    await asyncio.gather(*(one() for _ in range(CROWD)))


async def neighbours(served: Served, times: int = 30) -> None:
    """Each of the others bets so often, one after the other."""

    async def one(name: str) -> None:
        caller = served.callers[name]
        for _ in range(times):
            await caller.send(caller.call(Operation.BET, amount=Decimal("0.10")))

    await asyncio.gather(*map(one, NEIGHBOURS))


def outcomes(served: Served, *names: str) -> Counter[tuple[str, str, str]]:
    """What was answered to whom: by operation, outcome ("shed" where that is why), and whether it was in time."""
    found = Counter[tuple[str, str, str]]()
    for line in served.lines("callback"):
        if line["provider"] in names:
            outcome = "shed" if line.get("why", "").startswith("shed: ") else line["outcome"]
            found[line.get("operation", ""), outcome, line["told"]] += 1
    return found


async def test_who_floods_is_shed_and_nobody_else(tmp_path: Path, note: Callable[[str], None]) -> None:
    """Forty callbacks at one time of a provider that may have nine: some of them are shed, and none of the others."""
    async with town(tmp_path) as (served, loud):
        over = asyncio.Event()
        crowd = asyncio.create_task(crowded(loud, over))
        await asyncio.sleep(0.5)
        await neighbours(served)
        over.set()
        await crowd
        mine, others = outcomes(served, "slots"), outcomes(served, *NEIGHBOURS)
        note(f"a flood: {dict(mine)}; its neighbours: {dict(others)}")
        assert mine["bet", "shed", "in_time"] > CROWD, "that was no flood"
        assert mine["bet", "ok", "in_time"] > 0, "the flood has its share"
        assert others == {("bet", "ok", "in_time"): 30 * len(NEIGHBOURS)}


def listening(served: Served) -> socket.socket:
    """The public listener's own socket; what is set on it, its connections inherit."""
    server: Any = served.app._server
    site = next(iter(server._listener._runner.sites))
    return site._server.sockets[0]._sock  # type: ignore[no-any-return]


async def test_who_stalls_holds_nobody_else_up(tmp_path: Path, note: Callable[[str], None]) -> None:
    """Bodies that drip, heads without an end, answers that nobody reads, and a wallet that is silent about a player."""
    async with town(tmp_path) as (served, stalling):
        listening(served).setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        served.wallet.moods.set(Mood.SILENT, player="2002")
        host, port = "127.0.0.1", int(served.url.rpartition(":")[2])
        head = b"POST /slots/bet HTTP/1.1\r\nHost: x\r\n"
        whole = head + b"Content-Length: 2\r\n\r\n{}"
        begun = [await asyncio.open_connection(host, port) for _ in range(2 * CROWD)]
        deaf, asked = [socket.socket() for _ in range(10)], 200
        for each in deaf:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            each.connect((host, port))
            each.setblocking(False)
            await asyncio.get_running_loop().sock_sendall(each, whole * asked)
        for number, (_, writer) in enumerate(begun):
            writer.write(head + (b"Content-Length: 100\r\n\r\n" if number % 2 else b""))

        async def drip() -> None:
            while True:
                for _, writer in begun:
                    writer.write(b"x")
                await asyncio.sleep(0.05)

        silent = [asyncio.create_task(stalling.send(bet(stalling))) for _ in range(CROWD)]
        dripping = asyncio.create_task(drip())
        await neighbours(served)
        dripping.cancel()
        heard = sum(outcomes(served, "slots").values())
        for each in deaf:
            each.close()
        for _, writer in begun:
            writer.close()
        await asyncio.gather(*silent)
        others = outcomes(served, *NEIGHBOURS)
        note(f"stalled: {heard} of {asked * len(deaf)} callbacks answered; its neighbours: {dict(others)}")
        assert heard < asked * len(deaf), "somebody read the answers"
        assert others == {("bet", "ok", "in_time"): 30 * len(NEIGHBOURS)}


async def test_bets_are_shed_while_wins_and_rollbacks_are_not(tmp_path: Path, note: Callable[[str], None]) -> None:
    """Of one provider that bets too much: what it owes its players goes first, and none of it is refused."""
    async with town(tmp_path) as (served, loud):
        bets = [bet(loud) for _ in range(20)]
        for each in bets:
            await loud.send(each)
        assert outcomes(served, "slots") == {("bet", "ok", "in_time"): len(bets)}

        async def settle(made: list[Call]) -> None:
            for each in made:
                await loud.send(each)

        facts = {"player": "2002", "session": "session-2002", "currency": "EUR"}
        wins = [loud.call(Operation.WIN, amount=Decimal("0.20"), round=each.round, **facts) for each in bets[:10]]
        undone = [
            loud.call(
                Operation.ROLLBACK, reference=(each.transaction or "",), amount=each.amount, round=each.round, **facts
            )
            for each in bets[10:]
        ]
        over = asyncio.Event()
        crowd = asyncio.create_task(crowded(loud, over))
        await asyncio.sleep(0.5)
        await asyncio.gather(settle(wins), settle(undone))
        over.set()
        await crowd
        told = outcomes(served, "slots")
        note(f"too many bets: {dict(told)}")
        assert told["bet", "shed", "in_time"] > CROWD, "nothing had to be shed"
        settled = {what: count for what, count in told.items() if what[0] != "bet"}
        assert settled == {("win", "ok", "in_time"): 10, ("rollback", "ok", "in_time"): 10}
