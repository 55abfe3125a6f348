"""The shortest story and the shortest callback, for tests of the public listener."""

from typing import Any

from gateway.exchange.wishes import Answer
from gateway.wire.message import Request, Response

OK = Response(200, (("Content-Type", "application/json"), ("X-Sign", "s1")), b'{"ok":1}')


def plain(request: Request, journey: Any) -> Any:
    """The shortest story."""
    journey.operation, journey.outcome = "bet", "ok"
    yield Answer(OK)


def post(path: str = "/acme/bet", body: bytes = b"{}", *extra: str) -> bytes:
    """A whole POST that asks to close afterwards."""
    fields = ["Host: x", f"Content-Length: {len(body)}", "Connection: close", *extra]
    return f"POST {path} HTTP/1.1\r\n".encode() + "\r\n".join(fields).encode() + b"\r\n\r\n" + body
