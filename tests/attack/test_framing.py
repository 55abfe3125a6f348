"""Every trick of framing on raw sockets, direct and behind real proxies: no request is smuggled to the wallet.

Directly, the wallet is asked nothing. Behind a proxy a request is smuggled when the proxy has not framed it: then it
lacks the address that the proxy adds to each of its own. The list of addresses lets in nobody but our client, who is
somebody else than the proxy, so what is smuggled is a stranger, and counted.
"""

import asyncio
import itertools
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.canon.operations import Operation
from tests.attack.framing import mixtures, tricks
from tests.attack.volume import ATTACKS, SEED, rng_of
from tests.edge.test_app import House, Served

#: Where the client is; the proxies are at 127.0.0.1.
CLIENT = "127.0.0.5"
ALLOWED = {
    "[wallet]": 'public.proxies = ["127.0.0.1"]\n[wallet]',
    'dialect = "evenbet"': f'dialect = "evenbet"\nallow = ["{CLIENT}"]',
}
#: Seconds of silence after which nothing more is awaited: longer than a body may take, so that no trick is cut short.
SILENCE = 1.6
AT_ONCE = 200
NOT_HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; underscores_in_headers on; ignore_invalid_headers off;
  upstream gateway {{ server 127.0.0.1:{behind}; keepalive 4; }}
  server {{ listen 127.0.0.1:{port}; location / {{
    proxy_pass http://gateway; {version}
    proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  }} }}
}}
"""
HAPROXY = """
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
  option http-keep-alive
  option forwardfor
frontend front
  bind 127.0.0.1:{port}
  default_backend gateway
backend gateway
  http-reuse always
  server gateway 127.0.0.1:{behind}
"""


class Listening(Served):
    """A gateway on a port that others can be told of."""

    @property
    def port(self) -> int:
        """Its public one."""
        return int(self.url.rpartition(":")[2])

    def bet(self, number: int) -> bytes:
        """A bet of a cent, signed well, that closes its connection."""
        caller = self.callers["acme"]
        call = caller.call(Operation.BET, amount=Decimal("0.01"), transaction=f"hidden{number:05}")
        _, request = caller.dialect.write_call(call, caller.keys, 0)
        lines = [f"{name}: {value}" for name, value in request.headers]
        start = f"POST /acme{request.path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(request.body)}\r\n"
        return (start + "\r\n".join([*lines, "Connection: close"])).encode() + b"\r\n\r\n" + request.body

    @property
    def strangers(self) -> float:
        """Requests that no proxy has framed."""
        return self.app.metrics.registry.get_sample_value("gateway_strangers_total", {"provider": "acme"}) or 0.0

    @property
    def asked(self) -> int:
        """How many requests the wallet has got."""
        return len(self.wallet.calls.lines())


def free_port() -> int:
    """One that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@asynccontextmanager
async def proxied(command: list[str], port: int) -> AsyncIterator[None]:
    """A proxy while it runs."""
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdout=quiet, stderr=quiet)
    try:
        for _ in range(200):
            assert process.returncode is None, f"{command[0]} ended"
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0.05)
        yield
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def standing(front: str, folder: Path) -> AsyncIterator[tuple[Listening, int]]:
    """A gateway, and the port at which strangers knock: its own, or that of a proxy before it."""
    async with Listening(House(folder), **ALLOWED) as served:
        if front == "direct":
            yield served, served.port
            return
        port, file = free_port(), folder / front
        version = "" if front.endswith("1.0") else 'proxy_http_version 1.1; proxy_set_header Connection "";'
        text = HAPROXY if front == "haproxy" else NGINX
        file.write_text(text.format(folder=folder, behind=served.port, port=port, version=version))
        name = front.partition(" ")[0]
        command = [shutil.which(name) or name, *(["-c", str(file)] if name == "nginx" else ["-db", "-f", str(file)])]
        async with proxied(command, port):
            yield served, port


async def thrown(port: int, raw: bytes) -> bytes:
    """Write it, and read until the other end closes or has been silent for long."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(CLIENT, 0))
    heard = b""
    with suppress(OSError, TimeoutError):
        writer.write(raw)
        while piece := await asyncio.wait_for(reader.read(65536), SILENCE):
            heard += piece
    writer.close()
    return heard


async def throw_all(served: Listening, port: int, every: list[tuple[str, bytes]]) -> dict[str, bytes]:
    """All of them, some at a time, each with a bet of its own where MARK stands; what was heard."""
    heard: dict[str, bytes] = {}
    for start in range(0, len(every), AT_ONCE):
        batch = every[start : start + AT_ONCE]
        hidden = [served.bet(start + number) for number in range(len(batch))]
        assert {len(one) for one in hidden} == {len(mark(served))}
        raws = [raw.replace(mark(served), one) for (_, raw), one in zip(batch, hidden, strict=True)]
        answers = await asyncio.gather(*(thrown(port, raw) for raw in raws))
        heard |= {name: answer for (name, _), answer in zip(batch, answers, strict=True)}
    return heard


def found(served: Listening, every: list[tuple[str, bytes]]) -> list[str]:
    """The tricks whose bet the wallet was asked for."""
    asked = str(served.wallet.calls.lines())
    return [name for number, (name, _) in enumerate(every) if f"hidden{number:05}" in asked]


def mark(served: Listening) -> bytes:
    """What stands for a hidden bet: as long as one, and nothing else that is thrown."""
    return b"\x02" * len(served.bet(0))


def judge(name: str, answer: bytes) -> None:
    """What is heard directly: nothing, an empty 400 or 404, or one answer in the dialect."""
    finals = answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    if not finals:
        return
    first, _, body = finals.partition(b"\r\n\r\n")
    status = int(first.split(b" ")[1])
    if finals.endswith(NOT_HTTP) and finals != NOT_HTTP:  # what was left over behind the answer made no sense
        body = body.removesuffix(NOT_HTTP)
        finals = finals.removesuffix(NOT_HTTP)
    assert finals.count(b"HTTP/1.") == 1, (name, answer)
    if status in (400, 404):
        assert body == b"", (name, answer)
    else:
        assert status == 200, (name, answer)
        assert b"HEAD" in name.encode() or "error" in orjson.loads(body), (name, answer)
    assert b"canary" not in answer


@pytest.mark.parametrize(
    "front",
    [
        "direct",
        pytest.param("nginx 1.0", marks=pytest.mark.needs("nginx")),
        pytest.param("nginx 1.1", marks=pytest.mark.needs("nginx")),
        pytest.param("haproxy", marks=pytest.mark.needs("haproxy")),
    ],
)
async def test_no_request_is_smuggled(front: str, tmp_path: Path, note: Callable[[str], None]) -> None:
    """Not by any trick; and afterwards every honest bet still gets its own answer, on connections that are kept."""
    async with standing(front, tmp_path) as (served, port):
        every = list(tricks(mark(served)))
        heard = await throw_all(served, port, every)
        passed = found(served, every)
        if front == "direct":
            assert passed == []
            assert served.asked == 0
            for name, answer in heard.items():
                judge(name, answer)
        for number in range(90_000, 90_020):
            answer = await thrown(port, served.bet(number))
            assert b"200 OK" in answer, answer
            assert b"balance" in answer, answer
            assert str(served.wallet.calls.lines()).count(f"hidden{number}") == 1
        assert served.strangers == 0
        note(f"{len(every)} tricks of framing, {front}: none smuggled; {len(passed)} framed by the proxy itself")


async def test_mixtures_of_tricks_smuggle_nothing(tmp_path: Path, note: Callable[[str], None]) -> None:
    """Two or three in one head, drawn from a seed; a fiftieth of GATEWAY_ATTACKS."""
    async with standing("direct", tmp_path) as (served, port):
        many = max(1, ATTACKS // 50)
        every = list(itertools.islice(mixtures(mark(served), rng_of("heads", "")), many))
        for name, answer in (await throw_all(served, port, every)).items():
            judge(name, answer)
        assert found(served, every) == []
        assert served.asked == 0
        note(f"seed {SEED}, {many} mixtures of tricks of framing: the wallet got none")


async def test_what_is_hidden_would_be_taken(tmp_path: Path) -> None:
    """Else nothing would be proved: framed as a request of its own, behind another, it is booked."""
    async with standing("direct", tmp_path) as (served, port):
        carrier = b"POST /acme/balance HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
        answer: Any = await thrown(port, carrier + served.bet(0))
        assert answer.count(b"200 OK") == 2
        assert served.wallet.wallet.balance("1001") == Decimal("99.99")
