"""Connections before their TLS handshake: counted for a client, bounded over all, timed, and told of in a metric."""

import asyncio
import resource
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from gateway.edge.clients import Clients
from gateway.edge.secrets import Reference
from gateway.edge.surface import ServerTls
from gateway.edge.tls import serving
from tests.edge.callbacks import OK, plain, post
from tests.edge.certificates import Authority

Play = Callable[[Any], Awaitable[None]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, and what it has signed."""
    folder = tmp_path_factory.mktemp("handshakes")
    Authority(folder).signs("server")
    return folder


@pytest.fixture(params=["asyncio", "uvloop"])
def played(request: pytest.FixtureRequest, make_gateway: Any, files: Path) -> Callable[..., None]:
    """`played(play, **options)`: a gateway with TLS for one play, on either event loop."""
    factory = pytest.importorskip("uvloop").new_event_loop if request.param == "uvloop" else asyncio.SelectorEventLoop
    part = ServerTls(certificate=Path("server.pem"), key=Reference(file=Path("server.key")))

    def run(play: Play, **options: Any) -> None:
        async def whole() -> None:
            one = await make_gateway(plain, tls=serving(part, files), **options).begin()
            try:
                await play(one)
            finally:
                await one.server.stop()
            assert not one.server._clients._held, "a connection was not given back"

        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(whole())

    return run


@contextmanager
def silent(one: Any, count: int) -> Iterator[list[socket.socket]]:
    """So many connections that begin no handshake; the gateway has not yet had a turn when all of them are there."""
    opened = [socket.create_connection((one.host, one.port)) for _ in range(count)]
    for each in opened:
        each.setblocking(False)
    try:
        yield opened
    finally:
        for each in opened:
            each.close()


def closed(sock: socket.socket) -> bool:
    """Whether the gateway has closed it."""
    try:
        return sock.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


async def opened(one: Any, files: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A provider's connection, its handshake over."""
    believes = ssl.create_default_context(cafile=str(files / "ca.pem"))
    return await asyncio.open_connection(one.host, one.port, ssl=believes)


async def asked(one: Any, files: Path) -> bytes:
    """What a whole callback hears; nothing where the connection is not wanted."""
    try:
        reader, writer = await opened(one, files)
        writer.write(post())
        heard = await reader.read()
    except (ConnectionError, ssl.SSLError):
        return b""
    writer.close()
    return heard


def failures(one: Any) -> Any:
    """How many handshakes ended badly."""
    return one.sample("gateway_failed_handshakes_total")


def test_an_answer_over_tls_is_a_delivery(played: Any, files: Path, eventually: Any) -> None:
    """The socket has it at once, and the books say so; the connection is kept."""

    async def play(one: Any) -> None:
        reader, writer = await opened(one, files)
        for number in (1, 2):
            writer.write(post().replace(b"Connection: close\r\n", b""))
            assert (await reader.readuntil(OK.body)).endswith(OK.body)
            await eventually(lambda number=number: len(one.lines()) == number)
        writer.close()
        assert [line["told"] for line in one.lines()] == ["in_time"] * 2

    played(play, write_deadline=0.5)


def test_who_is_silent_before_a_handshake_is_counted(played: Any, files: Path, eventually: Any) -> None:
    """Twice as many as a client may have, then no more of him; when they are gone, he is welcome again."""

    async def play(one: Any) -> None:
        with silent(one, 6) as crowd:
            await eventually(lambda: sum(map(closed, crowd)) == 2)
            assert [closed(each) for each in crowd] == [False] * 4 + [True] * 2
            assert one.server._clients._held == {"127.0.0.1": 4}
            assert await asked(one, files) == b""
        await eventually(lambda: not one.server._clients._held)
        assert (await asked(one, files)).endswith(OK.body)

    played(play, clients=Clients(most=2))


def test_a_handshake_that_ends_well_is_counted_once(played: Any, files: Path, eventually: Any) -> None:
    """From the accept to the end of the connection, and never twice in between."""

    async def play(one: Any) -> None:
        pairs = [await opened(one, files) for _ in range(2)]
        assert one.server._clients._held == {"127.0.0.1": 2}
        assert await asked(one, files) == b""
        for (reader, writer), heard in zip(pairs, (b"refused", OK.body), strict=True):
            writer.write(post())
            assert (await reader.read()).endswith(heard)
            writer.close()
        await eventually(lambda: not one.server._clients._held)
        assert (await asked(one, files)).endswith(OK.body)
        assert failures(one) == 0

    played(play, clients=Clients(most=1))


@pytest.mark.parametrize("proxies", [(), (ip_network("127.0.0.0/8"),)])
def test_the_oldest_handshake_makes_room(
    played: Any, files: Path, eventually: Any, monkeypatch: pytest.MonkeyPatch, proxies: Any
) -> None:
    """Whoever they are of, a declared proxy's too; an honest one is let in beside them."""
    monkeypatch.setattr("gateway.edge.handshakes.MOST", 3)

    async def play(one: Any) -> None:
        with silent(one, 8) as crowd:
            await eventually(lambda: sum(map(closed, crowd)) == 5)
            assert [closed(each) for each in crowd] == [True] * 5 + [False] * 3
            await eventually(lambda: failures(one) == 5)
            assert (await asked(one, files)).endswith(OK.body)
            assert [closed(each) for each in crowd] == [True] * 6 + [False] * 2

    played(play, clients=Clients(proxies))


def test_what_is_no_handshake_or_late_is_told(played: Any, files: Path, eventually: Any) -> None:
    """Plain HTTP, one that hangs up, and one that drips; a good one is not counted."""

    async def play(one: Any) -> None:
        assert b"HTTP" not in await one.talk(post())
        await eventually(lambda: failures(one) == 1)
        with silent(one, 1):
            await asyncio.sleep(0.02)
        await eventually(lambda: failures(one) == 2)
        with silent(one, 1) as (late,):
            late.send(b"\x16\x03\x01")
            await eventually(lambda: closed(late))
        await eventually(lambda: failures(one) == 3)
        assert (await asked(one, files)).endswith(OK.body)
        assert failures(one) == 3
        assert one.sample("gateway_garbled_heads_total") == 0

    played(play, head_within=0.5)


def test_a_crowd_is_not_taken_in_one_turn(played: Any, eventually: Any) -> None:
    """Whoever is served already has a turn in between, however many wait."""

    async def play(one: Any) -> None:
        loop, seen = asyncio.get_running_loop(), set()

        def look() -> None:
            seen.add(one.server._clients._held["127.0.0.1"])
            loop.call_soon(look)

        with silent(one, 200):
            look()
            await eventually(lambda: 200 in seen)
        assert seen - {0, 200}

    played(play)


def test_without_a_file_left_it_goes_on_later(
    played: Any, files: Path, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who knocks while nobody can be taken in is taken in afterwards."""
    monkeypatch.setattr("gateway.edge.handshakes._AGAIN", 0.05)

    async def play(one: Any) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with silent(one, 1) as (first,), socket.socket() as knocking:
            await eventually(lambda: one.server._clients._held == {"127.0.0.1": 1})
            with socket.socket() as last:
                resource.setrlimit(resource.RLIMIT_NOFILE, (last.fileno() + 1, hard))
                try:
                    knocking.connect((one.host, one.port))
                    await asyncio.sleep(0.2)
                    assert one.server._clients._held == {"127.0.0.1": 1}
                finally:
                    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert not closed(first)
            await eventually(lambda: one.server._clients._held == {"127.0.0.1": 2})
        assert (await asked(one, files)).endswith(OK.body)

    played(play)


def test_a_stop_ends_the_handshakes(played: Any, eventually: Any) -> None:
    """Nobody waits for who says nothing, and nobody is left behind."""

    async def play(one: Any) -> None:
        with silent(one, 3) as crowd:
            await eventually(lambda: one.server._clients._held == {"127.0.0.1": 3})
            await one.server.stop()
            assert not one.server._clients._held
            await eventually(lambda: all(map(closed, crowd)))

    played(play, head_within=60.0)
