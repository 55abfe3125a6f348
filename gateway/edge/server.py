"""Receiving callbacks: find the provider by its mount, read the raw body within bounds, carry the story, answer once.

From the moment the head has parsed under a provider's mount, what is said is the story's to say; this file only bounds
what may come in, hands bytes out exactly as given, and tells what became of them. Outside every mount: 404, empty.
A provider that hangs up changes nothing for a callback at work.
"""

import asyncio
import math
import os
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from time import monotonic
from typing import Any, Protocol

from aiohttp import web

from gateway.canon.outcomes import Outcome
from gateway.dialect.drift import Sighting
from gateway.edge.answering import Answering
from gateway.edge.body import BodyRefused, body_at_hand, read_body
from gateway.edge.carry import Hop, Memory, carry
from gateway.edge.clients import Clients
from gateway.edge.listener import CLOSED, HEAD_WITHIN, KEPT, Listener
from gateway.edge.logs import Log
from gateway.edge.metrics import IN_TIME, LATE, Metrics, Told
from gateway.edge.tracing import OFF, Tracing
from gateway.edge.turns import Turn, Turns
from gateway.exchange.journey import Journey
from gateway.exchange.wishes import Flow
from gateway.wire.message import Request, Response


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


class NoAnswer(RuntimeError):
    """A story ended without an answer."""


def identifiers() -> Iterator[str]:
    """Names for callbacks: 32 hexadecimal digits that nobody else has, from the system's random numbers."""
    while True:
        block = os.urandom(4096)
        for start in range(0, len(block), 16):
            yield block[start : start + 16].hex()


class Server:
    """The public listener. *start* begins a provider's story, *refuse* one for a message whose body was not
    taken in (its Request has an empty body).

    *body_limit* in bytes; *body_deadline* seconds from the head to the body's last byte; *write_deadline* seconds for
    a provider to take its answer; *keepalive* seconds that a connection may be silent, *head_within* that a head may
    take. *reuse_port*: others may listen there too. *clients*: who may come, and how often at one time; *tls*: nothing
    else is spoken. *tracing* names each callback for the wallet. *drift* hears whose callback had what in no row. While
    *draining*, every answer closes its connection.
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
        reuse_port: bool = False,
        tracing: Tracing = OFF,
        body_limit: int = 64 * 1024,
        body_deadline: float = 1.0,
        write_deadline: float = 5.0,
        keepalive: float = 75.0,
        head_within: float = HEAD_WITHIN,
        clients: Clients | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.serve(providers)
        self._ids = identifiers()
        self._start, self._refuse = start, refuse
        self._memory, self._hop, self._tracing = memory, hop, tracing
        self._metrics, self._log, self._drift = metrics, log, drift
        self._body_limit, self._body_deadline, self._write_deadline = body_limit, body_deadline, write_deadline
        self._clients, self._turns = clients or Clients(), Turns()
        self._listener = Listener(
            self._receive, host, port, keepalive=keepalive, garbled=metrics.garbled, reuse_port=reuse_port,
            clients=self._clients, head_within=head_within, tls=tls, unshaken=metrics.unshaken,
        )  # fmt: skip
        self._running: set[Answering] = set()
        self._none_left: asyncio.Future[None] | None = None
        self.draining = False

    def serve(self, providers: Iterable[Provider]) -> None:
        """Find these from now on, and no others; callbacks at work go on with those that they began with."""
        self._mounts = {provider.mount: provider for provider in providers}
        self._root = self._mounts.pop("/", None)
        self._deepest = max((mount.count("/") for mount in self._mounts), default=0)

    async def start(self) -> tuple[str, int]:
        """Listen; returns the address taken. Raises OSError and ParserMissing."""
        return await self._listener.start()

    async def close(self) -> None:
        """Take no new connection, close the idle ones; callbacks at work go on."""
        await self._listener.close()

    async def finish(self, timeout: float) -> int:
        """Wait for the callbacks at work, *timeout* seconds at most; returns how many are left."""
        if self._running:
            self._none_left = asyncio.get_running_loop().create_future()
            await asyncio.wait({self._none_left}, timeout=timeout)
        return len(self._running)

    async def stop(self) -> None:
        """Close everything now; callbacks at work are cancelled, their wallet calls are not."""
        for callback in self._running:
            callback.cancel()
        await self.finish(1.0)
        await self._listener.stop()

    def find(self, path: str) -> tuple[Provider, str] | None:
        """The provider whose mount is the longest whole-segment prefix of a raw *path*, and the path below it."""
        if not path.startswith("/"):
            return None
        found, below, end = self._root, 0, 0
        for _ in range(self._deepest):
            end = path.find("/", end + 1)
            mount = path if end < 0 else path[:end]
            if (provider := self._mounts.get(mount)) is not None:
                found, below = provider, len(mount)
            if end < 0:
                break
        return None if found is None else (found, path[below:] or "/")

    async def _receive(self, request: web.BaseRequest) -> web.StreamResponse:
        received = monotonic()
        answering = Answering(request, self._write_deadline, self._is_draining, request.keep_alive)
        path, _, query = request.raw_path.partition("?")
        found = self.find(path)
        if found is None:
            self._metrics.unrouted()
            answering.keep = False
            await answering.deliver(Response(404))
            return CLOSED
        provider, below = found
        connection: Any = request.protocol  # a Connection; `cast` is a call
        visit = self._clients.visit(connection.peer, request.headers, provider.name)
        if visit.stranger:
            self._metrics.stranger(provider.name)
            if self._clients.knocks(provider.name, received):
                self._log.event("stranger", provider=provider.name, client=visit.client or "unreadable")
            answering.abort()
            return CLOSED
        journey = Journey(provider.name, provider.dialect.name, received, math.inf, next(self._ids))
        self._tracing.begin(journey, request.headers.get("traceparent"))
        self._running.add(answering)
        self._metrics.began()
        turn: Turn | None = None
        try:
            headers = tuple(request.headers.items())
            try:
                if visit.surplus:
                    raise BodyRefused(Outcome.BUSY, "more connections at one time than one client may have")
                body = body_at_hand(request, self._body_limit)
                if body is None:
                    body = await read_body(request, self._body_limit, self._body_deadline)
            except BodyRefused as refused:
                turn = await self._turns.begin(journey)
                answering.keep = False
                head = Request(request.method, below, query, headers)
                flow = self._refuse(provider, head, refused.outcome, refused.why, journey)
            else:
                turn = await self._turns.begin(journey)
                flow = self._start(provider, Request(request.method, below, query, headers, body), journey)
            await carry(flow, self._memory, self._hop, answering.deliver, journey, turn)
            if not answering.answered:
                raise NoAnswer("the story ended without an answer")
        except Exception as bug:
            journey.bug = journey.bug or bug
        finally:
            if turn is not None:
                turn.leave()
            self._clients.left(visit)
            if answering.at is None:
                answering.abort()
            self._close_the_books(answering, journey)
            self._running.discard(answering)
            if not self._running and self._none_left is not None and not self._none_left.done():
                self._none_left.set_result(None)
        return KEPT if answering.keep else CLOSED

    def _is_draining(self) -> bool:
        return self.draining

    def _close_the_books(self, answering: Answering, journey: Journey) -> None:
        """The callback's one log line and its metrics."""
        at = answering.at
        seconds = (monotonic() if at is None else at) - journey.received
        if at is not None:
            told = IN_TIME if at <= journey.answer_by else LATE
        elif not answering.answered:
            told = Told.DIED
        else:
            told = Told.CLOSED if answering.closed else Told.GONE
        if journey.bug is not None:
            self._metrics.bug()
            self._log.bug(journey.bug, "callback")
        self._metrics.ended(journey, told, seconds)
        self._log.line(journey, told, seconds)
        self._tracing.ended(journey, told, seconds)
        if journey.drift and self._drift is not None:
            self._drift(journey.provider, journey.drift)
