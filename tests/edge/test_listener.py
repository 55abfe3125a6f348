"""The public socket: what is not HTTP, kept connections, and when a write is a delivery."""

import asyncio
import socket
import struct
from typing import Any

import pytest

from gateway.exchange.wishes import Answer, Delivery
from gateway.wire.message import Request, Response
from tests.edge.callbacks import OK, plain, post


async def test_what_is_not_http_gets_an_empty_400(gateway: Any) -> None:
    """aiohttp's own page would echo what a stranger sent, and so would its log."""
    one = await gateway(plain)
    raw = await one.talk(b"GET /<canary> HTTP/1.1\r\nHost : x\r\n\r\n")
    assert raw == b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    assert b"canary" not in one.out.getvalue()
    assert one.sample("gateway_garbled_heads_total") == 1


async def test_broken_chunk_framing_is_refused_in_the_dialect(gateway: Any) -> None:
    """The head parsed, so the story answers; aiohttp does not tell the reader, so the body's deadline does."""
    one = await gateway(plain, body_deadline=0.2)
    raw = await one.talk(b"POST /acme/bet HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n")
    assert raw.count(b"HTTP/1.1") == 1
    assert raw.endswith(b"refused")
    assert one.refusals[0][1] == "busy"


async def test_http_1_0_is_answered_and_closed(gateway: Any) -> None:
    """An older proxy speaks HTTP/1.0 to us by default."""
    one = await gateway(plain)
    raw = await one.talk(b"POST /acme/bet HTTP/1.0\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
    assert raw.startswith(b"HTTP/1.0 200 OK\r\n")
    assert raw.endswith(OK.body)


async def test_kept_connections_and_pipelining(gateway: Any) -> None:
    """Two calls in one write get two answers in order."""
    count = iter(range(10))

    def numbered(request: Request, journey: Any) -> Any:
        yield Answer(Response(200, (), b"%d" % next(count)))

    one = await gateway(numbered)
    call = b"POST /acme/bet HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
    raw = await one.talk(call + post())
    assert raw.count(b"HTTP/1.1 200 OK") == 2
    assert raw.index(b"\r\n\r\n0") < raw.index(b"\r\n\r\n1")


async def test_a_silent_connection_is_closed(gateway: Any) -> None:
    """The keep-alive time also bounds a head that never ends."""
    one = await gateway(plain, keepalive=0.2)
    assert await one.talk(b"") == b""
    assert await one.talk(b"POST /acme/bet HT") == b""


async def test_a_provider_that_does_not_take_its_answer_is_given_up(gateway: Any, eventually: Any) -> None:
    """A full window is not a delivery; after the write deadline the connection is aborted."""
    deliveries: list[Any] = []

    def story(request: Request, journey: Any) -> Any:
        deliveries.append((yield Answer(Response(200, (), b"x" * 30_000_000))))

    one = await gateway(story, write_deadline=0.3)
    with socket.create_connection((one.host, one.port)) as sock:
        sock.sendall(post())
        await eventually(one.lines)
    assert deliveries == [Delivery(None)]
    assert one.lines()[0]["told"] == "gone"


async def test_the_pure_python_parser_is_refused(gateway: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most request-smuggling holes were in it."""
    from gateway.edge import listener

    monkeypatch.setattr(listener, "HttpRequestParser", listener.HttpRequestParserPy)
    with pytest.raises(listener.ParserMissing):
        await gateway(plain)


def test_delivery_on_uvloop(make_gateway: Any, eventually: Any) -> None:
    """uvloop writes at the end of a turn: a delivery still means that the socket has every byte."""
    uvloop = pytest.importorskip("uvloop")
    deliveries: list[Any] = []

    def story(request: Request, journey: Any) -> Any:
        deliveries.append((yield Answer(Response(200, (), b"x" * (30_000_000 if request.path == "/big" else 3)))))

    async def both() -> None:
        one = await make_gateway(story, write_deadline=0.3).begin()
        assert (await one.talk(post())).endswith(b"xxx")
        with socket.create_connection((one.host, one.port)) as sock:
            sock.sendall(post("/acme/big"))
            await eventually(lambda: len(deliveries) == 2)
        await one.server.stop()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(both())
    assert deliveries[0].at is not None
    assert deliveries[1] == Delivery(None)


async def test_a_drained_write_has_left_our_own_buffers(gateway: Any) -> None:
    """The transport's buffer counts as full from the first byte, so waiting for it means that the socket has all."""
    limits: list[tuple[int, int]] = []

    def story(request: Request, journey: Any) -> Any:
        (connection,) = one.server._listener._server.connections
        limits.append(connection.transport.get_write_buffer_limits())
        yield Answer(OK)

    one = await gateway(story)
    await one.talk(post())
    assert limits == [(0, 0)]


def test_a_reset_before_the_answer_is_no_delivery_on_uvloop(make_gateway: Any, eventually: Any) -> None:
    """The write to a dead socket is noticed there as well."""
    uvloop = pytest.importorskip("uvloop")
    deliveries: list[Any] = []

    def story(request: Request, journey: Any) -> Any:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
        deliveries.append((yield Answer(OK)))

    async def play() -> None:
        nonlocal sock
        one = await make_gateway(story).begin()
        sock = socket.create_connection((one.host, one.port))
        sock.sendall(post())
        await eventually(one.lines)
        await one.server.stop()

    sock = socket.socket()
    sock.close()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(play())
    assert deliveries == [Delivery(None)]
