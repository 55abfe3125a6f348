"""The wallet hop: what is sent, what is heard, what is not sent."""

import asyncio
import socket
from typing import Any

import pytest

from gateway.wire.message import Heard, NotSent, Request, Silence, Unreachable
from tests.edge.wishes import BET, hang, nothing_late, reply, wish


async def test_a_whole_answer_is_heard_with_its_bytes(wallet: Any, upstream: Any) -> None:
    """Heard carries status, headers and body as they came; the wallet got exactly what the Request carries."""
    there = await wallet()
    hop = await upstream(there.url)
    ending = await hop.send(wish(), nothing_late)
    assert isinstance(ending, Heard)
    assert ending.response.status == 200
    assert ("X-From", "wallet") in ending.response.headers
    assert ending.response.body == b'"ok"'
    head, _, body = there.seen[0].partition(b"\r\n\r\n")
    assert body == BET.body
    first, *fields = head.split(b"\r\n")
    assert first == b"POST /wallet/bet HTTP/1.1"
    names = sorted(name.split(b":")[0].lower() for name in fields)
    assert names == [b"content-length", b"content-type", b"host", b"x-key"]


async def test_raw_path_and_query_travel_unchanged(wallet: Any, upstream: Any) -> None:
    """Escapes in path and query are the dialect's: none is added, none is undone."""
    there = await wallet()
    hop = await upstream(there.url)
    await hop.send(wish(request=Request("POST", "/a%2Fb%41", "x=%20&y=a+b&z", (), b"{}")), nothing_late)
    assert there.seen[0].startswith(b"POST /wallet/a%2Fb%41?x=%20&y=a+b&z HTTP/1.1\r\n")


async def test_an_empty_body_and_no_content_type(wallet: Any, upstream: Any) -> None:
    """Without a Content-Type of its own a request travels without one."""
    there = await wallet()
    hop = await upstream(there.url)
    assert isinstance(await hop.send(wish(request=Request("POST", "/bet")), nothing_late), Heard)
    assert b"content-type" not in there.seen[0].lower()


@pytest.mark.parametrize("status", [204, 302, 307, 404, 429, 500, 503])
async def test_any_whole_answer_is_heard_and_no_redirect_is_followed(wallet: Any, upstream: Any, status: int) -> None:
    """What a status means is the dialect's to say; a redirect would ask twice."""

    async def behaviour(one: Any, reader: Any, writer: Any) -> None:
        length = b"" if status == 204 else b"Content-Length: 0\r\n"
        raw = b"HTTP/1.1 %d Odd\r\n%sLocation: http://127.0.0.1:%d/other\r\n\r\n" % (status, length, one.port)
        await reply(one, reader, writer, raw)

    there = await wallet(behaviour)
    hop = await upstream(there.url)
    ending = await hop.send(wish(), nothing_late)
    assert isinstance(ending, Heard)
    assert ending.response.status == status
    assert len(there.seen) == 1


async def test_chunks_and_packed_bodies_arrive_as_they_were_sent(wallet: Any, upstream: Any) -> None:
    """A chunked answer is whole with its last chunk; what is packed stays packed."""

    async def behaviour(one: Any, reader: Any, writer: Any) -> None:
        raw = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
        await reply(one, reader, writer, raw + b"2\r\n\x1f\x8b\r\n3\r\nabc\r\n0\r\n\r\n")

    there = await wallet(behaviour)
    hop = await upstream(there.url)
    ending = await hop.send(wish(), nothing_late)
    assert isinstance(ending, Heard)
    assert ending.response.body == b"\x1f\x8babc"


async def test_a_refused_port_is_not_sent(upstream: Any) -> None:
    """Nobody listens: nothing left."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    hop = await upstream(f"http://127.0.0.1:{port}")
    ending = await hop.send(wish(), nothing_late)
    assert isinstance(ending, Unreachable)
    assert "ECONNREFUSED" in ending.why


async def test_a_name_that_does_not_resolve_is_not_sent(upstream: Any) -> None:
    """No address, nothing left."""
    hop = await upstream("http://wallet.invalid", connect_timeout=2.0)
    assert isinstance(await hop.send(wish(3.0), nothing_late), Unreachable)


async def test_a_full_backlog_is_not_sent(upstream: Any) -> None:
    """A connection that is never accepted by the kernel: nothing left, within the connect timeout."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        await asyncio.sleep(0.05)
        hop = await upstream(f"http://127.0.0.1:{full.getsockname()[1]}", connect_timeout=0.2)
        ending = await hop.send(wish(), nothing_late)
        for filler in fillers:
            filler.close()
    assert isinstance(ending, Unreachable), ending


async def test_an_exhausted_pool_is_not_sent(wallet: Any, upstream: Any) -> None:
    """Waiting for a free connection is waiting before the first byte."""
    there = await wallet(hang)
    hop = await upstream(there.url, connections=1)
    first = asyncio.create_task(hop.send(wish(1.5), nothing_late))
    await asyncio.sleep(0.1)
    ending = await hop.send(wish(1.0), nothing_late)
    assert isinstance(ending, NotSent)
    assert len(there.seen) == 1
    assert isinstance(await first, Silence)


async def test_a_call_that_has_not_left_by_until_never_leaves(wallet: Any, upstream: Any) -> None:
    """The pool frees a slot after `until`: the waiting call must not go out any more."""

    async def slow(one: Any, reader: Any, writer: Any) -> None:
        while True:
            await one.read(reader)
            await asyncio.sleep(0.4)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    there = await wallet(slow)
    hop = await upstream(there.url, connections=1, pool_timeout=5.0)
    first = asyncio.create_task(hop.send(wish(2.0), nothing_late))
    await asyncio.sleep(0.1)
    assert isinstance(await hop.send(wish(0.15), nothing_late), NotSent)
    assert isinstance(await first, Heard)
    await asyncio.sleep(0.6)
    assert len(there.seen) == 1


async def test_no_time_left_and_other_methods_are_not_sent(wallet: Any, upstream: Any) -> None:
    """A deadline in the past asks nobody; nor is a method used that the wallet's dialect does not have."""
    there = await wallet()
    hop = await upstream(there.url)
    assert await hop.send(wish(-0.1), nothing_late) == NotSent("no time left")
    got = await hop.send(wish(request=Request("GET", "/status")), nothing_late)
    assert got == NotSent("only POST is sent here")
    assert there.connections == 0


async def test_a_header_that_cannot_be_said_sends_nothing_a_wallet_reads(wallet: Any, upstream: Any) -> None:
    """A line break in a header value never becomes a second header."""
    there = await wallet()
    hop = await upstream(there.url)
    ending = await hop.send(wish(request=Request("POST", "/bet", "", (("X-Key", "a\r\nX-B: c"),), b"{}")), nothing_late)
    assert isinstance(ending, NotSent | Silence)
    assert there.seen == []


async def test_a_kept_connection_is_used_again(wallet: Any, upstream: Any) -> None:
    """Two calls, one connection."""
    there = await wallet()
    hop = await upstream(there.url)
    for _ in range(2):
        assert isinstance(await hop.send(wish(), nothing_late), Heard)
    assert (there.connections, len(there.seen)) == (1, 2)


async def test_a_dead_kept_connection_is_never_repeated(wallet: Any, upstream: Any) -> None:
    """The wallet answers once and closes as the second request arrives: Silence, and no third try on the wire."""

    async def once(one: Any, reader: Any, writer: Any) -> None:
        await one.read(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await one.read(reader)
        one.reset(writer)

    there = await wallet(once)
    hop = await upstream(there.url)
    assert isinstance(await hop.send(wish(), nothing_late), Heard)
    assert isinstance(await hop.send(wish(), nothing_late), Silence)
    await asyncio.sleep(0.1)
    assert (there.connections, len(there.seen)) == (1, 2)


async def test_endings_are_counted_with_their_time(wallet: Any, upstream: Any) -> None:
    """on_ending hears each ending once."""
    endings: list[tuple[Any, float]] = []
    there = await wallet()
    hop = await upstream(there.url, on_ending=lambda ending, seconds: endings.append((ending, seconds)))
    await hop.send(wish(), nothing_late)
    await hop.send(wish(-1), nothing_late)
    assert [type(ending) for ending, _ in endings] == [Heard, NotSent]
    assert all(seconds >= 0 for _, seconds in endings)


async def test_no_proxy_of_the_environment_and_no_cookies(
    wallet: Any, upstream: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment cannot divert a wallet call, and the wallet's cookies are not sent back."""

    async def cookies(one: Any, reader: Any, writer: Any) -> None:
        while True:
            await one.read(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")

    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    there = await wallet(cookies)
    hop = await upstream(there.url)
    for _ in range(2):
        assert isinstance(await hop.send(wish(), nothing_late), Heard)
    assert b"cookie" not in there.seen[1].lower()
