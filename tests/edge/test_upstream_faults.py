"""Every fault after the request has left, on a real socket: Silence, and how often the wallet saw the request."""

import asyncio
from typing import Any

import pytest

from gateway.edge.carry import Hop
from gateway.wire.message import Silence
from tests.edge.wishes import hang, nothing_late, reply, wish


async def reset_before_reading(wallet: Any, reader: Any, writer: Any) -> None:
    """Accept and reset."""
    wallet.reset(writer)


async def reset_after_reading(wallet: Any, reader: Any, writer: Any) -> None:
    """Take the request, then reset."""
    await wallet.read(reader)
    wallet.reset(writer)


async def close_after_reading(wallet: Any, reader: Any, writer: Any) -> None:
    """Take the request, then close in peace."""
    await wallet.read(reader)


async def half_body(wallet: Any, reader: Any, writer: Any) -> None:
    """Ten bytes announced, four sent."""
    await reply(wallet, reader, writer, b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")


async def half_chunks(wallet: Any, reader: Any, writer: Any) -> None:
    """Chunks without the last one."""
    await reply(wallet, reader, writer, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")


async def endless(wallet: Any, reader: Any, writer: Any) -> None:
    """A body that only the closed connection ends: it may be torn."""
    await reply(wallet, reader, writer, b'HTTP/1.1 200 OK\r\n\r\n"ok"')


async def drip(wallet: Any, reader: Any, writer: Any) -> None:
    """A byte now and then."""
    await reply(wallet, reader, writer, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", close=True)
    for _ in range(1000):
        writer.write(b"x")
        await asyncio.sleep(0.02)


async def oversize(wallet: Any, reader: Any, writer: Any) -> None:
    """A length beyond the limit."""
    await reply(wallet, reader, writer, b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70000)


async def oversize_chunks(wallet: Any, reader: Any, writer: Any) -> None:
    """Chunks beyond the limit."""
    chunk = b"1000\r\n" + b"x" * 0x1000 + b"\r\n"
    await reply(wallet, reader, writer, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 20)


async def garbage(wallet: Any, reader: Any, writer: Any) -> None:
    """Not HTTP."""
    await reply(wallet, reader, writer, b"\x00\x01 what\r\n\r\n")


async def head_only(wallet: Any, reader: Any, writer: Any) -> None:
    """A head, then nothing."""
    await reply(wallet, reader, writer, b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", close=False)


SILENT = [
    (hang, 1),
    (reset_before_reading, 0),
    (reset_after_reading, 1),
    (close_after_reading, 1),
    (half_body, 1),
    (half_chunks, 1),
    (endless, 1),
    (drip, 1),
    (oversize, 1),
    (oversize_chunks, 1),
    (garbage, 1),
    (head_only, 1),
]


@pytest.mark.parametrize(("behaviour", "seen"), SILENT, ids=lambda value: getattr(value, "__name__", str(value)))
async def test_what_left_and_was_not_answered_whole_is_silence(
    wallet: Any, upstream: Any, behaviour: Any, seen: int
) -> None:
    """Once the request has left, anything short of a whole answer is Silence, and it is never sent twice."""
    there = await wallet(behaviour)
    hop: Hop = await upstream(there.url)
    ending = await hop.send(wish(0.3), nothing_late)
    assert isinstance(ending, Silence), ending
    await asyncio.sleep(0.05)
    assert len(there.seen) == seen
    assert there.connections == 1
