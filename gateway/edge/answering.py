"""Writing a callback's one answer: a head of our own making and the body, in one piece.

aiohttp would take two, and a dictionary of headers to make the first. A write that the socket takes at once needs no
deadline; where it does not, somebody must take the answer in time.
"""

import asyncio
import re
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from time import monotonic

from aiohttp import HttpVersion, web
from msgspec import Struct

from gateway.edge.body import VERSIONS
from gateway.exchange.wishes import Delivery
from gateway.wire.message import Response

#: Ours to say: framing and the life of the connection.
_FRAMING = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive"})
_BODILESS = frozenset({204, 304})
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
#: What no head may hold: it would be read as something else.
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class AnsweredAlready(RuntimeError):
    """A story wished for a second answer; nothing of it was written."""


class Answering(Struct, eq=False):
    """One request on one connection, and its one answer. While *draining*, it closes its connection.

    `keep`: the connection lives on; `at`: when its last byte was handed to the socket; `closed`: on purpose, without
    an answer.
    """

    _request: web.BaseRequest
    _write_deadline: float
    _draining: Callable[[], bool]
    keep: bool
    answered: bool = False
    closed: bool = False
    at: float | None = None

    async def deliver(self, response: Response | None) -> Delivery:
        """Write the answer, or close without one. Raises AnsweredAlready; ValueError when a header cannot be said."""
        if self.answered:
            raise AnsweredAlready("one callback has one answer")
        if response is None:
            self.answered = self.closed = True
            self.abort()
            return Delivery(None)
        self.keep = self.keep and not self._draining()
        message = self._message(response)
        self.answered = True
        protocol = self._request.protocol
        transport = protocol.transport
        if transport is None or transport.is_closing():
            self.abort()
            return Delivery(None)
        transport.write(message)
        # The listener's own answer to a fault of ours must not follow it.
        self._request.writer.output_size += len(message)
        if protocol.writing_paused:
            await self._taken()
        # A write to a dead socket fails without a word; its transport is closing then.
        if not transport.is_closing():
            self.at = monotonic()
        return Delivery(self.at)

    async def _taken(self) -> None:
        """Wait until the socket has it to the last byte; who does not take it in time loses the connection."""
        late = asyncio.get_running_loop().call_later(self._write_deadline, self.abort)
        try:
            await self._request.writer.drain()
        except ConnectionError:
            self.abort()
        finally:
            late.cancel()

    def cancel(self) -> None:
        """End whatever is at work on it."""
        self._request.task.cancel()

    def abort(self) -> None:
        """Close the connection with nothing more said on it."""
        self.keep = False
        if self._request.transport is not None:
            self._request.transport.abort()

    def _message(self, response: Response) -> bytes:
        status, body, request = response.status, response.body, self._request
        before, after = _head(status, response.headers, request.version, self.keep)
        if status in _BODILESS:
            return before
        length = len(body)
        if request.method == "HEAD":
            body = b""
        return b"%b%d%b%b" % (before, length, after, body)


# A provider's answers have the same few heads.
@lru_cache(256)
def _head(status: int, headers: tuple[tuple[str, str], ...], version: HttpVersion, keep: bool) -> tuple[bytes, bytes]:
    """What stands before the length of the body, and what between it and the body; without a body all of it."""
    major, minor = version if version in VERSIONS else (1, 1)
    lines = [f"HTTP/{major}.{minor} {status} {_PHRASES.get(status, '')}"]
    lines += [f"{name}: {value}" for name, value in headers if name.lower() not in _FRAMING]
    for line in lines:
        if not line.isprintable() and _CONTROLS.search(line):
            raise ValueError("a control character in the head of an answer")
    before = "\r\n".join(lines).encode("utf-8", "ignore") + b"\r\n"
    after = b"\r\n"
    if not keep:
        after = b"Connection: close\r\n\r\n"
    elif version < (1, 1):
        after = b"Connection: keep-alive\r\n\r\n"
    return (before + after, b"") if status in _BODILESS else (before + b"Content-Length: ", b"\r\n" + after)
