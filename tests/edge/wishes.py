"""Wishes for the wallet and the plainest faults of a scripted one, for tests of the hop."""

import asyncio
from typing import Any

from gateway.exchange.wishes import Send
from gateway.wire.message import Request

BET = Request("POST", "/bet", "", (("Content-Type", "application/json"), ("X-Key", "k1")), b'{"amount":"1.00"}')


def wish(seconds: float = 1.0, patience: float = 2.0, request: Request = BET, late: Any = None) -> Send:
    """A Send with times from now."""
    now = asyncio.get_running_loop().time()
    return Send(request, now + seconds, now + patience, late)


async def nothing_late(flow: Any) -> None:
    """For calls that are over in time."""
    raise AssertionError("no late story was expected")


async def reply(wallet: Any, reader: Any, writer: Any, raw: bytes, *, close: bool = True) -> None:
    """Read one request, send *raw*."""
    await wallet.read(reader)
    writer.write(raw)
    await writer.drain()
    if not close:
        await asyncio.sleep(30)


async def hang(wallet: Any, reader: Any, writer: Any) -> None:
    """Take the request and say nothing."""
    await wallet.read(reader)
    await asyncio.sleep(30)
