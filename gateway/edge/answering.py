"""Writing a callback's one answer: a head of our own making and the body, in one piece.

aiohttp would take two, and a dictionary of headers to make the first. A write that the socket takes at once needs no
deadline; where it does not, somebody must take the answer in time.
"""

import asyncio
import re
from collections.abc import Callable
from http import HTTPStatus
from time import monotonic

from aiohttp import web

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


class Answering:
    """One request on one connection, and its one answer. While *draining*, it closes its connection.

    `at`: when its last byte was handed to the socket; `closed`: on purpose, without an answer; `keep`: the connection
    lives on.
    """

    __slots__ = ("_draining", "_request", "_write_deadline", "answered", "at", "closed", "keep")

    def __init__(self, request: web.BaseRequest, write_deadline: float, draining: Callable[[], bool]) -> None:
        self._request = request
        self._write_deadline, self._draining = write_deadline, draining
        self.keep = request.keep_alive
        self.answered = self.closed = False
        self.at: float | None = None

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
        request = self._request
        transport = request.transport
        if transport is None or transport.is_closing():
            self.abort()
            return Delivery(None)
        transport.write(message)
        request.writer.output_size += len(message)  # the listener's own answer to a fault of ours must not follow it
        if request.protocol.writing_paused:
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

    def abort(self) -> None:
        """Close the connection with nothing more said on it."""
        self.keep = False
        if self._request.transport is not None:
            self._request.transport.abort()

    def _message(self, response: Response) -> bytes:
        status, body, request = response.status, response.body, self._request
        version = request.version
        major, minor = version if version in VERSIONS else (1, 1)
        lines = [f"HTTP/{major}.{minor} {status} {_PHRASES.get(status, '')}"]
        for name, value in response.headers:
            if name.lower() not in _FRAMING:
                lines.append(f"{name}: {value}")
        if status not in _BODILESS:
            lines.append(f"Content-Length: {len(body)}")
        if not self.keep:
            lines.append("Connection: close")
        elif version < (1, 1):
            lines.append("Connection: keep-alive")
        for line in lines:
            if not line.isprintable() and _CONTROLS.search(line):
                raise ValueError("a control character in the head of an answer")
        if status in _BODILESS or request.method == "HEAD":
            body = b""
        return "\r\n".join(lines).encode("utf-8", "ignore") + b"\r\n\r\n" + body
