"""Real sockets for the edge's tests: a wallet that plays scripted faults, a gateway with hand-written stories."""

import asyncio
import io
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from gateway.edge.breaker import Breaker
from gateway.edge.gate import Gate
from gateway.edge.logs import Log
from gateway.edge.metrics import Metrics
from gateway.edge.server import Server
from gateway.edge.upstream import Upstream
from gateway.exchange.wishes import Answer
from gateway.wire.message import Response

Behaviour = Callable[["ScriptedWallet", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class ScriptedWallet:
    """Plays one behaviour per connection; *seen* holds every whole request that it read."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.seen: list[bytes] = []
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen on a free port of loopback."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/wallet"

    async def stop(self) -> None:
        """Close everything."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            await self.behaviour(self, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def read(self, reader: asyncio.StreamReader) -> bytes:
        """One whole request with a Content-Length; remembered in *seen*."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
        )
        whole = head + await reader.readexactly(length)
        self.seen.append(whole)
        return whole

    @staticmethod
    def reset(writer: asyncio.StreamWriter) -> None:
        """Close with RST."""
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


async def answering(wallet: ScriptedWallet, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A wallet that says ok to everything, on kept connections."""
    while True:
        await wallet.read(reader)
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-From: wallet\r\n\r\n"ok"')


@pytest.fixture
async def wallet() -> AsyncIterator[Callable[..., Awaitable[ScriptedWallet]]]:
    """`await wallet(behaviour)`: a running scripted wallet (without an argument one that answers)."""
    started: list[ScriptedWallet] = []

    async def make(behaviour: Behaviour = answering) -> ScriptedWallet:
        one = ScriptedWallet(behaviour)
        await one.start()
        started.append(one)
        return one

    yield make
    for one in started:
        await one.stop()


@pytest.fixture
async def upstream() -> AsyncIterator[Callable[..., Awaitable[Upstream]]]:
    """`await upstream(url, **options)`: a running hop."""
    started: list[Upstream] = []

    async def make(url: str, **options: Any) -> Upstream:
        one = Upstream(url, **options)
        await one.start()
        started.append(one)
        return one

    yield make
    for one in started:
        await one.stop(0.0)


class Guarded:
    """A gate before a real hop, with its breaker and its metrics."""

    def __init__(self, url: str, connections: int, accounts: int, breaker: Breaker, **options: Any) -> None:
        self.breaker, self.metrics = breaker, Metrics({})
        self.endings: list[Any] = []
        self.upstream = Upstream(
            url, connections=connections, on_ending=lambda ending, seconds: self.endings.append(ending)
        )
        self.gate = Gate(
            self.upstream, self.breaker, self.metrics, connections=connections, accounts=accounts, **options
        )

    def sample(self, name: str, **labels: str) -> float | None:
        """A metric's value."""
        return self.metrics.registry.get_sample_value(name, labels)

    @property
    def held(self) -> tuple[float | None, ...]:
        """Slots in use: ordinary, urgent, outbox."""
        return tuple(self.sample("gateway_wallet_slots_in_use", kind=kind) for kind in ("ordinary", "urgent", "outbox"))

    def shed(self, priority: str, why: str) -> float | None:
        """How many calls of *priority* were not sent for that reason."""
        return self.sample("gateway_shed_total", priority=priority, why=why)


@pytest.fixture
async def guarded() -> AsyncIterator[Callable[..., Awaitable[Guarded]]]:
    """`await guarded(url, connections=5, accounts=1, **options)`: a running gate."""
    started: list[Guarded] = []

    async def make(
        url: str, connections: int = 5, accounts: int = 1, breaker: Breaker | None = None, **options: Any
    ) -> Guarded:
        one = Guarded(url, connections, accounts, breaker or Breaker(), **options)
        await one.gate.start()
        one.gate.lag.stop()  # a busy machine sheds reads, and rightly; whoever tests that starts it again
        started.append(one)
        return one

    yield make
    for one in started:
        await one.gate.stop(0.0)
        assert one.held == (0, 0, 0), "a slot was not given back"


@dataclass
class Speech:
    """A stand-in for a dialect."""

    name: str = "plain"


@dataclass
class Account:
    """A stand-in for a provider."""

    name: str
    mount: str
    dialect: Speech = field(default_factory=Speech)


class Forgetful:
    """A memory that echoes wishes; an exception given as a wish is raised."""

    async def perform(self, wish: Any, *, patient: bool = False) -> Any:
        """Echo, or raise."""
        if isinstance(wish, Exception):
            raise wish
        return wish


class Gateway:
    """A server with hand-written stories on a free port."""

    def __init__(
        self, tell: Any, hop: Any = None, providers: list[Account] | None = None, memory: Any = None, **options: Any
    ) -> None:
        self.out = io.BytesIO()
        self.requests: list[Any] = []
        self.refusals: list[tuple[str, str, str]] = []
        self.providers = providers or [Account("acme", "/acme")]
        self.metrics = Metrics({one.name: ("bet", "balance") for one in self.providers}, alerts=("odd",))
        self.log = Log(self.out, "json")

        def start(provider: Any, request: Any, journey: Any) -> Any:
            self.requests.append((provider.name, request))
            return tell(request, journey)

        def refuse(provider: Any, request: Any, outcome: Any, why: str, journey: Any) -> Any:
            assert request.body == b""
            self.refusals.append((provider.name, str(outcome), why))
            journey.outcome, journey.why = outcome, why
            yield Answer(Response(200, (("Content-Type", "text/plain"),), b"refused"))

        self.server = Server(
            self.providers,
            start=start,
            refuse=refuse,
            memory=memory or Forgetful(),
            hop=hop,
            metrics=self.metrics,
            log=self.log,
            host="127.0.0.1",
            port=0,
            **options,
        )

    async def begin(self) -> "Gateway":
        """Listen."""
        self.host, self.port = await self.server.start()
        return self

    def lines(self, event: str = "callback") -> list[dict[str, Any]]:
        """The log lines of one kind so far."""
        every = [orjson.loads(line) for line in self.out.getvalue().splitlines()]
        return [line for line in every if line["event"] == event]

    def sample(self, name: str, **labels: str) -> float | None:
        """A metric's value."""
        return self.metrics.registry.get_sample_value(name, labels)

    async def talk(self, raw: bytes) -> bytes:
        """Send bytes on a new connection, and read until it closes."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        writer.write(raw)
        try:
            return await asyncio.wait_for(reader.read(), 8)
        except ConnectionError:
            return b""
        finally:
            writer.close()


@pytest.fixture
async def gateway() -> AsyncIterator[Callable[..., Awaitable[Gateway]]]:
    """`await gateway(tell, hop, **options)`: a running server whose stories are `tell(request, journey)`."""
    started: list[Gateway] = []

    async def make(tell: Any, hop: Any = None, **options: Any) -> Gateway:
        one = await Gateway(tell, hop, **options).begin()
        started.append(one)
        return one

    yield make
    for one in started:
        await one.server.stop()


async def until(condition: Callable[[], Any], seconds: float = 5.0) -> None:
    """Wait for something that happens on its own; fails when it does not."""
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    while not condition():
        assert clock() < end, "it did not happen"
        await asyncio.sleep(0.005)


@pytest.fixture
def eventually() -> Callable[..., Awaitable[None]]:
    """`await eventually(condition)`."""
    return until


@pytest.fixture
def make_gateway() -> type[Gateway]:
    """For tests that bring their own event loop."""
    return Gateway
