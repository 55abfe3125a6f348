"""155.io over real sockets: whatever arrives once the head has parsed, the answer is HTTP 200, in its words, signed."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from gateway.edge.app import SystemClock
from gateway.edge.logs import Log
from gateway.edge.metrics import Metrics
from gateway.edge.server import Server
from gateway.edge.upstream import Upstream
from gateway.exchange.callback import callback, refusal
from gateway.exchange.parties import Provider
from gateway.journal.memory import Memory
from gateway.journal.states import Policy
from gateway.sandbox.moods import Mood
from gateway.sandbox.server import SandboxServer
from gateway.wire.jsontext import read_json, write_json
from gateway.wire.message import Response, header
from tests.seeds.marbles import BET, OPERATIONS, SIGNATURE, verifies
from tests.seeds.stage import PROMISES, WALLET_SECRET, Stage, dialect

HONEST = "the provider's own signature"
#: Moods in which the connection is lost: the same key is sent once more inside the callback.
BREAKS = {
    Mood.RESET_BEFORE_BOOKING, Mood.RESET_AFTER_BOOKING, Mood.CLOSE_AFTER_BOOKING, Mood.CLOSE_MID_HEADER,
    Mood.HALF_BODY, Mood.HALF_CHUNK, Mood.OVERSIZE, Mood.LATE_ARRIVAL,
}  # fmt: skip
#: Moods that end only with the gateway's patience; that is virtual time's to test.
SLOW = {Mood.SLOW, Mood.DRIP, Mood.SILENT, Mood.SILENT_AFTER_BOOKING, Mood.LATE_LANDING}
#: Moods in which the first answer is honest, and one in which the repeat is not the truth yet.
ELSE = {Mood.WELL, Mood.DUPLICATE_BOOKING, Mood.DUPLICATE_DELIVERY, Mood.FORGETS, Mood.LATE_LANDING_RESET}


@dataclass
class Line:
    """A running gateway for one account of 155.io, before a running sandbox wallet."""

    stage: Stage
    sandbox: SandboxServer
    address: tuple[str, int]

    async def talk(self, path: str, body: bytes, *, method: str = "POST", signature: str = HONEST) -> Response:
        """One exchange on a connection of its own, by bytes."""
        if signature is HONEST:
            signature = header(self.stage.sign(path, body).headers, SIGNATURE) or ""
        head = (
            f"{method} /155io{path} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
        )
        reader, writer = await asyncio.open_connection(*self.address)
        writer.write(f"{head}{SIGNATURE}: {signature}\r\n\r\n".encode() + body)
        raw = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        answer, _, payload = raw.partition(b"\r\n\r\n")
        status, *lines = answer.decode().split("\r\n")
        headers = tuple((name, value) for name, _, value in (line.partition(": ") for line in lines))
        return Response(int(status.split(" ")[1]), headers, payload)


@pytest.fixture
async def line(stage: Callable[..., Stage]) -> AsyncIterator[Line]:
    """The gateway and the wallet, on free ports."""
    on, clock = stage("155io"), SystemClock()
    sandbox = SandboxServer(dialect("canonical"), WALLET_SECRET, wallet=on.sandbox)
    await sandbox.start()
    upstream = Upstream(sandbox.url)
    await upstream.start()

    def start(provider: Any, request: Any, journey: Any) -> Any:
        assert isinstance(provider, Provider)
        return callback(request, provider, on.wallet, journey, clock)

    def refuse(provider: Any, request: Any, outcome: Any, why: str, journey: Any) -> Any:
        return refusal(request, provider, journey, clock, outcome, why)

    server = Server(
        [on.provider], start=start, refuse=refuse, memory=Memory(Policy(PROMISES)), hop=upstream,
        metrics=Metrics({"155io": tuple(OPERATIONS.values())}), log=Log(io.BytesIO(), "json"), host="127.0.0.1", port=0,
    )  # fmt: skip
    yield Line(on, sandbox, await server.start())
    await server.stop()
    await upstream.stop(0.0)
    await sandbox.stop()


@pytest.mark.parametrize(
    ("path", "body", "how"),
    [
        ("/bet", write_json(BET), {"signature": "AAAA"}),
        ("/bet", b'{"requestId": ', {}),
        ("/bet", b"", {}),
        ("/bet", write_json(BET), {"method": "PUT"}),
        ("/refund", write_json(BET), {}),
        ("/", b"", {"method": "GET"}),
        ("/win", b" " * 70_000, {}),
    ],
    ids=["forged", "garbled", "empty", "method", "path", "root", "too large"],
)
async def test_every_refusal_is_http_200_and_signed(line: Line, path: str, body: bytes, how: dict[str, str]) -> None:
    """Forged, garbled, empty, wrong method, unknown path, too large: UNKNOWN_ERROR, and the wallet was not asked."""
    answer = await line.talk(path, body, **how)
    assert (answer.status, read_json(answer.body)["status"]) == (200, "UNKNOWN_ERROR")
    assert verifies(line.stage, answer)
    assert line.sandbox.calls.lines() == []


@pytest.mark.parametrize("mood", sorted(set(Mood) - SLOW - ELSE))
async def test_a_broken_wallet_is_http_200_and_then_the_truth(line: Line, mood: Mood) -> None:
    """Whatever the wallet does, the bet is UNKNOWN_ERROR; the repeat hears the result; the money moved once."""
    line.sandbox.moods.set(mood, count=2 if mood in BREAKS else 1)
    first = await line.talk("/bet", write_json(BET))
    assert (first.status, read_json(first.body)["status"]) == (200, "UNKNOWN_ERROR")
    assert verifies(line.stage, first)
    again = await line.talk("/bet", write_json(BET))
    assert (again.status, read_json(again.body)["status"]) == (200, "SUCCESS")
    assert str(line.stage.balance) == "90.00"


@pytest.mark.parametrize("mood", sorted(BREAKS))
async def test_a_connection_that_is_lost_once_costs_no_bet(line: Line, mood: Mood) -> None:
    """The wallet counts a key once, so it is sent again while there is time: SUCCESS, and the money moved once."""
    line.sandbox.moods.set(mood, count=1)
    answer = await line.talk("/bet", write_json(BET))
    assert (answer.status, read_json(answer.body)["status"]) == (200, "SUCCESS")
    assert line.sandbox.calls.count("155io::t-1") == 2
    assert str(line.stage.balance) == "90.00"
