"""The matrix on real sockets: every mood of the sandbox wallet x every operation of every dialect.

Also a wallet that does not listen, forged callbacks, and a provider that hangs up.
A real client is the provider, the edge's own listener and hop carry the stories, a real wallet listens and misbehaves.
The tables' deadlines are shortened by tables laid over them; nothing else is changed.
"""

import asyncio
import io
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.canon.calls import Call
from gateway.canon.operations import MONEY, Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.dialect import Dialect
from gateway.dialect.keys import Keys
from gateway.dialect.shelf import Shelf
from gateway.edge.logs import Log
from gateway.edge.metrics import Metrics
from gateway.edge.server import Server
from gateway.edge.upstream import Upstream
from gateway.exchange.booking import SECOND_TRY
from gateway.exchange.callback import ANSWER_WITHIN, callback, refusal
from gateway.exchange.parties import Provider
from gateway.journal.memory import Memory
from gateway.journal.states import Policy
from gateway.sandbox.moods import Mood
from gateway.sandbox.server import SandboxServer
from gateway.wire.message import Request, Response
from gateway.wire.opened import Opened
from gateway.wire.templates import look
from tests.exchange.driving import dialect, wallet_side
from tests.exchange.made_secrets import WALLET_SECRETS, secrets
from tests.exchange.shipped import DIALECTS

#: Seconds: the laid-over deadline of every operation; what a slow wallet takes.
DEADLINE, SLOW = 4.0, 5.0
AT_ONCE = 16
COLUMNS = [(name, operation) for name in DIALECTS for operation in sorted(dialect(name).operations())]
SHED = {Mood.UNAUTHORIZED_401, Mood.TOO_MANY_429, Mood.UNAVAILABLE_503}
HONEST = {Mood.WELL, Mood.DUPLICATE_BOOKING, Mood.DUPLICATE_DELIVERY, Mood.FORGETS}
HANGS = {Mood.SLOW, Mood.DRIP, Mood.SILENT, Mood.SILENT_AFTER_BOOKING, Mood.LATE_LANDING}
#: The connection is lost: the same key is sent once more inside the callback.
BREAKS = {
    Mood.RESET_BEFORE_BOOKING, Mood.RESET_AFTER_BOOKING, Mood.CLOSE_AFTER_BOOKING, Mood.CLOSE_MID_HEADER,
    Mood.HALF_BODY, Mood.HALF_CHUNK, Mood.OVERSIZE, Mood.LATE_LANDING_RESET, Mood.LATE_ARRIVAL,
}  # fmt: skip
#: A repeat does not hear the truth yet, or moves the money again.
ONCE = HANGS | {Mood.LATE_LANDING_RESET, Mood.DUPLICATE_BOOKING}
#: A read states no id, and at first no currency: there is nothing that these could belie.
ECHOES = {Mood.WRONG_ECHO, Mood.WRONG_CURRENCY}
PLAYERS = count(5001)


class SystemClock:
    """The machine's clocks."""

    monotonic = staticmethod(time.monotonic)
    wall = staticmethod(time.time)


@dataclass
class Line:
    """A provider's line to a running gateway."""

    client: aiohttp.ClientSession
    url: str
    wallet: SandboxServer
    speeches: dict[str, tuple[Dialect, Keys]]
    lost: list[str] = field(default_factory=list)

    async def post(self, name: str, request: Request) -> tuple[Response, float]:
        """Send it as it is; the answer and how long it took."""
        began = time.monotonic()
        async with self.client.request(
            request.method, f"{self.url}/{name}{request.path}", data=request.body, headers=dict(request.headers)
        ) as answer:
            response = Response(answer.status, tuple(answer.headers.items()), await answer.read())
        return response, time.monotonic() - began

    async def tell(self, name: str, operation: Operation, **facts: Any) -> tuple[Response, float]:
        """One signed callback."""
        spoken, keys = self.speeches[name]
        whole = {"request_id": f"r{next(PLAYERS)}", "currency": "EUR", "game": "marbles", "round_end": False, **facts}
        _, request = spoken.write_call(Call(operation, **whole), keys, time.time())
        return await self.post(name, request)

    def code(self, name: str, operation: Operation, response: Response, seconds: float) -> Any:
        """The word of an answer that is in the dialect, signed where it signs, and in time; 500 where that says it."""
        spoken, keys = self.speeches[name]
        assert seconds < DEADLINE
        said = [each for (variant, _), each in spoken.said.items() if variant == operation]
        if any(each.answer.code is None and each.answer.http == response.status == 500 for each in said):
            return response.status
        assert response.status == 200
        if keys.answer is not None:
            keys.answer.check(Opened(response), time.time())
        body = Opened(response).body
        assert isinstance(body, dict)
        slots = [each.form.slot("code") for each in said]
        return next((code for slot in slots if slot and (code := look(body, slot.keys)) is not None), None)

    def due(self, name: str, operation: Operation, outcome: Outcome) -> Any:
        """The word that is due for *outcome*."""
        answer = self.speeches[name][0].said[str(operation), outcome].answer
        return answer.http if answer.code is None else answer.code


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def shortened(folder: Path) -> Shelf:
    """The shipped tables with short deadlines, as a table of one's own would be laid over them."""
    for name in DIALECTS:
        own = [each for each in dialect(name).deadlines_ms if each != "default"]
        times = ", ".join(f"{each} = {DEADLINE * 1000:.0f}" for each in ("default", *own))
        text = f'dialect = "quick-{name}"\nextends = "{name}"\ndeadline_ms = {{ {times} }}\n'
        (folder / f"quick-{name}.toml").write_text(text)
    return Shelf(folder)


@pytest.fixture
async def lines(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """`await lines(wallet_url=None)`: a running gateway, in front of the sandbox wallet unless a URL is given."""
    shelf, closing = shortened(tmp_path), []

    async def make(wallet_url: str | None = None) -> Line:
        wallet = SandboxServer(dialect("canonical"), WALLET_SECRETS, slow_seconds=SLOW)
        await wallet.start()
        upstream = Upstream(wallet_url or wallet.url, connections=len(COLUMNS) * len(Mood))
        await upstream.start()
        spoken = {name: shelf.dialect(f"quick-{name}") for name in DIALECTS}
        keys = {name: (each, each.bind(secrets(), "sender")) for name, each in spoken.items()}
        accounts = [
            Provider(name, name, f"/{name}", each, each.bind(secrets(), "receiver")).prepared(time.time())
            for name, each in spoken.items()
        ]
        clock = SystemClock()
        server = Server(
            accounts,
            start=lambda who, request, journey: callback(request, who, wallet_side()[0], journey, clock),  # type: ignore[arg-type]
            refuse=lambda who, request, outcome, why, journey: refusal(request, who, journey, clock, outcome, why),  # type: ignore[arg-type]
            memory=Memory(Policy(wallet_side()[0].promises)),
            hop=upstream,
            metrics=Metrics({name: {str(each) for each in spoken[name].operations()} for name in spoken}),
            log=Log(io.BytesIO(), "json"),
            host="127.0.0.1",
            port=0,
        )
        host, port = await server.start()
        client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=2 * AT_ONCE))
        closing.append((client, server, upstream, wallet))
        return Line(client, f"http://{host}:{port}", wallet, keys)

    yield make
    for client, server, upstream, wallet in closing:
        await client.close()
        await server.stop()
        await upstream.stop(0.0)
        await wallet.stop()
        assert wallet.wallet.audit() == ()
        wallet.wallet.close()


async def scene(line: Line, name: str, operation: Operation) -> dict[str, Any]:
    """A player of its own, logged in, with a bet where the operation needs one; the facts of the callback."""
    player = str(next(PLAYERS))
    line.wallet.wallet.open_player(
        player, "EUR", Decimal(100), session=f"s{player}", launch=f"L{player}", nickname="Ann", country="DE"
    )
    facts = {"player": player, "session": f"s{player}"}
    if name == "evenbet":
        if operation is Operation.AUTHENTICATE:
            return {**facts, "session": f"L{player}"}
        for _ in range(5):  # on a machine that is busy with other things, the wallet may not be heard in time
            response, _ = await line.tell(name, Operation.AUTHENTICATE, player=player, session=f"L{player}")
            if "token" in Opened(response).body:
                break
        facts["session"] = Opened(response).body["token"]
    if operation not in MONEY:
        return facts
    facts |= {"round": f"g{player}", "amount": Decimal("10.00")}
    if operation is Operation.BET:
        return {**facts, "transaction": f"b{player}"}
    response, seconds = await line.tell(name, Operation.BET, **facts, transaction=f"b{player}")
    assert line.code(name, Operation.BET, response, seconds) == line.due(name, Operation.BET, Outcome.OK)
    return {**facts, "transaction": f"x{player}", "reference": (f"b{player}",)}


async def cell(line: Line, name: str, operation: Operation, mood: Mood) -> None:
    """One mood for one player's operation: what the provider got, and how often the wallet was asked."""
    facts = await scene(line, name, operation)
    line.wallet.moods.set(mood, facts["player"], operation)
    before = line.wallet.wallet.balance(facts["player"])
    response, seconds = await line.tell(name, operation, **facts)
    code = line.code(name, operation, response, seconds)
    outcome = Outcome.OK if mood in HONEST else Outcome.WALLET_FAILED if mood in SHED else Outcome.UNKNOWN
    due = {line.due(name, operation, outcome)}
    if operation not in MONEY:
        assert code in due | ({line.due(name, operation, Outcome.OK)} if mood in ECHOES else set())
        return
    assert code in due
    # What is undone is named by what it undoes; its own id is for repeats.
    undoes = facts["reference"][0] if operation is Operation.ROLLBACK else None
    key = f"rev:{name}::{undoes}" if undoes else f"{name}::{facts['transaction']}"
    tries = line.wallet.calls.count(key)
    no_time = seconds > ANSWER_WITHIN * DEADLINE - SECOND_TRY  # a machine that is busy with other things
    assert tries in ({1, 2} if mood in BREAKS else {1})
    if mood in BREAKS and tries == 1 and not no_time:
        line.lost.append(key)  # its first try took a connection that the wallet was just closing
    moved = -10 if operation is Operation.BET else 10
    assert line.wallet.wallet.balance(facts["player"]) - before == (moved if mood.books else 0)
    if mood in ONCE:
        return
    line.wallet.moods.set(Mood.WELL, facts["player"], operation)
    response, seconds = await line.tell(name, operation, **facts)
    again = Outcome.ALREADY_DONE if mood in HONEST else Outcome.OK
    assert line.code(name, operation, response, seconds) == line.due(name, operation, again)
    assert line.wallet.calls.count(key) == tries + (mood not in HONEST), "a repeat is answered from the journal"
    assert line.wallet.wallet.balance(facts["player"]) - before == moved


async def every(cells: list[Any]) -> None:
    """All of them, some at once; every failure is told."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(label: str, run: Any) -> None:
        async with gate:
            try:
                await run
            except BaseException as error:
                error.add_note(f"cell: {label}")
                raise

    ended = await asyncio.gather(*(one(*each) for each in cells), return_exceptions=True)
    failures = [each for each in ended if isinstance(each, Exception)]
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {len(cells)} cells", failures)


async def test_every_mood(lines: Callable[..., Any], note: Callable[[str], None]) -> None:
    """Each mood meets each operation of each dialect: the safe answer, in time, and not one POST too many."""
    line = await lines()
    for name in DIALECTS:  # the first callback of a dialect finds everything cold
        await scene(line, name, Operation.ROLLBACK)
    cells = [(name, operation, mood) for mood in Mood for name, operation in COLUMNS]
    await every([(f"{name} {operation}, {mood}", cell(line, name, operation, mood)) for name, operation, mood in cells])
    assert len(line.lost) <= 5, line.lost
    note(f"the matrix on sockets: {len(cells)} cells, {len(Mood)} moods, {len(COLUMNS)} columns")


@pytest.mark.parametrize("where", ["nobody listens", "no such host"])
async def test_nothing_sent(lines: Callable[..., Any], where: str) -> None:
    """A refused connection, an unknown host: certain, so `wallet_failed`; and no wallet saw anything."""
    host = "127.0.0.1" if where == "nobody listens" else "wallet.invalid"
    line = await lines(f"http://{host}:{free_port()}")

    async def one(name: str, operation: Operation) -> None:
        player = str(next(PLAYERS))
        facts: dict[str, Any] = {"player": player, "session": f"s{player}"}
        if operation in MONEY:
            facts |= {"transaction": f"x{player}", "round": f"g{player}", "amount": Decimal("10.00")}
            facts |= {} if operation is Operation.BET else {"reference": (f"b{player}",)}
        response, seconds = await line.tell(name, operation, **facts)
        code = line.code(name, operation, response, seconds)
        assert code == line.due(name, operation, Outcome.WALLET_FAILED)

    await every([(f"{name} {operation}", one(name, operation)) for name, operation in COLUMNS])
    assert not line.wallet.calls.lines()


async def test_forged_and_garbled(lines: Callable[..., Any]) -> None:
    """Refused in the dialect with HTTP 200, and the wallet saw no POST at all."""
    line = await lines()

    async def one(name: str, operation: Operation) -> None:
        spoken, keys = line.speeches[name]
        facts = {"request_id": "r1", "player": "5000", "session": "s1", "currency": "EUR", "game": "m", "round": "g"}
        money = {"transaction": "t1", "reference": ("b1",), "amount": Decimal(1), "round_end": False}
        call = Call(operation, **facts, **money if operation in MONEY else {})
        _, request = spoken.write_call(call, keys, time.time())
        for odd in (
            Request(request.method, request.path, "", request.headers, request.body[:-2] + b'0"}'),
            Request(request.method, request.path, "", (), request.body),
            Request(request.method, request.path, "", request.headers, b"\xff"),
            Request("PUT", request.path, "", request.headers, request.body),
            Request(request.method, "/nowhere", "", request.headers, request.body),
            Request(request.method, request.path, "", request.headers, b"x" * 70_000),
        ):
            response, seconds = await line.post(name, odd)
            assert line.code(name, operation, response, seconds) != line.due(name, operation, Outcome.OK)

    await every([(f"{name} {operation}", one(name, operation)) for name, operation in COLUMNS])
    assert not line.wallet.calls.lines()


async def hangs_up(line: Line, name: str) -> None:
    """One player's bet whose provider hangs up while the wallet is slow; then it asks again until it knows."""
    facts = await scene(line, name, Operation.BET)
    line.wallet.moods.set(Mood.SLOW, facts["player"], Operation.BET, 1)
    task = asyncio.create_task(line.tell(name, Operation.BET, **facts))
    key = f"{name}::{facts['transaction']}"
    for _ in range(100):
        if line.wallet.calls.count(key):
            break
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    response, seconds = await line.tell(name, Operation.BET, **facts)
    code = line.code(name, Operation.BET, response, seconds)
    assert code == line.due(name, Operation.BET, Outcome.IN_PROGRESS)
    assert line.wallet.calls.count(key) == 1
    for _ in range(100):
        response, seconds = await line.tell(name, Operation.BET, **facts)
        code = line.code(name, Operation.BET, response, seconds)
        if code != line.due(name, Operation.BET, Outcome.IN_PROGRESS):
            break
        await asyncio.sleep(0.05)
    assert code == line.due(name, Operation.BET, Outcome.OK)
    assert line.wallet.wallet.balance(facts["player"]) == Decimal("90.00")


async def test_a_provider_that_hangs_up(lines: Callable[..., Any]) -> None:
    """The call in flight goes on: a repeat hears so, the next one gets the result itself, and money moved once."""
    line = await lines()
    await every([(name, hangs_up(line, name)) for name in DIALECTS])
