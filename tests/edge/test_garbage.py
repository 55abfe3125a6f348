"""The garbage collector looks seldom: which is right as long as callbacks leave nothing for it to find."""

import asyncio
import gc
from typing import Any

import pytest

from gateway.edge.garbage import SELDOM, settle
from gateway.exchange.wishes import Answer, Send
from gateway.wire.message import Heard, Request, Response

ASK = b"POST /acme/bet HTTP/1.1\r\nHost: gateway\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def collector() -> Any:
    """Put back as it was."""
    kept = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*kept)
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


def test_what_is_loaded_is_looked_through_no_more(collector: None) -> None:
    """Everything that is there is taken out of the collector's sight."""
    settle()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold() == SELDOM


async def test_a_callback_leaves_no_cycle(
    collector: None, wallet: Any, upstream: Any, gateway: Any, eventually: Any
) -> None:
    """Two hundred callbacks on one connection, each with a call to the wallet: not one object waits for the collector.

    Fails when a callback leaves an exception that holds its own frame, or two objects that hold each other.
    """
    loop = asyncio.get_running_loop()

    def tell(request: Request, journey: Any) -> Any:
        heard = yield Send(Request("POST", "/bet", body=b"{}"), loop.time() + 5, loop.time() + 5)
        assert isinstance(heard, Heard)
        yield Answer(Response(200, (("Content-Type", "text/plain"),), b"done"))

    one = await gateway(tell, await upstream((await wallet()).url))
    reader, writer = await asyncio.open_connection(one.host, one.port)

    async def callback() -> None:
        writer.write(ASK)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        assert await reader.readexactly(4) == b"done"

    await callback()
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    for _ in range(200):
        await callback()
    await eventually(lambda: len(one.lines()) == 201)
    gc.collect()
    ours = [each for each in gc.garbage if type(each).__module__.split(".")[0] in ("gateway", "aiohttp")]
    assert ours == []
    writer.close()
