"""The public socket's own limits: strangers, too many connections, slow heads, and what start-up refuses."""

import asyncio
import time
from contextlib import suppress
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.edge import listener
from gateway.edge.clients import Clients
from tests.edge.callbacks import OK, plain, post

ELSEWHERE = {"acme": [ip_network("203.0.113.0/24")]}
HERE = [ip_network("127.0.0.0/8")]


async def test_a_stranger_hears_nothing(gateway: Any) -> None:
    """A closed connection, no story, no second line in the log; he is counted."""
    one = await gateway(plain, clients=Clients(allowed=ELSEWHERE))
    for _ in range(3):
        assert await one.talk(post()) == b""
    assert (one.requests, one.refusals, one.lines()) == ([], [], [])
    assert one.sample("gateway_strangers_total", provider="acme") == 3
    assert [line["client"] for line in one.lines("stranger")] == ["127.0.0.1"]


async def test_a_target_in_absolute_form_is_outside_every_mount(gateway: Any) -> None:
    """404 without a word, whatever host it names: what two readers could take for two places is nobody's."""
    one = await gateway(plain)
    assert (await one.talk(post())).startswith(b"HTTP/1.1 200")
    for host in (b"x", b"127.0.0.1", b""):
        said = await one.talk(post().replace(b"POST /", b"POST http://" + host + b"/", 1))
        assert said.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400")), said
        assert said.endswith(b"\r\n\r\n")
    assert len(one.lines()) == 1


async def test_a_client_behind_a_declared_proxy_is_let_in(gateway: Any) -> None:
    """By the address that the proxy has added; what the client wrote himself changes nothing."""
    one = await gateway(plain, clients=Clients(HERE, ELSEWHERE))
    assert (await one.talk(post("/acme/bet", b"{}", "X-Forwarded-For: 203.0.113.9"))).endswith(OK.body)
    assert await one.talk(post("/acme/bet", b"{}", "X-Forwarded-For: 203.0.113.9, 198.51.100.1")) == b""
    assert await one.talk(post()) == b""
    twice = ("X-Forwarded-For: 198.51.100.1", "X-Forwarded-For: 203.0.113.9")
    assert (await one.talk(post("/acme/bet", b"{}", *twice))).endswith(OK.body)
    assert not one.server._clients._held


async def test_a_provider_without_a_list_is_open(gateway: Any) -> None:
    """Lists are each provider's own."""
    speech = SimpleNamespace(name="plain")
    accounts = [SimpleNamespace(name=name, mount=f"/{name}", dialect=speech) for name in ("acme", "open")]
    one = await gateway(plain, providers=accounts, clients=Clients(allowed=ELSEWHERE))
    assert (await one.talk(post("/open/bet"))).endswith(OK.body)
    assert await one.talk(post("/acme/bet")) == b""


async def test_one_connection_too_many_is_refused_in_the_dialect(gateway: Any, eventually: Any) -> None:
    """Busy, and closed: it may come again. Twice as many as allowed are closed unread."""
    one = await gateway(plain, clients=Clients(most=2))
    held = [await asyncio.open_connection(one.host, one.port) for _ in range(2)]
    assert (await one.talk(post())).endswith(b"refused")
    assert one.refusals == [("acme", "busy", "more connections at one time than one client may have")]
    held += [await asyncio.open_connection(one.host, one.port) for _ in range(2)]
    assert await one.talk(post()) == b""
    for _, writer in held:
        writer.close()
    await eventually(lambda: not one.server._clients._held)
    assert (await one.talk(post())).endswith(OK.body)


@pytest.mark.parametrize("begun", [b"", b"POST /acme/", b"POST /acme/bet HTTP/1.1\r\nHost: x\r\nX: "])
@pytest.mark.parametrize("second", [False, True])
async def test_a_dripping_head_is_cut_though_silence_may_last(gateway: Any, begun: bytes, second: bool) -> None:
    """The first head and any later one; between two requests a connection may be silent for much longer."""
    one = await gateway(plain, head_within=0.3, keepalive=30)
    reader, writer = await asyncio.open_connection(one.host, one.port)
    if second:
        writer.write(post().replace(b"Connection: close\r\n", b""))
        await reader.readuntil(OK.body)
        await asyncio.sleep(0.5)
    writer.write(begun or b"P" * second)
    began = time.monotonic()

    async def drip() -> None:
        while begun:
            writer.write(b"x")
            await asyncio.sleep(0.02)

    dripping = asyncio.create_task(drip())
    with suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), 5) == b""
    dripping.cancel()
    writer.close()
    assert 0.25 < time.monotonic() - began < 2
    assert len(one.lines()) == second


async def test_a_head_has_six_seconds_and_a_body_one() -> None:
    """The figures that are served; the tests of either play with smaller ones."""
    import inspect

    from gateway.edge.server import Server

    defaults = {name: one.default for name, one in inspect.signature(Server).parameters.items()}
    assert (defaults["head_within"], defaults["body_deadline"]) == (6.0, 1.0)


@pytest.mark.parametrize(
    ("version", "taken"), [("3.14.3", False), ("3.9.5", False), ("3.14.4", True), ("3.15.0a1", True), ("4.0", True)]
)
def test_an_old_aiohttp_is_refused(monkeypatch: pytest.MonkeyPatch, version: str, taken: bool) -> None:
    """Below 3.14.4 there are holes that are known."""
    monkeypatch.setattr(listener, "aiohttp", SimpleNamespace(__version__=version))
    if taken:
        listener.demand_parser()
    else:
        with pytest.raises(listener.ParserMissing, match=r"install 3\.14\.4 or later"):
            listener.demand_parser()


def test_serve_refuses_before_it_reads_anything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    """One line and exit code 1, no traceback."""
    from gateway.cli.serve import serve

    monkeypatch.setattr(listener, "HttpRequestParser", listener.HttpRequestParserPy)
    assert serve(config=tmp_path / "none.toml") == 1
    assert capsys.readouterr().err.startswith("nothing was started: aiohttp has no C parser")


async def test_a_crowd_of_dripping_clients_is_cut_while_others_are_served(gateway: Any, eventually: Any) -> None:
    """Three hundred heads that never end, from one address: an honest call beside them waits for none."""
    one = await gateway(plain, head_within=0.5)
    crowd = [await asyncio.open_connection(one.host, one.port) for _ in range(300)]

    async def drip() -> None:
        while True:
            for _, writer in crowd:
                writer.write(b"x")
            await asyncio.sleep(0.05)

    for _, writer in crowd:
        writer.write(b"POST /acme/")
    dripping = asyncio.create_task(drip())
    began = time.monotonic()
    assert (await one.talk(post())).endswith(OK.body)
    assert time.monotonic() - began < 0.5
    await eventually(lambda: not one.server._listener._server.connections)
    dripping.cancel()
    for _, writer in crowd:
        writer.close()
    assert len(one.lines()) == 1
    assert one.sample("gateway_garbled_heads_total") == 300
