"""A kept connection and the pool of them, on real sockets: what may be used again, and what may not."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.edge.pool import Pool
from gateway.edge.upstream import Upstream
from gateway.wire.message import Heard, NotSent, Request, Response, Silence, Unreachable
from tests.edge.wishes import nothing_late, wish

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def saying(*answers: bytes, pause: float = 0.0) -> Any:
    """A wallet that says these, one after each request, whatever it is; in two pieces where there is a *pause*."""

    async def behaviour(one: Any, reader: Any, writer: Any) -> None:
        for answer in answers:
            await one.read(reader)
            if pause:
                writer.write(answer[: len(answer) // 2])
                await asyncio.sleep(pause)
                answer = answer[len(answer) // 2 :]
            writer.write(answer)
        await asyncio.sleep(30)

    return behaviour


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    """A certificate of its own for `localhost`, and its key: the names of two files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "chain.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(secret)
    return str(tmp_path / "chain.pem"), str(tmp_path / "key.pem")


async def asked(wallet: Any, upstream: Any, behaviour: Any, times: int = 2, **options: Any) -> tuple[Any, list[Any]]:
    """The wallet, and how *times* calls to it ended."""
    there = await wallet(behaviour)
    hop = await upstream(there.url, **options)
    endings = []
    for _ in range(times):
        endings.append(await hop.send(wish(0.5, 0.5), nothing_late))
        await asyncio.sleep(0.02)
    return there, endings


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nX-Trailer: no\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    ],
    ids=["a length", "hints before it", "chunks and a trailer", "204", "304"],
)
@pytest.mark.parametrize("pause", [0.0, 0.02])
async def test_an_answer_that_ends_by_itself_leaves_its_connection(
    wallet: Any, upstream: Any, answer: bytes, pause: float
) -> None:
    """Whole, in one piece or in two: the next call goes the same way."""
    there, endings = await asked(wallet, upstream, saying(answer, answer, pause=pause))
    assert all(isinstance(each, Heard) for each in endings), endings
    assert there.connections == 1
    assert all(name not in ("X-Trailer", "Link") for each in endings for name, _ in each.response.headers)


@pytest.mark.parametrize(
    "answer",
    [
        OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
        OK.replace(b"HTTP/1.1", b"HTTP/1.0"),
        OK + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged",
        OK + b"\x00\x01",
    ],
    ids=["close", "1.0", "a second answer", "bytes after it"],
)
async def test_an_answer_with_something_behind_it_is_heard_and_its_connection_is_not_used_again(
    wallet: Any, upstream: Any, answer: bytes
) -> None:
    """What comes after an answer would be taken for the next one."""
    there, endings = await asked(wallet, upstream, saying(answer))
    assert [each.response.body for each in endings] == [b"ok", b"ok"]
    assert there.connections == 2


async def test_bytes_that_nobody_asked_for_close_an_idle_connection(wallet: Any, upstream: Any) -> None:
    """An answer before its question is no answer to the next one."""

    async def eager(one: Any, reader: Any, writer: Any) -> None:
        await one.read(reader)
        writer.write(OK)
        await asyncio.sleep(0.01)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
        await asyncio.sleep(30)

    there, endings = await asked(wallet, upstream, eager)
    assert [each.response.body for each in endings] == [b"ok", b"ok"]
    assert there.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
    ],
    ids=["upgrade", "no chunks", "both lengths", "two lengths", "signed", "bare line feeds", "a long line", "lines"],
)
async def test_an_answer_whose_end_cannot_be_told_is_silence(wallet: Any, upstream: Any, answer: bytes) -> None:
    """Nothing of it is believed, and its connection is closed."""
    there, endings = await asked(wallet, upstream, saying(answer))
    assert all(isinstance(each, Silence) for each in endings), endings
    assert not any("in time" in each.why for each in endings), "it was waited for"
    assert there.connections == 2


async def test_a_connection_that_the_server_closed_while_idle_is_not_used(wallet: Any, upstream: Any) -> None:
    """The next call makes its own."""

    async def once(one: Any, reader: Any, writer: Any) -> None:
        await one.read(reader)
        writer.write(OK)

    there, endings = await asked(wallet, upstream, once)
    assert all(isinstance(each, Heard) for each in endings)
    assert there.connections == 2


async def test_a_connection_that_lay_idle_for_too_long_is_closed(wallet: Any, upstream: Any, eventually: Any) -> None:
    """By itself, whether or not anybody asks again; those in use stay."""
    there = await wallet()
    hop = await upstream(there.url, keepalive=0.05)
    await asyncio.gather(*(hop.send(wish(), nothing_late) for _ in range(3)))
    assert len(hop._pool._open) == 3
    await eventually(lambda: not hop._pool._open)
    assert isinstance(await hop.send(wish(), nothing_late), Heard)
    assert there.connections == 4


async def test_never_more_connections_than_allowed_and_each_in_its_turn(wallet: Any, upstream: Any) -> None:
    """Twenty calls over two connections: all are heard, and nobody waits for a connection that is free."""
    there = await wallet()
    hop = await upstream(there.url, connections=2, pool_timeout=5.0)
    endings = await asyncio.gather(*(hop.send(wish(), nothing_late) for _ in range(20)))
    assert all(isinstance(each, Heard) for each in endings)
    assert there.connections == 2
    assert hop._pool._lent == 0


async def test_whoever_waits_for_a_connection_and_gives_up_costs_none(wallet: Any, upstream: Any) -> None:
    """Cancelled in the line, or too late in it: the connection goes to the next."""
    there = await wallet(saying(OK, OK, OK, pause=0.05))
    hop = await upstream(there.url, connections=1, pool_timeout=0.3)
    first = asyncio.create_task(hop.send(wish(), nothing_late))
    await asyncio.sleep(0.01)
    leaves = asyncio.create_task(hop.send(wish(), nothing_late))
    late = asyncio.create_task(hop.send(wish(0.02), nothing_late))
    stays = asyncio.create_task(hop.send(wish(), nothing_late))
    await asyncio.sleep(0.01)
    leaves.cancel()
    assert isinstance(await late, NotSent)
    assert isinstance(await first, Heard)
    assert isinstance(await stays, Heard)
    assert (there.connections, len(there.seen), hop._pool._lent) == (1, 2, 0)


async def test_leave_that_comes_in_the_moment_of_giving_up_is_passed_on(wallet: Any) -> None:
    """Whoever is cancelled just after its turn came does not take a connection along."""
    there = await wallet()
    pool = Pool("127.0.0.1", there.port, False, most=1, free_within=9, made_within=1, keepalive=9, answer_limit=99)
    first = await pool.one()
    waiting = asyncio.create_task(pool.one())
    await asyncio.sleep(0)
    pool.back(first)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert waiting.cancelled()
    assert await asyncio.wait_for(pool.one(), 1) is first
    pool.close()


@pytest.mark.parametrize("part", ["/a b", "/a\r\nX-B: c", "/a\0"])
async def test_a_path_that_would_be_another_message_sends_nothing(wallet: Any, upstream: Any, part: str) -> None:
    """The connection that was ready for it serves the next."""
    there = await wallet()
    hop = await upstream(there.url)
    assert isinstance(await hop.send(wish(), nothing_late), Heard)
    assert isinstance(await hop.send(wish(request=Request("POST", part)), nothing_late), NotSent)
    assert isinstance(await hop.send(wish(), nothing_late), Heard)
    assert (there.connections, len(there.seen)) == (1, 2)


async def test_a_server_without_tls_is_not_asked_over_tls(wallet: Any, upstream: Any) -> None:
    """Nothing of the request left, encrypted or not."""
    there = await wallet()
    hop = await upstream(there.url.replace("http:", "https:"), connect_timeout=1.0)
    assert isinstance(await hop.send(wish(2.0), nothing_late), Unreachable)
    assert there.seen == []


async def test_tls_with_a_certificate_that_is_trusted(
    certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same hop over TLS: heard, and the name in the certificate is checked."""
    chain, key = certificate
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(chain, key)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=served)
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setenv("SSL_CERT_FILE", chain)
    for host, kind in (("localhost", Heard), ("127.0.0.1", Unreachable)):
        hop = Upstream(f"https://{host}:{port}", connect_timeout=5.0)
        await hop.start()
        ending = await hop.send(wish(8.0, request=Request("POST", "/bet")), nothing_late)
        await hop.stop(0.0)
        assert isinstance(ending, kind), ending
    server.close()


async def test_a_name_with_a_dead_first_address(wallet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second address is tried; both dead: why, with the machine's word for it."""
    there = await wallet()
    dead = ("127.0.0.2", there.port)
    found = [(2, 1, 6, "", dead), (2, 1, 6, "", ("127.0.0.1", there.port))]

    async def resolved(*_: Any, **__: Any) -> Any:
        return found

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolved)
    pool = Pool("two", there.port, False, most=1, free_within=1, made_within=1, keepalive=9, answer_limit=99)
    heard: asyncio.Queue[Any] = asyncio.Queue()
    (await pool.one()).ask(b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", heard.put_nowait)
    assert isinstance(await heard.get(), Response | Exception)
    pool.close()
    found[1] = (2, 1, 6, "", ("127.0.0.3", there.port))
    with pytest.raises(ConnectionRefusedError):
        await Pool("two", there.port, False, most=1, free_within=1, made_within=1, keepalive=9, answer_limit=9).one()


async def test_a_connection_that_comes_in_the_moment_of_giving_up_is_closed(wallet: Any, monkeypatch: Any) -> None:
    """Whoever wanted it was cancelled just as it was there: it is not left open for nobody."""
    there = await wallet()
    pool = Pool(
        "127.0.0.1", there.port, False, most=1, free_within=0.1, made_within=1.0, keepalive=15.0, answer_limit=1024
    )
    make, made = pool._make, asyncio.Event()

    async def and_tell() -> Any:
        connection = await make()
        made.set()
        return connection

    monkeypatch.setattr(pool, "_make", and_tell)
    wants = asyncio.create_task(pool.one())
    await made.wait()
    wants.cancel()
    await asyncio.wait({wants})
    assert wants.cancelled()
    await asyncio.sleep(0.05)
    assert (len(pool._open), pool._lent) == (0, 0)
    pool.close()
