"""Too much at once: our own lateness is no fault of the wallet's, whoever it is that waits for it.

The wallet here is healthy and answers from a thread of its own, so it is never late because the gateway is. No test
asserts how fast anything is: each asserts who is blamed.
"""

import asyncio
import resource
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gateway.edge.breaker import State
from gateway.edge.upstream import Upstream
from gateway.exchange.wishes import Answer, Lane, Priority, Send
from gateway.wire.message import Heard, Request, Response
from tests.edge.wishes import BET, nothing_late, wish

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CROWD = 1000


class _Prompt(asyncio.Protocol):
    """Answers every piece that comes, a call of ours being one: at once, or a little later where it says so."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        pause = 0.2 if b"/thoughtful" in data else 0.0
        asyncio.get_running_loop().call_later(pause, self.transport.write, OK)


@pytest.fixture
def healthy() -> Iterator[str]:
    """The address of a wallet that answers at once, in a thread and on a loop of its own."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(_Prompt, "127.0.0.1", 0, backlog=4096))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/wallet"
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    server.close()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


@pytest.fixture
def many_files() -> Iterator[None]:
    """Two sockets for every callback of the crowd."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 3 * CROWD
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"this system allows {hard} open files, {wanted} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("connections", [100, 1000])
async def test_a_crowd_is_served_in_turn(
    many_files: None, healthy: str, guarded: Any, gateway: Any, connections: int
) -> None:
    """A thousand callbacks in two waves, the second while the first one's connections are being made, and the gateway
    busy with each wave for longer than that may take: all hear what the wallet said, and the breaker has seen nothing.
    """
    before = await guarded(healthy, connections=connections, queue=2 * CROWD)
    changes: list[State] = []
    before.breaker.watch(changes.append)
    told, second = 0, asyncio.Event()

    def tell(request: Any, journey: Any) -> Any:
        nonlocal told
        time.sleep(0.001)  # our own work, during which the loop does nothing else
        told += 1
        if told == CROWD // 2:
            second.set()
        now = asyncio.get_running_loop().time()
        ending = yield Send(BET, now + 30, now + 60, None, Lane("acme", Priority.DEBIT))
        yield Answer(Response(200, (), b"heard" if isinstance(ending, Heard) else repr(ending).encode()))

    one = await gateway(tell, before.gate)
    callers = [await asyncio.open_connection(one.host, one.port) for _ in range(CROWD)]

    async def call(number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        if number % 2:
            await second.wait()
        writer.write(b"POST /acme/bet HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
        answer = await asyncio.wait_for(reader.read(), 60)
        writer.close()
        return answer.partition(b"\r\n\r\n")[2]

    answers = Counter(await asyncio.gather(*(call(number, *caller) for number, caller in enumerate(callers))))
    assert answers == {b"heard": CROWD}
    assert changes == []


def _on(loops: str) -> Callable[[], asyncio.AbstractEventLoop]:
    return asyncio.new_event_loop if loops == "asyncio" else pytest.importorskip("uvloop").new_event_loop


@pytest.mark.parametrize("loops", ["asyncio", "uvloop"])
def test_what_came_while_we_were_late_is_heard(healthy: str, loops: str) -> None:
    """The answer lay in the socket when the story's time was over: the call was answered, and is not in doubt."""

    async def story() -> Any:
        hop = Upstream(healthy)
        await hop.start()
        assert isinstance(await hop.send(wish(), nothing_late), Heard)
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()

        def busy() -> None:
            ours.recv(1)
            time.sleep(0.5)

        loop.add_reader(ours, busy)  # a loop may look at its clock before it looks at its other sockets again
        loop.call_later(0.05, theirs.send, b"x")
        ending = await hop.send(wish(0.3, request=Request("POST", "/thoughtful", body=b"{}")), nothing_late)
        loop.remove_reader(ours)
        ours.close(), theirs.close()
        await hop.stop(0.0)
        return ending

    with asyncio.Runner(loop_factory=_on(loops)) as runner:
        assert isinstance(runner.run(story()), Heard)


@pytest.mark.parametrize("loops", ["asyncio", "uvloop"])
@pytest.mark.parametrize("pauses", [1, 4])
def test_a_connection_that_we_were_too_late_to_take_is_not_missed(healthy: str, loops: str, pauses: int) -> None:
    """The wallet took it at once; that we looked when its time was over says nothing of the wallet."""

    async def story() -> Any:
        loop = asyncio.get_running_loop()
        hop = Upstream(healthy)
        await hop.start()

        def late(left: int) -> None:
            time.sleep(0.5)
            if left > 1:
                loop.call_soon(late, left - 1)

        asking = asyncio.create_task(hop.send(wish(5.0), nothing_late))
        await asyncio.sleep(0)
        loop.call_soon(late, pauses)
        ending = await asking
        await hop.stop(0.0)
        return ending

    with asyncio.Runner(loop_factory=_on(loops)) as runner:
        assert isinstance(runner.run(story()), Heard)
