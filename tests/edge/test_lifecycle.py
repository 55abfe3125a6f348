"""Stopping a real process by real signals, on asyncio and on uvloop: no callback is lost."""

import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

_PROGRAM = """
import asyncio, sys
from types import SimpleNamespace
from gateway.edge.admin import Admin, Readiness
from gateway.edge.lifecycle import Lifecycle
from gateway.edge.logs import Log
from gateway.edge.metrics import Metrics
from gateway.edge.outbox import Outbox
from gateway.edge.server import Server
from gateway.edge.upstream import Upstream
from gateway.exchange.wishes import Answer, Send
from gateway.journal.memory import Memory
from gateway.wire.message import Request, Response

loop_name, wallet, grace, timeout = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])

def late(ending):
    yield f"late {type(ending).__name__}"

def start(provider, request, journey):
    if request.path == "/quick":
        yield Answer(Response(200, (), b"quick"))
        return
    until = 0.2 if request.path == "/late" else 8
    ending = yield Send(Request("POST", "/bet"), journey.received + until, journey.received + 9, late)
    yield Answer(Response(200, (), type(ending).__name__.encode()))

class Notes(Memory):
    async def perform(self, wish, *, patient=False):
        return log.event(wish) if isinstance(wish, str) else await super().perform(wish)

log = Log(style="json")

async def main():
    provider = SimpleNamespace(name="acme", mount="/acme", dialect=SimpleNamespace(name="plain"))
    metrics, readiness, upstream = Metrics({"acme": ("bet",)}), Readiness(), Upstream(wallet)
    journal = Notes()
    server = Server([provider], start=start, refuse=None, memory=journal, hop=upstream, metrics=metrics, log=log,
                    host="127.0.0.1", port=0)
    outbox = Outbox(journal, upstream, None, width=lambda: 2, done=None, failed=print)
    admin = Admin("127.0.0.1", 0, metrics.registry, readiness)
    life = Lifecycle(server, admin, upstream, journal, outbox, readiness, log, accept_grace=grace, timeout=timeout)
    return await life.run()

if loop_name == "uvloop":
    import uvloop
    factory = uvloop.new_event_loop
else:
    factory = asyncio.new_event_loop
with asyncio.Runner(loop_factory=factory) as runner:
    sys.exit(runner.run(main()))
"""


class Process:
    """A gateway process; its lines are collected as they come."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.lines.append(json.loads(line))

    async def event(self, name: str) -> dict[str, Any]:
        """The first line of that name, waited for."""
        async with asyncio.timeout(10):
            while True:
                for line in self.lines:
                    if line["event"] == name:
                        return line
                await asyncio.sleep(0.01)

    async def connect(self, which: str = "public") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to one of its listeners."""
        host, _, port = (await self.event("started"))[which].rpartition(":")
        return await asyncio.open_connection(host, int(port))

    async def ready(self) -> int:
        """The status of /readyz on a connection of its own."""
        reader, writer = await self.connect("admin")
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return int(answer.split()[1])

    async def end(self) -> int:
        """The exit code."""
        code = await asyncio.wait_for(self.process.wait(), 15)
        await self._reading
        return code


def post(path: str) -> bytes:
    """A callback on a connection that is kept."""
    return b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}" % path.encode()


@pytest.fixture(params=["asyncio", "uvloop"])
async def launch(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    """`await launch(wallet_url, grace, timeout)`: a running process on one of the two loops."""
    if request.param == "uvloop":
        pytest.importorskip("uvloop")
    started: list[Process] = []

    async def make(url: str, grace: float = 0.5, timeout: float = 5.0) -> Process:
        arguments = (request.param, url, str(grace), str(timeout))
        root = Path(__file__).parents[2]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _PROGRAM, *arguments, stdout=asyncio.subprocess.PIPE, cwd=root
        )
        one = Process(process)
        started.append(one)
        await one.event("started")
        return one

    yield make
    for one in started:
        with contextlib.suppress(ProcessLookupError):
            one.process.kill()
        await one.end()


async def slow(wallet: Any, reader: Any, writer: Any) -> None:
    """A wallet that needs 1.2 seconds."""
    while True:
        await wallet.read(reader)
        await asyncio.sleep(1.2)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


async def hang(wallet: Any, reader: Any, writer: Any) -> None:
    """A wallet that never answers."""
    await wallet.read(reader)
    await asyncio.sleep(60)


async def test_a_signal_drains(launch: Any, wallet: Any, eventually: Any) -> None:
    """One slow callback in flight is answered, one idle connection closes, new ones are served in the grace."""
    there = await wallet(slow)
    one = await launch(there.url)
    assert await one.ready() == 200
    slow_reader, slow_writer = await one.connect()
    idle_reader, idle_writer = await one.connect()
    idle_writer.write(post("/acme/quick"))
    assert b"Connection" not in await idle_reader.readuntil(b"quick")
    slow_writer.write(post("/acme/slow"))
    await eventually(lambda: there.seen)

    one.process.send_signal(signal.SIGTERM)
    await one.event("draining")
    assert await one.ready() == 503
    reader, writer = await one.connect()
    writer.write(post("/acme/quick"))
    graced = await reader.read()
    assert b"Connection: close\r\n" in graced
    assert graced.endswith(b"quick")

    slow_answer = asyncio.create_task(slow_reader.read())
    assert await asyncio.wait_for(idle_reader.read(), 5) == b""
    assert not slow_answer.done()
    with pytest.raises(ConnectionRefusedError):
        await one.connect()
    answer = await asyncio.wait_for(slow_answer, 5)
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"Connection: close\r\n" in answer
    assert answer.endswith(b"Heard")
    assert await one.end() == 0
    assert (await one.event("stopped"))["callbacks_left"] == 0
    assert len(there.seen) == 1
    for each in (slow_writer, idle_writer, writer):
        each.close()


async def test_a_late_story_ends_before_the_process(launch: Any, wallet: Any) -> None:
    """The provider has its answer; the wallet's late one is still heard and recorded."""
    there = await wallet(slow)
    one = await launch(there.url, 0.0)
    reader, writer = await one.connect()
    writer.write(post("/acme/late"))
    await reader.readuntil(b"Silence")
    one.process.send_signal(signal.SIGTERM)
    assert await one.end() == 0
    await one.event("late Heard")
    writer.close()


async def test_the_drain_gives_up_after_its_timeout(launch: Any, wallet: Any, eventually: Any) -> None:
    """A wallet call that does not end is cut off as Silence, and its callback still gets the answer for that."""
    there = await wallet(hang)
    one = await launch(there.url, 0.0, 0.4)
    reader, writer = await one.connect()
    writer.write(post("/acme/slow"))
    await eventually(lambda: there.seen)
    one.process.send_signal(signal.SIGTERM)
    assert (await reader.read()).endswith(b"Silence")
    assert await one.end() == 0
    assert (await one.event("stopped"))["callbacks_left"] == 0
    writer.close()


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_stops_at_once(launch: Any, wallet: Any, eventually: Any, second: Any) -> None:
    """No grace, no waiting; the exit code says so, and the callback's line is written."""
    there = await wallet(hang)
    one = await launch(there.url, 30.0, 30.0)
    _reader, writer = await one.connect()
    writer.write(post("/acme/slow"))
    await eventually(lambda: there.seen)
    one.process.send_signal(signal.SIGINT)
    await one.event("draining")
    one.process.send_signal(second)
    assert await one.end() == 1
    assert (await one.event("callback"))["told"] == "died"
    await one.event("late Silence")
    writer.close()


async def test_the_service_manager_is_told(launch: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ready only when callbacks are taken; stopping as soon as the drain begins, while they still are."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.setblocking(False)
        manager.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        one = await launch("http://127.0.0.1:9")
        loop = asyncio.get_running_loop()
        assert await asyncio.wait_for(loop.sock_recv(manager, 100), 5) == b"READY=1"
        reader, writer = await one.connect()
        one.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(loop.sock_recv(manager, 100), 5) == b"STOPPING=1"
        writer.write(post("/acme/quick"))
        assert b"quick" in await reader.read()
        writer.close()
        assert await one.end() == 0
        with pytest.raises(BlockingIOError):
            manager.recv(100)
