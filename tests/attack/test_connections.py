"""Nobody can make the gateway call anywhere but its wallet: not by a redirect, and not by a URL in any field."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.canon.operations import Operation
from gateway.wire.message import Request
from tests.attack.filling import fields, filled
from tests.attack.messages import Line
from tests.attack.volume import DIALECTS
from tests.edge.test_app import DIALECTS as SERVED
from tests.edge.test_app import House, Served

#: Headers that name a host to somebody.
NAMING = (
    "Host", "X-Forwarded-Host", "X-Forwarded-For", "Forwarded", "X-Original-URL", "X-Rewrite-URL", "Referer", "Origin",
    "X-Wallet-Url", "Callback", "Via", "Proxy", "Destination", "traceparent", "True-Client-IP",
)  # fmt: skip
_SEEN: list[tuple[str, Any]] = []
_WATCHING = False


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if _WATCHING and event in (
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "open",
        "subprocess.Popen",
    ):
        _SEEN.append((event, args[1] if event == "socket.connect" else args[0]))


sys.addaudithook(_audit)


@asynccontextmanager
async def watched() -> AsyncIterator[tuple[int, list[str]]]:
    """A listener where nobody should ever call: its port, and what it heard. Calls are recorded while it stands."""
    global _WATCHING
    heard: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(str(await reader.read(1000)))
        writer.close()

    trap = await asyncio.start_server(answer, "127.0.0.1", 0)
    _SEEN.clear()
    _WATCHING = True
    try:
        yield trap.sockets[0].getsockname()[1], heard
    finally:
        _WATCHING = False
        trap.close()


class Redirected(Served):
    """A gateway whose wallet stands at *url*."""

    def __init__(self, house: House, url: str) -> None:
        super().__init__(house)
        settings = house.settings
        house.settings = lambda wallet, **more: settings(url, **more)  # type: ignore[method-assign]


def called(*allowed: int) -> list[Any]:
    """Where somebody connected, but for these ports of ours."""
    return [to for event, to in _SEEN if event == "socket.connect" and to[1] not in allowed]


@pytest.fixture
def proxies(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes the environment name a proxy for everything."""

    def make(port: int) -> None:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")

    return make


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 307, 308])
async def test_a_redirecting_wallet_is_not_followed(status: int, tmp_path: Path, proxies: Any) -> None:
    """Its answer is no answer: the bet is in doubt, and no other connection is made."""
    asked = 0
    async with watched() as (port, heard):
        proxies(port)
        there = f"http://127.0.0.1:{port}/x"

        async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal asked
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(each[15:]) for each in head.split(b"\r\n") if each.lower().startswith(b"content-length:"))
            await reader.readexactly(length)
            asked += 1
            lines = [
                f"HTTP/1.1 {status} Elsewhere",
                f"Location: {there}",
                f"Refresh: 0; url={there}",
                "Content-Length: 0",
            ]
            lines += [f"Content-Location: {there}", f"Link: <{there}>; rel=preload", f'Alt-Svc: h2="127.0.0.1:{port}"']
            writer.write("\r\n".join([*lines, f"Proxy: {there}", "Connection: close", "", ""]).encode())
            writer.close()

        wallet = await asyncio.start_server(redirect, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{wallet.sockets[0].getsockname()[1]}"
        async with Redirected(House(tmp_path), url) as served:
            own = [int(each.rpartition(":")[2]) for each in (served.url, served.admin, served.wallet.url, url)]
            caller = served.callers["marbles"]
            got = await caller.send(caller.call(Operation.BET))
            assert got.response is not None
            (line,) = served.lines("callback")
            assert line["outcome"] == "unknown", line
        wallet.close()
        assert asked >= 1
        assert (called(*own), heard) == ([], [])


async def test_urls_in_every_field_and_header_call_nobody(tmp_path: Path, proxies: Any) -> None:
    """Over sockets: targets, headers that name hosts, and a URL as any text of a bet."""
    async with watched() as (port, heard):
        proxies(port)
        there = f"http://127.0.0.1:{port}/x"
        async with Served(House(tmp_path)) as served:
            own = [int(each.rpartition(":")[2]) for each in (served.url, served.admin, served.wallet.url)]
            for name, spoken in SERVED.items():
                line, caller = Line(spoken), served.callers[name]
                line.world.caller = caller.keys
                call = caller.call(Operation.BET)
                _, request = caller.dialect.write_call(call, caller.keys, 0)
                sent = [request, *(filled(line, request, field, there) for field in fields(line, request))]
                for one in sent:
                    await post(own[0], name, one)
                for header in NAMING:
                    await post(own[0], name, request, (header, there if header != "Host" else f"127.0.0.1:{port}"))
            assert len(list(served.lines("callback"))) > 3 * len(NAMING)
        assert (called(*own), heard) == ([], [])


async def post(port: int, mount: str, request: Request, *more: tuple[str, str]) -> bytes:
    """One message on a connection of its own."""
    host = () if more and more[0][0] == "Host" else (("Host", "x"),)
    lines = [f"{name}: {value}" for name, value in (*host, *request.headers, *more)]
    head = [
        f"POST /{mount}{request.path} HTTP/1.1",
        *lines,
        f"Content-Length: {len(request.body)}",
        "Connection: close",
    ]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join([*head, "", ""]).encode() + request.body)
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("name", DIALECTS)
async def test_urls_in_every_field_of_every_dialect_open_nothing(name: str) -> None:
    """In process: no connection, no name looked up, no file, no program, whatever the text is."""
    line = Line(name)
    messages = line.messages()
    every = [next(messages) for _ in range(len(line.spoken.operations()))]
    for request in every:
        line.tell(request)  # what is loaded once is loaded
    async with watched() as (port, heard):
        for url in (f"http://127.0.0.1:{port}/x", f"//127.0.0.1:{port}/x", "file:///etc/passwd", "x.example", "$(id)"):
            for request in every:
                for field in fields(line, request):
                    line.tell(filled(line, request, field, url))
        assert (_SEEN, heard) == ([], [])
