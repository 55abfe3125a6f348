"""The hop to the wallet: one request per wish, and three endings decided by what really was sent.

The bit that decides is set just before the first byte is handed to the socket: while it is false the ending is NotSent;
once it is true, anything short of a whole answer is Silence. What an exception is called decides nothing.

A call belongs to the Upstream: a handler that is cancelled, or that stops waiting, never cancels it. Whoever counts
connections is told by *finished* when a call really ends, which can be long after its story was answered.
"""

import asyncio
import ssl
from collections.abc import Callable, Collection
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from gateway.edge.attempt import Attempt, Finished, reason
from gateway.edge.carry import CarryLate
from gateway.edge.connection import Connection
from gateway.edge.pool import NoneFree, Pool
from gateway.exchange.wishes import Flow, Send
from gateway.wire.message import Ending, Heard, NotSent, Request, Silence, Unreachable

_PORTS = {"http": 80, "https": 443}


class Upstream:
    """HTTP/1.1 to one wallet. Times are seconds of `time.monotonic`; sizes are bytes.

    *base_url* is `http(s)://host[:port][/path]`. *pool_timeout* bounds the wait for a free connection, and with
    *connect_timeout* the making of one (DNS, TCP, TLS). *methods*: which are sent, those of the dialect that is spoken
    there; none is ever sent twice by itself, as clients do with a GET. *tls*: for https, where it is not the system's
    authorities alone. *on_ending* hears each ending and how long it took; *on_bug* hears what a late story raised.
    """

    def __init__(
        self,
        base_url: str,
        *,
        connections: int = 100,
        connect_timeout: float = 0.25,
        pool_timeout: float = 0.1,
        response_limit: int = 64 * 1024,
        keepalive: float = 15.0,
        methods: Collection[str] = ("POST",),
        tls: ssl.SSLContext | None = None,
        on_ending: Callable[[Ending, float], None] = lambda ending, seconds: None,
        on_bug: Callable[[BaseException], None] = lambda bug: None,
    ) -> None:
        self.url, parts = base_url, urlsplit(base_url)
        self._prefix, self._host = parts.path.rstrip("/"), f"Host: {parts.netloc}"
        self._encrypted = parts.scheme == "https"
        if self._encrypted and tls is None:
            tls = ssl.create_default_context()
        self._pool = Pool(
            parts.hostname or "", parts.port or _PORTS[parts.scheme], tls, most=connections,
            free_within=pool_timeout, made_within=pool_timeout + connect_timeout, keepalive=keepalive,
            answer_limit=response_limit,
        )  # fmt: skip
        self.allow(methods)
        self._on_ending, self._on_bug = on_ending, on_bug
        self._open = False
        self._calls: set[Attempt] = set()
        self._late: set[asyncio.Task[None]] = set()
        self._less: asyncio.Future[None] | None = None  # whoever waits for calls and stories to end
        self._loop: Any = None  # the running one: asking for it costs a system call

    def allow(self, methods: Collection[str]) -> None:
        """Send these methods from now on, and no others."""
        self._methods = frozenset(methods)

    def secure(self, tls: ssl.SSLContext | None) -> None:
        """Prove ourselves, and be convinced, by *tls* on every connection that is made from now on; None: as at first
        without one."""
        if self._encrypted:
            self._pool.secure(tls or ssl.create_default_context())

    async def start(self) -> None:
        """Open the pool; no connection is made yet."""
        self._open, self._loop = True, asyncio.get_running_loop()

    async def stop(self, timeout: float = 10.0) -> None:
        """Let running calls and their late stories end, *timeout* seconds at most; then cut them off (Silence)."""
        await self._none_left(timeout)
        for call in [*self._calls]:
            call.cancel()
        await self._none_left(1.0)
        for late in self._late:
            late.cancel()
        self._open = False
        self._pool.close()

    async def send(self, wish: Send, carry_late: CarryLate, finished: Finished | None = None) -> Ending:
        """Ask the wallet, as `gateway.exchange.wishes.Send` promises. Never raises but CancelledError.

        *finished* hears the call's real end, once, whatever becomes of the caller: when it holds no connection any
        more. That is before this returns, but for a call that is carried on after `until`.
        """
        asked = monotonic()
        ending: Ending
        message, why = self._said(wish, asked)
        if why:
            ending = NotSent(why)
            if finished is not None:
                finished(ending)
        else:
            call = Attempt(wish, self._ended, self._follow, message, finished, carry_late)
            self._calls.add(call)
            self._begin(call)
            if call.ending is None:
                try:
                    ending = await call.story(asked, self._loop)
                except asyncio.CancelledError:
                    call.part()
                    raise
            else:
                ending = call.ending
        self._on_ending(ending, monotonic() - asked)
        return ending

    def _said(self, wish: Send, now: float) -> tuple[bytes, str]:
        """What is to be sent, or why it is not even tried."""
        if wish.request.method not in self._methods:
            return b"", f"only {' and '.join(sorted(self._methods))} is sent here"
        if now >= wish.until:
            return b"", "no time left"
        if not self._open:
            return b"", "the wallet hop is closed"
        try:
            return self._message(wish.request), ""
        except ValueError as fault:
            return b"", str(fault)

    # -- a call's way

    def _begin(self, call: Attempt) -> None:
        """Send it on an idle connection; where there is none, as soon as there is one."""
        if (connection := self._pool.spare()) is not None:
            self._leave(call, connection)
        else:
            call.task = asyncio.create_task(self._connect(call))

    async def _connect(self, call: Attempt) -> None:
        try:
            connection = await self._pool.one()
        except NoneFree:
            call.ends(NotSent("no connection was free in time"))
        except TimeoutError:
            call.ends(Unreachable("no connection in time"))
        except OSError as fault:
            call.ends(Unreachable(reason(fault)))
        except asyncio.CancelledError:
            call.cancel()
            raise
        except Exception as fault:
            call.ends(NotSent(reason(fault)))
        else:
            call.task = None
            self._leave(call, connection)

    def _leave(self, call: Attempt, connection: Connection) -> None:
        """The last moment in which a call can still not be sent."""
        if call.ending is not None or monotonic() >= call.wish.until:
            self._pool.back(connection)
            call.ends(NotSent("it could not be sent in time"))
            return
        call.left, call.connection = True, connection
        try:
            connection.ask(call.message, call.hear)
        except Exception as fault:
            call.ends(Silence(reason(fault)))

    def _message(self, request: Request) -> bytes:
        """The request as bytes. ValueError for a head that would be read as something else."""
        body, query = request.body, request.query
        target = f"{self._prefix}{request.path}?{query}" if query else f"{self._prefix}{request.path}"
        lines = [f"{request.method} {target} HTTP/1.1", self._host]
        lines += [f"{name}: {value}" for name, value in request.headers]
        if body or request.method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        head, ends = "\r\n".join(lines), len(lines) - 1
        if head.count("\n") != ends or head.count("\r") != ends or "\0" in head or " " in target:
            raise ValueError("a line break or a space where HTTP has none")
        return b"%b\r\n\r\n%b" % (head.encode("utf-8", "surrogateescape"), body)

    # -- its end

    def _ended(self, call: Attempt, ending: Ending) -> None:
        """Its connection is free; whoever counts connections may know."""
        if (connection := call.connection) is not None:
            if not isinstance(ending, Heard):
                connection.abort()
            self._pool.back(connection)
        self._calls.discard(call)
        if self._less is not None:
            self._fewer()
        if call.finished is not None:
            call.finished(ending)

    def _follow(self, call: Attempt, ending: Ending) -> None:
        """Carry the late story of a call whose own story went on without it, if it has one."""
        if call.wish.late is None or call.carry_late is None:
            return
        follower = asyncio.create_task(self._carried(call.carry_late, call.wish.late, ending))
        self._late.add(follower)
        follower.add_done_callback(self._followed)

    async def _carried(self, carry_late: CarryLate, late: Callable[[Ending], Flow], ending: Ending) -> None:
        try:
            await carry_late(late(ending))
        except Exception as bug:
            self._on_bug(bug)

    def _followed(self, follower: "asyncio.Task[None]") -> None:
        self._late.discard(follower)
        self._fewer()

    def _fewer(self) -> None:
        if self._less is not None and not self._less.done():
            self._less.set_result(None)

    async def _none_left(self, seconds: float) -> None:
        give_up = monotonic() + seconds
        while (self._calls or self._late) and (wait := give_up - monotonic()) > 0:
            self._less = asyncio.get_running_loop().create_future()
            await asyncio.wait({self._less}, timeout=wait)
