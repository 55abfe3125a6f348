"""The admin listener's guard: the token, and changes that no web page can ask for."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry

from gateway.edge.admin import Admin, Readiness
from gateway.edge.admin_guard import Guard

TOKEN = b"canary-token-0123456789"


@pytest.fixture
async def ask() -> AsyncIterator[Any]:
    """`await ask(guard, head)`: the status of a raw request to an admin listener with one change, `/-/change`."""
    running: list[Admin] = []

    async def change(request: web.Request) -> web.Response:
        return web.Response(text="changed")

    async def make(guard: Guard, *lines: str) -> int:
        actions = {"/-/change": change}
        admin = Admin("127.0.0.1", 0, CollectorRegistry(), Readiness(), guard=guard, actions=actions)
        running.append(admin)
        host, port = await admin.start()
        reader, writer = await asyncio.open_connection(host, port)
        head = "\r\n".join([*lines, "Connection: close", "Content-Length: 0", "", ""])
        writer.write(head.replace("PORT", str(port)).encode("utf-8", "surrogateescape"))
        answer = await reader.read()
        writer.close()
        assert TOKEN not in answer
        return int(answer.split(b" ", 2)[1])

    yield make
    for admin in running:
        await admin.stop()


@pytest.mark.parametrize("path", ["/", "/metrics", "/drift", "/-/change", "/nowhere"])
async def test_a_token_is_due_where_one_is_set(ask: Any, path: str) -> None:
    """For everything that tells something; any of the live tokens is taken."""
    guard = Guard([b"another-one-9876543210", TOKEN])
    lines = (f"{'POST' if path == '/-/change' else 'GET'} {path} HTTP/1.1", "Host: 127.0.0.1:PORT")
    for shown in ("", "Bearer", "Bearer x", "Basic " + TOKEN.decode(), "Bearer \udcff", f"Bearer {TOKEN.decode()}x"):
        assert await ask(guard, *lines, f"Authorization: {shown}") == 401
    assert await ask(guard, *lines) == 401
    both = [f"Authorization: Bearer {TOKEN.decode()}"] * 2
    assert await ask(guard, *lines, *both) == 401
    assert await ask(guard, *lines, f"Authorization: bearer {TOKEN.decode()}") == (404 if path == "/nowhere" else 200)


async def test_where_every_token_has_ended_nobody_has_one(ask: Any) -> None:
    """That is not the same as a listener without a token."""
    shown = ("GET / HTTP/1.1", "Host: 127.0.0.1:PORT", f"Authorization: Bearer {TOKEN.decode()}")
    assert (await ask(Guard([]), *shown), await ask(Guard(), *shown)) == (401, 200)


@pytest.mark.parametrize(("path", "status"), [("/healthz", 200), ("/readyz", 503)])
async def test_probes_need_no_token(ask: Any, path: str, status: int) -> None:
    """They hold none, and hear nothing that is worth one."""
    assert await ask(Guard([TOKEN]), f"GET {path} HTTP/1.1", "Host: x") == status


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:PORT", "", 200),
        ("[::1]:PORT", "", 200),
        ("localhost:PORT", "", 200),
        ("LOCALHOST", "", 200),
        ("gateway-admin:8081", "", 200),
        ("127.0.0.1:PORT", "http://127.0.0.1:PORT", 200),
        ("gateway-admin", "https://gateway-admin", 200),
        ("evil.example:PORT", "", 403),
        ("127.0.0.1.evil.example", "", 403),
        ("localhost.evil.example", "", 403),
        ("evil.example@127.0.0.1", "http://evil.example", 403),
        ("", "", 403),
        ("[::1", "", 403),
        ("127.0.0.1:PORT", "http://evil.example", 403),
        ("127.0.0.1:PORT", "http://127.0.0.1:1", 403),
        ("127.0.0.1:PORT", "null", 403),
        ("127.0.0.1:PORT", "http://127.0.0.1:PORT\r\nOrigin: http://evil.example", 403),
        ("evil.example", "http://evil.example", 403),
    ],
)
async def test_a_change_is_made_for_no_web_page(ask: Any, host: str, origin: str, status: int) -> None:
    """A foreign name may point here, and a page's own script may post: Host and Origin give both away."""
    lines = ["POST /-/change HTTP/1.1", f"Host: {host}", *([f"Origin: {origin}"] if origin else [])]
    assert await ask(Guard(hosts=["gateway-admin"]), *lines) == status
    reading = ["GET / HTTP/1.1", *lines[1:]]
    assert await ask(Guard(), *reading) == 200


async def test_a_change_is_made_by_post_only(ask: Any) -> None:
    """A link changes nothing."""
    assert await ask(Guard(), "GET /-/change HTTP/1.1", "Host: 127.0.0.1") == 405


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1"])
def test_with_a_token_it_may_be_reached_from_elsewhere(host: str) -> None:
    """Without one it is refused, see test_admin."""
    Admin(host, 0, CollectorRegistry(), Readiness(), guard=Guard([TOKEN]))
