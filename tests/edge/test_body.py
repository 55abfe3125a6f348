"""Bodies on real sockets: bounds of size and time, and what is refused in the dialect."""

import asyncio
from typing import Any

import pytest

from tests.edge.callbacks import OK, plain, post


async def test_too_large_by_its_length_is_refused_unread(gateway: Any) -> None:
    """The announcement is enough: the answer comes before a single byte of the body."""
    one = await gateway(plain)
    raw = await one.talk(b"POST /acme/bet HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n")
    assert raw.endswith(b"\r\n\r\nrefused")
    assert b"Connection: close" in raw
    assert one.refusals == [("acme", "request_invalid", "the body is larger than 65536 bytes")]


async def test_a_body_at_the_limit_is_taken(gateway: Any) -> None:
    """64 KiB exactly, by length and in chunks."""
    one = await gateway(plain)
    await one.talk(post(body=b"x" * 65536))
    head = b"POST /acme/bet HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    await one.talk(head + (b"4000\r\n" + b"x" * 0x4000 + b"\r\n") * 4 + b"0\r\n\r\n")
    assert [len(request.body) for _, request in one.requests] == [65536, 65536]


async def test_too_large_in_chunks_is_refused_when_counted(gateway: Any) -> None:
    """Chunks are counted as they come; the rest is not waited for."""
    one = await gateway(plain)
    head = b"POST /acme/bet HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    raw = await one.talk(head + (b"4000\r\n" + b"x" * 0x4000 + b"\r\n") * 5)
    assert raw.endswith(b"refused")
    assert one.refusals == [("acme", "request_invalid", "the body is larger than 65536 bytes")]


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_dripping_body_is_cut_at_the_deadline(gateway: Any, chunked: bool) -> None:
    """aiohttp has no time limit on a body; ours holds for the whole of it, and the refusal may come again."""
    one = await gateway(plain, body_deadline=0.3)
    reader, writer = await asyncio.open_connection(one.host, one.port)
    framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 100"
    writer.write(b"POST /acme/bet HTTP/1.1\r\nHost: x\r\n" + framing + b"\r\n\r\n")

    async def drip() -> None:
        while True:
            writer.write(b"1\r\nx\r\n" if chunked else b"x")
            await asyncio.sleep(0.02)

    task = asyncio.create_task(drip())
    answer = await asyncio.wait_for(reader.readuntil(b"refused"), 5)
    task.cancel()
    writer.close()
    assert answer.endswith(b"refused")
    assert one.refusals == [("acme", "busy", "the body took longer than 0.3 s")]


async def test_a_body_that_never_comes_is_cut_at_the_deadline(gateway: Any) -> None:
    """A head and silence."""
    one = await gateway(plain, body_deadline=0.2)
    raw = await one.talk(b"POST /acme/bet HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
    assert raw.endswith(b"refused")
    assert one.refusals[0][1] == "busy"


async def test_a_body_that_breaks_off_is_refused_to_nobody(gateway: Any, eventually: Any) -> None:
    """The provider closes amid its body: one refused story, told as gone."""
    one = await gateway(plain)
    _reader, writer = await asyncio.open_connection(one.host, one.port)
    writer.write(b"POST /acme/bet HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
    await asyncio.sleep(0.05)
    writer.close()
    await eventually(one.lines)
    assert one.refusals[0][1] == "busy"
    assert one.lines()[0]["told"] == "gone"


@pytest.mark.parametrize(
    ("extra", "why"),
    [
        ("Content-Encoding: gzip", "Content-Encoding is not accepted"),
        ("Content-Encoding: identity", "Content-Encoding is not accepted"),
        ("Content-Encoding:", "Content-Encoding is not accepted"),
        ("Upgrade: websocket", "an upgrade of the connection was asked for"),
        ("Upgrade: TLS/1.3", "an upgrade of the connection was asked for"),
        ("Upgrade: h2c, websocket", "an upgrade of the connection was asked for"),
        ("Upgrade: h2c\r\nUpgrade: websocket", "an upgrade of the connection was asked for"),
    ],
)
async def test_what_we_do_not_do_is_refused_in_the_dialect(gateway: Any, extra: str, why: str) -> None:
    """Packed bodies and upgrades are refused by a story of their own, whatever the body holds."""
    one = await gateway(plain)
    raw = await one.talk(post("/acme/bet", b"{}", extra))
    assert raw.endswith(b"refused")
    assert one.refusals == [("acme", "request_invalid", why)]


async def test_other_transfer_codings_are_refused(gateway: Any) -> None:
    """aiohttp takes `gzip, chunked`; we do not."""
    one = await gateway(plain)
    raw = await one.talk(
        b"POST /acme/bet HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    )
    assert raw.endswith(b"refused")


async def test_an_h2c_offer_is_passed_over(gateway: Any) -> None:
    """Java's client offers HTTP/2 with every cleartext call; not taking an offer is allowed."""
    one = await gateway(plain)
    raw = await one.talk(
        post("/acme/bet", b"{}", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA")
    )
    assert raw.endswith(OK.body)
    assert one.requests[0][1].body == b"{}"


async def test_expect_100_continue_is_answered(gateway: Any) -> None:
    """curl waits for it before it sends a larger body; a refusal by length comes instead of it."""
    one = await gateway(plain)
    reader, writer = await asyncio.open_connection(one.host, one.port)
    writer.write(
        b"POST /acme/bet HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    )
    assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2) == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"{}")
    assert (await reader.read()).endswith(OK.body)
    writer.close()
    raw = await one.talk(b"POST /acme/bet HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999\r\n\r\n")
    assert raw.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("POST /acme/bet HTTP/1.0\r\nHost: x", "HTTP/1.0 without Content-Length: nobody can tell where the body ends"),
        (
            "POST /acme/bet HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked",
            "HTTP/1.0 has no Transfer-Encoding",
        ),
        ("POST /acme/bet HTTP/2.0\r\nHost: x", "the HTTP version is neither 1.0 nor 1.1"),
        ("POST /acme/bet HTTP/0.9\r\nHost: x", "the HTTP version is neither 1.0 nor 1.1"),
    ],
)
async def test_versions_that_leave_the_end_open_are_refused_in_the_dialect(gateway: Any, head: str, why: str) -> None:
    """A body without a length ends with its connection, or not at all: nginx and we could part over it."""
    one = await gateway(plain)
    raw = await one.talk(head.encode() + b"\r\n\r\n")
    assert raw.endswith(b"refused"), raw
    assert one.refusals == [("acme", "request_invalid", why)]


async def test_a_get_of_http_1_0_needs_no_length(gateway: Any) -> None:
    """It has no body: what an older proxy makes of a dialect that asks by GET."""
    one = await gateway(plain)
    raw = await one.talk(b"GET /acme/bet?a=1 HTTP/1.0\r\nHost: x\r\n\r\n")
    assert raw.endswith(OK.body)
