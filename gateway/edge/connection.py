"""One connection to a server that is asked: one message out, one answer in, and again.

It says what came and decides nothing: what an ending means is the hop's to say. Nothing is sent twice, no redirect is
followed, nothing is unpacked; an answer that ends only with its connection cannot be told from a torn one.
"""

import asyncio
from collections.abc import Callable
from typing import cast

import httptools

from gateway.wire.message import Response

_BODILESS = frozenset({204, 304})
#: Of the names of the headers that say where a body ends.
_FRAMING_LENGTHS = frozenset({len("content-length"), len("transfer-encoding")})


class Broken(Exception):
    """No whole answer: why, in words without any content from outside."""


#: Told what came of a message: its whole answer, or why there is none.
Hear = Callable[[Response | Exception], None]


class Connection(asyncio.Protocol):
    """*limit*: bytes of an answer's head, and of its body. *gone* is told when the connection is closed.

    `ready`: it is open, and its last answer ended where HTTP says that it ends. `last`: the next answer is to be its
    last one.
    """

    def __init__(self, limit: int, gone: Callable[["Connection"], None]) -> None:
        self._limit, self._gone = limit, gone
        self._hear: Hear | None = None
        self.ready = self.last = False

    def ask(self, message: bytes, hear: Hear) -> None:
        """Hand *message* to the socket; *hear* is told once, unless `abort` comes first."""
        self.ready, self._hear = False, hear
        self._begin()
        self._transport.write(message)

    def abort(self) -> None:
        """Close it now, and tell nobody."""
        self._hear, self.ready = None, False
        self._transport.abort()

    # -- what asyncio tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open."""
        self._transport, self.ready = cast(asyncio.Transport, transport), True
        self._parser = httptools.HttpResponseParser(self)

    def data_received(self, data: bytes) -> None:
        """A piece of the answer. After it, or before anything was asked, not a byte may come."""
        if self._hear is None:
            self.abort()
            return
        fault: Exception | None = None
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as raised:
            fault = cast(Exception, raised.__context__)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            fault = Broken("the answer is not HTTP")
        self._head += 0 if self._status else len(data)
        if self._whole:
            self.ready = self._kept and fault is None
            self._tell(Response(self._status, tuple(self._headers), b"".join(self._body)))
        elif fault is not None or self._head > self._limit:
            self._tell(fault or self._too_large())

    def connection_lost(self, exc: Exception | None) -> None:
        """Closed, by whomever."""
        self._gone(self)
        self.ready = False
        del self._parser  # which holds us
        self._tell(exc or Broken("the connection was closed before the whole answer"))

    def eof_received(self) -> None:
        """The server says nothing more; asyncio closes our end."""
        self.ready = False

    def _tell(self, told: Response | Exception) -> None:
        hear, self._hear = self._hear, None
        if not self.ready:
            self._transport.abort()
        if hear is not None:
            hear(told)

    # -- what the parser tells

    def _begin(self) -> None:
        self._headers: list[tuple[str, str]] = []
        self._framing: dict[bytes, str] = {}
        self._body: list[bytes] = []
        self._status = self._head = self._size = 0
        self._whole = self._kept = False

    def on_message_begin(self) -> None:
        """One message was asked for."""
        if self._whole:
            raise Broken("an answer that nobody asked for")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Trailers are no headers."""
        if not self._status:
            text = value.strip(b" \t").decode("utf-8", "surrogateescape")
            self._headers.append((name.decode("utf-8", "surrogateescape"), text))
            if len(name) in _FRAMING_LENGTHS:
                self._framing[name.lower()] = text

    def on_headers_complete(self) -> None:
        """The head alone says whether the end of the body can be told, and may say that it is too far away."""
        self._status = status = self._parser.get_status_code()
        if status < 200 or status in _BODILESS:
            return
        coding, length = self._framing.get(b"transfer-encoding"), self._framing.get(b"content-length")
        if coding is None and length is not None:
            if int(length) > self._limit:
                raise self._too_large()
        elif coding is None or not coding.lower().endswith("chunked"):
            raise Broken("the answer has neither a length nor chunks: nobody can tell whether it is whole")

    def on_body(self, body: bytes) -> None:
        """A piece of it."""
        self._size += len(body)
        if self._size > self._limit:
            raise self._too_large()
        self._body.append(body)

    def on_message_complete(self) -> None:
        """The answer is whole; a 1xx goes before it."""
        if self._status < 200:
            self._begin()
        else:
            self._whole, self._kept = True, self._parser.should_keep_alive() and not self.last

    def _too_large(self) -> Broken:
        return Broken(f"the answer is larger than {self._limit} bytes")
