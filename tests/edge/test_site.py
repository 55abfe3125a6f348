"""The listeners of our own people: half a head is closed in time, and one address has so many connections."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from gateway.edge import site
from gateway.edge.site import Site


async def _hello(request: web.Request) -> web.Response:
    return web.Response(text="hello")


async def _bug(request: web.Request) -> web.Response:
    raise ValueError("a bug")


@pytest.fixture
async def listening(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[str, int]]:
    """An application of two paths, with a short time for heads and few connections."""
    monkeypatch.setattr(site, "HEAD_WITHIN", 0.3)
    monkeypatch.setattr(site, "MOST", 2)
    app = web.Application()
    app.router.add_get("/", _hello)
    app.router.add_get("/bug", _bug)
    one = Site(app, "127.0.0.1", 0, shutdown_timeout=1.0, keepalive_timeout=75.0)
    yield await one.start()
    await one.stop()


async def _asked(address: tuple[str, int], path: str = "/") -> bytes:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % path.encode())
    try:
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("begun", [b"", b"GET /metr"])
async def test_half_a_head_is_closed(listening: Any, begun: bytes) -> None:
    """Silent from the first, or in the middle; a connection may be idle between two requests for longer."""
    reader, writer = await asyncio.open_connection(*listening)
    writer.write(begun)
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()


async def test_an_idle_connection_is_kept(listening: Any) -> None:
    """A scrape comes every few seconds, and on one connection."""
    reader, writer = await asyncio.open_connection(*listening)
    for _ in range(2):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.5)
    writer.close()


async def test_one_address_has_so_many_connections(listening: Any) -> None:
    """Twice as many as its share, then no more until some are closed."""
    held = [await asyncio.open_connection(*listening) for _ in range(4)]
    assert await _asked(listening) == b""
    for _, writer in held:
        writer.close()
    async with asyncio.timeout(5):
        while not (heard := await _asked(listening)):
            pass  # the gateway has not yet seen them go
    assert heard.endswith(b"hello")


async def test_our_own_people_are_told_what_is_wrong(listening: Any) -> None:
    """A bug is a 500, as aiohttp says it, and not what strangers are told."""
    assert (await _asked(listening, "/bug")).startswith(b"HTTP/1.1 500")
