"""Receiving callbacks: find the provider by its mount, read the raw body within bounds, carry the story, answer once.

From the moment the head has parsed under a provider's mount, what is said is the story's to say; this file only bounds
what may come in, hands bytes out exactly as given, and tells what became of them. Outside every mount: 404, empty.
A provider that hangs up changes nothing for a callback at work.
"""

import asyncio
import math
import ssl
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from http import HTTPStatus
from time import monotonic
from typing import Protocol, cast
from uuid import uuid4

from aiohttp import web
from multidict import CIMultiDict

from gateway.canon.outcomes import Outcome
from gateway.dialect.drift import Sighting
from gateway.edge.body import VERSIONS, BodyRefused, read_body
from gateway.edge.carry import Hop, Memory, carry
from gateway.edge.clients import Clients
from gateway.edge.listener import HEAD_WITHIN, Connection, Listener, Written
from gateway.edge.logs import Log
from gateway.edge.metrics import Metrics, Told
from gateway.exchange.journey import Journey
from gateway.exchange.wishes import Delivery, Flow
from gateway.wire.message import Request, Response

#: Ours to say: framing and the life of the connection.
_FRAMING = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive"})
_BODILESS = frozenset({204, 304})


class Named(Protocol):
    """Anything with a name: a dialect."""

    @property
    def name(self) -> str: ...


class Provider(Protocol):
    """What the edge needs to know of a provider. *mount* begins with "/" and does not end with one, but for "/"."""

    @property
    def name(self) -> str: ...

    @property
    def mount(self) -> str: ...

    @property
    def dialect(self) -> Named: ...


class AnsweredAlready(RuntimeError):
    """A story wished for a second answer; nothing of it was written."""


class NoAnswer(RuntimeError):
    """A story ended without an answer."""


class _Exchange:
    """One request on one connection, and its one answer."""

    def __init__(self, request: web.BaseRequest, write_deadline: float, draining: Callable[[], bool]) -> None:
        self._request = request
        self._write_deadline = write_deadline
        self._draining = draining
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
        writer = self._request.writer
        self.keep = self.keep and not self._draining()
        empty = response.status in _BODILESS or self._request.method == "HEAD"
        await writer.write_headers(self._status_line(response.status), self._head(response))
        self.answered = True
        transport = self._request.transport
        late = asyncio.get_running_loop().call_later(self._write_deadline, self.abort)
        try:
            await writer.write_eof(b"" if empty else response.body)
        except ConnectionError:  # ours too, when nobody takes the answer in time
            self.abort()
            return Delivery(None)
        finally:
            late.cancel()
        # A write to a dead socket fails without a word; its transport is closing then.
        if transport is not None and not transport.is_closing():
            self.at = monotonic()
        return Delivery(self.at)

    def abort(self) -> None:
        """Close the connection with nothing more said on it."""
        self.keep = False
        if self._request.transport is not None:
            self._request.transport.abort()

    def _status_line(self, status: int) -> str:
        try:
            phrase = HTTPStatus(status).phrase
        except ValueError:
            phrase = ""
        major, minor = self._request.version if tuple(self._request.version) in VERSIONS else (1, 1)
        return f"HTTP/{major}.{minor} {status} {phrase}"

    def _head(self, response: Response) -> CIMultiDict[str]:
        head = CIMultiDict((name, value) for name, value in response.headers if name.lower() not in _FRAMING)
        if response.status not in _BODILESS:
            head["Content-Length"] = str(len(response.body))
        if not self.keep:
            head["Connection"] = "close"
        elif self._request.version < (1, 1):
            head["Connection"] = "keep-alive"
        return head


class Server:
    """The public listener. *start* begins a provider's story, *refuse* one for a message whose body was not
    taken in (its Request has an empty body).

    *body_limit* in bytes; *body_deadline* seconds from the head to the body's last byte; *write_deadline* seconds for
    a provider to take its answer; *keepalive* seconds that a connection may be silent, *head_within* that a head may
    take. *clients*: who may come, and how often at one time; *tls*: nothing else is spoken. *drift* hears whose
    callback had what in no row. While *draining*, every answer closes its connection.
    """

    def __init__(
        self,
        providers: Iterable[Provider],
        *,
        start: Callable[[Provider, Request, Journey], Flow],
        refuse: Callable[[Provider, Request, Outcome, str, Journey], Flow],
        memory: Memory,
        hop: Hop,
        metrics: Metrics,
        log: Log,
        drift: Callable[[str, Sequence[Sighting]], None] | None = None,
        host: str,
        port: int,
        body_limit: int = 64 * 1024,
        body_deadline: float = 1.0,
        write_deadline: float = 5.0,
        keepalive: float = 75.0,
        head_within: float = HEAD_WITHIN,
        clients: Clients | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        mounts = [("" if provider.mount == "/" else provider.mount, provider) for provider in providers]
        self._mounts = sorted(mounts, key=lambda entry: len(entry[0]), reverse=True)
        self._start, self._refuse = start, refuse
        self._memory, self._hop = memory, hop
        self._metrics, self._log, self._drift = metrics, log, drift
        self._body_limit, self._body_deadline, self._write_deadline = body_limit, body_deadline, write_deadline
        self._clients = clients or Clients()
        self._listener = Listener(
            self._receive, host, port, keepalive=keepalive, garbled=metrics.garbled, clients=self._clients,
            head_within=head_within, tls=tls,
        )  # fmt: skip
        self._running: set[asyncio.Task[object]] = set()
        self.draining = False

    async def start(self) -> tuple[str, int]:
        """Listen; returns the address taken. Raises OSError and ParserMissing."""
        return await self._listener.start()

    async def close(self) -> None:
        """Take no new connection, close the idle ones; callbacks at work go on."""
        await self._listener.close()

    async def finish(self, timeout: float) -> int:
        """Wait for the callbacks at work, *timeout* seconds at most; returns how many are left."""
        if self._running:
            await asyncio.wait(self._running, timeout=timeout)
        return len(self._running)

    async def stop(self) -> None:
        """Close everything now; callbacks at work are cancelled, their wallet calls are not."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=1.0)
        await self._listener.stop()

    def find(self, path: str) -> tuple[Provider, str] | None:
        """The provider whose mount is the longest whole-segment prefix of a raw *path*, and the path below it."""
        for mount, provider in self._mounts:
            if path.startswith(mount) and path[len(mount) : len(mount) + 1] in ("", "/") and path.startswith("/"):
                return provider, path[len(mount) :] or "/"
        return None

    async def _receive(self, request: web.BaseRequest) -> web.StreamResponse:
        received = monotonic()
        exchange = _Exchange(request, self._write_deadline, lambda: self.draining)
        path, _, query = request.raw_path.partition("?")
        found = self.find(path)
        if found is None:
            self._metrics.unrouted()
            exchange.keep = False
            await exchange.deliver(Response(404))
            return Written(keep=False)
        provider, below = found
        visit = self._clients.visit(cast(Connection, request.protocol).peer, request.headers, provider.name)
        if visit.stranger:
            self._metrics.stranger(provider.name)
            if self._clients.knocks(provider.name, received):
                self._log.event("stranger", provider=provider.name, client=visit.client or "unreadable")
            exchange.abort()
            return Written(keep=False)
        journey = Journey(provider.name, provider.dialect.name, received, answer_by=math.inf, id=uuid4().hex)
        self._running.add(task := cast(asyncio.Task[object], asyncio.current_task()))
        self._metrics.began()
        try:
            flow = await self._story(exchange, request, provider, below, query, journey, visit.surplus)
            await carry(flow, self._memory, self._hop, exchange.deliver, journey)
            if not exchange.answered:
                raise NoAnswer("the story ended without an answer")
        except Exception as bug:
            journey.bug = journey.bug or bug
        finally:
            self._running.discard(task)
            self._clients.left(visit)
            if exchange.at is None:
                exchange.abort()
            self._close_the_books(exchange, journey)
        return Written(exchange.keep)

    async def _story(
        self,
        exchange: _Exchange,
        request: web.BaseRequest,
        provider: Provider,
        path: str,
        query: str,
        journey: Journey,
        surplus: bool,
    ) -> Flow:
        head = Request(request.method, path, query, tuple(request.headers.items()))
        try:
            if surplus:
                raise BodyRefused(Outcome.BUSY, "more connections at one time than one client may have")
            body = await read_body(request, self._body_limit, self._body_deadline)
        except BodyRefused as refused:
            exchange.keep = False
            return self._refuse(provider, head, refused.outcome, refused.why, journey)
        return self._start(provider, replace(head, body=body), journey)

    def _close_the_books(self, exchange: _Exchange, journey: Journey) -> None:
        """The callback's one log line and its metrics."""
        ended = monotonic() if exchange.at is None else exchange.at
        seconds = ended - journey.received
        if exchange.at is not None:
            told = Told.IN_TIME if exchange.at <= journey.answer_by else Told.LATE
        elif not exchange.answered:
            told = Told.DIED
        else:
            told = Told.CLOSED if exchange.closed else Told.GONE
        if journey.bug is not None:
            self._metrics.bug()
            self._log.bug(journey.bug, "callback")
        self._metrics.ended(journey, told, seconds)
        self._log.line(journey, told, seconds)
        if journey.drift and self._drift is not None:
            self._drift(journey.provider, journey.drift)
