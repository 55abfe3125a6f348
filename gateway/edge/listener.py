"""The public socket: aiohttp's low-level server with nothing of its own to say.

What is not HTTP gets an empty 400 and a closed connection: aiohttp's own page would echo a stranger's bytes. Answers
are handed to the socket to the last byte before a write counts as done.
"""

import asyncio
import logging
import re
import ssl
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, cast

import aiohttp
from aiohttp import web
from aiohttp.http_parser import HttpRequestParser, HttpRequestParserPy

from gateway.edge.clients import NOBODY, Clients, plain
from gateway.edge.closing import let_nobody_in
from gateway.edge.handshakes import TlsSite

#: Seconds in which what a socket holds is read, and those that a new connection has for its first request in a drain.
UNREAD, FRESH = 0.05, 1.0
#: The aiohttp from which on nothing that we know of is wrong with the reading of a head.
LEAST_AIOHTTP = (3, 14, 4)
#: Seconds for a head, from its first byte, or from the making of the connection; and for a TLS handshake.
HEAD_WITHIN = 6.0

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

# Its lines would quote what strangers sent.
_quiet = logging.getLogger("gateway.edge.listener")
_quiet.propagate = False
_quiet.setLevel(logging.CRITICAL + 1)


class ParserMissing(RuntimeError):
    """aiohttp is too old, or runs without its C parser; the pure Python one has a history of request smuggling."""


def demand_parser() -> None:
    """Raises ParserMissing where heads would be read by what is not safe to read them."""
    least = ".".join(map(str, LEAST_AIOHTTP))
    found = tuple(int(number) for number in re.findall(r"\d+", aiohttp.__version__)[:3])
    if found < LEAST_AIOHTTP:
        raise ParserMissing(f"aiohttp {aiohttp.__version__} has known holes; install {least} or later")
    if HttpRequestParser is HttpRequestParserPy:
        raise ParserMissing("aiohttp has no C parser here; install its wheel, unset AIOHTTP_NO_EXTENSIONS")


class Written(web.StreamResponse):
    """What aiohttp gets back when the answer is on the wire already: nothing left to do but keep or close."""

    def __init__(self, keep: bool) -> None:
        super().__init__()
        self._keep = keep

    @property
    def keep_alive(self) -> bool:
        return self._keep

    async def prepare(self, request: web.BaseRequest) -> None:
        """Nothing: the head is written."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing: the body is written."""


KEPT, CLOSED = Written(keep=True), Written(keep=False)


class _NotHttp(Written):
    """An empty 400 that tells nothing about who says it."""

    async def prepare(self, request: web.BaseRequest) -> None:
        await request.writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


_NOT_HTTP = _NotHttp(keep=False)


# `super()` twice for each callback costs as much as a part of it.
_parse = web.RequestHandler.data_received


class Connection(web.RequestHandler):
    """*peer*: the other end's address. A head that is not whole in time closes it: dripped, or never begun.

    `fresh`: nothing was asked on it yet.
    """

    __slots__ = ("_arrived", "_clients", "_counted", "_garbled", "_head_late", "_head_within", "fresh", "peer")

    def __init__(
        self, manager: web.Server, *, garbled: Callable[[], None], clients: Clients, head_within: float, **options: Any
    ) -> None:
        super().__init__(manager, **options)
        self._garbled, self._clients, self._head_within = garbled, clients, head_within
        self._head_late: asyncio.TimerHandle | None = None
        self._arrived, self._counted, self.fresh = False, False, True
        self.peer = NOBODY

    def arrived(self, address: Any) -> bool:
        """Count it for the *address*, as the socket tells it. False: one too many, not to be talked to."""
        self._arrived = True
        self.peer = plain(address[0]) if isinstance(address, tuple) else NOBODY
        if self._clients.behind(self.peer):
            return True
        self._counted = True
        return self._clients.opened(self.peer)

    def gone(self) -> None:
        """Count it no more; to be said once or more often."""
        if self._counted:
            self._counted = False
            self._clients.closed(self.peer)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # A drained write then means that the socket has every byte, not that a buffer of ours has. TLS takes an empty
        # buffer for a full one where the limit is 0, and nothing would say that it is drained.
        cast(asyncio.Transport, transport).set_write_buffer_limits(
            high=0 if transport.get_extra_info("sslcontext") is None else 1
        )
        if not self._arrived and not self.arrived(transport.get_extra_info("peername")):
            cast(asyncio.Transport, transport).abort()
            return
        self._head_late = self._loop.call_later(self._head_within, self._cut)

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        if self._head_late is not None:
            self._head_late.cancel()
        self.gone()

    def data_received(self, data: bytes) -> None:
        # A body that breaks the framing must not take its head along: aiohttp drops both when they come in one piece.
        head_end = data.find(b"\r\n\r\n") + 4
        if 4 <= head_end < len(data):
            _parse(self, data[:head_end])
            data = data[head_end:]
        _parse(self, data)
        if self._head_late is not None:
            if self._at_work:
                self._head_late.cancel()
                self._head_late = None
        elif self._current_request is None and not self._messages:
            self._head_late = self._loop.call_later(self._head_within, self._cut)

    def resume_reading(self, resume_parser: bool = True) -> None:
        # aiohttp says this with every body that is read, and parses nothing once more each time.
        if self._reading_paused:
            super().resume_reading(resume_parser)

    @property
    def busy(self) -> bool:
        """Whether a callback is at work on it."""
        return self._current_request is not None

    @property
    def _at_work(self) -> bool:
        """Whether a head has parsed that is not answered."""
        return bool(self._messages) or self._current_request is not None

    def _cut(self) -> None:
        self._head_late = None
        if not self._at_work:
            self._garbled()
            self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        self._garbled()
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is on its way already")
        return _NOT_HTTP


class ServerOf(web.Server):
    """Makes connections of one *kind*, with these *options*."""

    def __init__(self, kind: type[Connection], handler: Any, factory: Any = None, **options: Any) -> None:
        super().__init__(handler, request_factory=factory, handler_cancellation=False)
        self._kind, self._options = kind, options

    def __call__(self) -> Connection:
        return self._kind(self, loop=asyncio.get_running_loop(), **self._options)


class Listener:
    """Listens on *host*:*port* (port 0: any free one) and hands every request whose head parsed to *handler*.

    *keepalive*: seconds that a connection may be silent between two requests; *head_within*: for a head. *garbled* is
    called for what is not HTTP. *reuse_port*: others may listen there too, who say the same and run as the same user.
    *clients* counts the connections. *tls*: nothing but TLS is spoken; *unshaken* is called for failed handshakes.
    """

    def __init__(
        self, handler: Handler, host: str, port: int, *, keepalive: float, garbled: Callable[[], None],
        reuse_port: bool = False, clients: Clients | None = None, head_within: float = HEAD_WITHIN,
        tls: ssl.SSLContext | None = None, unshaken: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._handler = handler
        self._server = ServerOf(
            Connection,
            self._attend,
            garbled=garbled,
            clients=clients or Clients(),
            head_within=head_within,
            keepalive_timeout=keepalive,
            lingering_time=1.0,
            access_log=None,
            logger=_quiet,
            auto_decompress=False,
        )
        self._runner = web.ServerRunner(self._server, shutdown_timeout=0.1)
        self._host, self._port, self._reuse_port = host, port, reuse_port
        self._tls, self._unshaken, self._head_within = tls, unshaken, head_within
        self._site: web.TCPSite | None = None

    async def start(self) -> tuple[str, int]:
        """Listen; returns the address taken. Raises OSError (port taken) and ParserMissing."""
        demand_parser()
        await self._runner.setup()
        self._site = self._make_site()
        await self._site.start()
        host, port = self._runner.addresses[0][:2]
        return str(host), int(port)

    def _make_site(self) -> web.TCPSite:
        options: dict[str, Any] = {"backlog": 1024, "reuse_port": self._reuse_port}
        if self._tls is None:
            return web.TCPSite(self._runner, self._host, self._port, **options)
        return TlsSite(
            self._runner, self._host, self._port, made=self._server, failed=self._unshaken, within=self._head_within,
            ssl_context=self._tls, **options,
        )  # fmt: skip

    async def close(self) -> None:
        """Take no new connection; close the idle ones; those at work close after their answer.

        Who has just connected is given the time to send a request.
        """
        sites = [*self._runner.sites]
        await let_nobody_in(each.fileno() for site in sites for each in cast(Any, site)._server.sockets)
        for site in sites:
            await site.stop()
        await asyncio.sleep(UNREAD)
        await self._asked(FRESH)
        # This alone leaves an idle connection open and deaf: what a provider then sent would never be answered.
        self._server.pre_shutdown()
        for connection in self._server.connections:
            if not cast(Connection, connection).busy:
                connection.force_close()

    async def _asked(self, seconds: float) -> None:
        """Close the idle connections; wait until those that never asked anything have, or are closed."""
        give_up = monotonic() + seconds
        while True:
            idle = [each for each in cast(list[Connection], self._server.connections) if not each.busy]
            fresh = [each for each in idle if each.fresh]
            for each in idle:
                if each not in fresh:
                    each.force_close()
            if not fresh or monotonic() >= give_up:
                return
            await asyncio.sleep(UNREAD)

    def _attend(self, request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        connection: Any = request.protocol  # a Connection; `cast` is a call
        connection.fresh = False
        return self._handler(request)

    async def stop(self) -> None:
        """Close everything now."""
        if isinstance(self._site, TlsSite):
            await self._site.give_up()
        await self._runner.cleanup()
