"""The hop to the wallet: one request per wish, and three endings decided by what really was sent.

The bit that decides is set by aiohttp's trace just before the first byte is handed to the socket. Exception types do
not decide: the same type is raised before and after the request has left. While the bit is false the ending is NotSent;
once it is true, anything short of a whole answer is Silence. An answer whose end is only a closed connection cannot be
told from a torn one, and is Silence too.

A call belongs to the Upstream: a handler that is cancelled, or that stops waiting, never cancels it. Whoever counts
connections is told by *finished* when a call really ends, which can be long after its story was answered.
"""

import asyncio
import errno
from collections.abc import Callable, Collection
from dataclasses import dataclass
from time import monotonic
from types import SimpleNamespace
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from gateway.edge.carry import CarryLate
from gateway.exchange.wishes import Flow, Send
from gateway.wire.message import Ending, Heard, NotSent, Request, Response, Silence, Unreachable

_SKIPPED = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_BODILESS = frozenset({204, 304})


Finished = Callable[[Ending], None]


@dataclass(slots=True)
class _Call:
    """One attempt. *left* is the bit; a call that is *abandoned* before it left must never leave."""

    until: float
    left: bool = False
    abandoned: bool = False


class _NeverLeave(Exception):
    """Raised in the last moment before the first byte: this call is no longer wanted."""


class _Again(Exception):
    """Raised where aiohttp would send a GET once more by itself, after its connection broke."""


class _TooLarge(Exception):
    pass


class _Endless(Exception):
    pass


class Upstream:
    """HTTP/1.1 to one wallet. Times are seconds of `time.monotonic`; sizes are bytes.

    *base_url* is `http(s)://host[:port][/path]`. *pool_timeout* bounds the wait for a free connection,
    *connect_timeout* the making of one (DNS, TCP, TLS). *methods*: which are sent, those of the dialect that is spoken
    there; none is ever sent twice by itself, as clients do with a GET. *on_ending* hears each ending and how long it
    took; *on_bug* hears what a late story raised.
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
        on_ending: Callable[[Ending, float], None] = lambda ending, seconds: None,
        on_bug: Callable[[BaseException], None] = lambda bug: None,
    ) -> None:
        parts = urlsplit(base_url)
        self._scheme, self._authority, self._prefix = parts.scheme, parts.netloc, parts.path.rstrip("/")
        self._connections = connections
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=pool_timeout + connect_timeout, sock_connect=connect_timeout, ceil_threshold=3600
        )
        self._response_limit = response_limit
        self._keepalive = keepalive
        self._methods = frozenset(methods)
        self._on_ending, self._on_bug = on_ending, on_bug
        self._session: aiohttp.ClientSession | None = None
        self._calls: set[asyncio.Task[Ending]] = set()
        self._late: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Open the pool; no connection is made yet."""
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(_leaving)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=self._keepalive),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._timeout,
            trace_configs=[trace],
            skip_auto_headers=_SKIPPED,
            auto_decompress=False,
            trust_env=False,
        )

    async def stop(self, timeout: float = 10.0) -> None:
        """Let running calls and their late stories end, *timeout* seconds at most; then cut them off (Silence)."""
        give_up = monotonic() + timeout
        while (running := {*self._calls, *self._late}) and monotonic() < give_up:
            await asyncio.wait(running, timeout=give_up - monotonic(), return_when=asyncio.FIRST_COMPLETED)
        for call in self._calls:
            call.cancel()
        if running := {*self._calls, *self._late}:
            await asyncio.wait(running, timeout=1.0)
        for late in self._late:
            late.cancel()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def send(self, wish: Send, carry_late: CarryLate, finished: Finished = lambda ending: None) -> Ending:
        """Ask the wallet, as `gateway.exchange.wishes.Send` promises. Never raises but CancelledError.

        *finished* hears the call's real end, once, whatever becomes of the caller: when it holds no connection any
        more. That is before this returns, but for a call that is carried on after `until`.
        """
        asked = monotonic()
        ending = await self._send(wish, carry_late, finished, asked)
        self._on_ending(ending, monotonic() - asked)
        return ending

    async def _send(self, wish: Send, carry_late: CarryLate, finished: Finished, now: float) -> Ending:
        session, why = self._session, ""
        if wish.request.method not in self._methods:
            why = f"only {' and '.join(sorted(self._methods))} is sent here"
        elif now >= wish.until:
            why = "no time left"
        if session is None or why:
            refused = NotSent(why or "the wallet hop is closed")
            finished(refused)
            return refused
        call = _Call(wish.until)
        task = asyncio.create_task(self._run(session, call, wish))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        task.add_done_callback(lambda done: finished(_ended(done)))
        try:
            await asyncio.wait({task}, timeout=wish.until - now)
        except asyncio.CancelledError:
            self._part(call, task, wish, carry_late)
            raise
        return _ended(task) if task.done() else self._part(call, task, wish, carry_late)

    def _part(self, call: _Call, task: asyncio.Task[Ending], wish: Send, carry_late: CarryLate) -> Ending:
        """Stop waiting: what has not left never leaves; what has left goes on, and its late story is carried."""
        if not call.left:
            call.abandoned = True
            task.cancel()
            return NotSent("it could not be sent in time")
        if wish.late is not None:
            follower = asyncio.create_task(self._follow(task, wish.late, carry_late))
            self._late.add(follower)
            follower.add_done_callback(self._late.discard)
        return Silence("no whole answer in time", running=wish.late is not None)

    async def _follow(self, task: asyncio.Task[Ending], late: Callable[[Ending], Flow], carry_late: CarryLate) -> None:
        try:
            await asyncio.wait({task})
            await carry_late(late(_ended(task)))
        except Exception as bug:
            self._on_bug(bug)

    async def _run(self, session: aiohttp.ClientSession, call: _Call, wish: Send) -> Ending:
        """The call itself; ends by *patience* at the latest. A cancelled call ends by its bit like any other."""
        unreachable = False
        try:
            async with asyncio.timeout(max(wish.until, wish.patience) - monotonic()):
                return Heard(await self._post(session, call, wish.request))
        except asyncio.CancelledError:
            why = "cut off"
        except TimeoutError as fault:
            unreachable = isinstance(fault, aiohttp.ClientConnectionError)
            why = "no connection in time" if unreachable else "no whole answer, ever"
        except _NeverLeave:
            why = "it could not be sent in time"
        except _Again:
            why = "the connection broke before an answer came"
        except _TooLarge:
            why = f"the answer is larger than {self._response_limit} bytes"
        except _Endless:
            why = "the answer has neither a length nor chunks: nobody can tell whether it is whole"
        except Exception as fault:
            unreachable, why = isinstance(fault, aiohttp.ClientConnectionError), _reason(fault)
        return Silence(why) if call.left else Unreachable(why) if unreachable else NotSent(why)

    async def _post(self, session: aiohttp.ClientSession, call: _Call, request: Request) -> Response:
        url = URL.build(
            scheme=self._scheme,
            authority=self._authority,
            path=self._prefix + request.path,
            query_string=request.query,
            encoded=True,
        )
        data = request.body if request.body or request.method == "POST" else None
        answer = await session.request(
            request.method, url, data=data, headers=request.headers, allow_redirects=False, trace_request_ctx=call
        )
        try:
            if answer.status not in _BODILESS and not {"Content-Length", "Transfer-Encoding"} & {*answer.headers}:
                raise _Endless
            body = bytearray()
            if (answer.content_length or 0) > self._response_limit:
                raise _TooLarge
            async for chunk in answer.content.iter_any():
                body += chunk
                if len(body) > self._response_limit:
                    raise _TooLarge
        except BaseException:
            answer.close()
            raise
        answer.release()
        return Response(answer.status, tuple(answer.headers.items()), bytes(body))


async def _leaving(
    session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestHeadersSentParams
) -> None:
    """Runs between the connection and the first byte: the last moment in which a call can still not be sent."""
    call: _Call = context.trace_request_ctx
    if call.left:
        raise _Again
    if call.abandoned or monotonic() >= call.until:
        raise _NeverLeave
    call.left = True


def _ended(task: asyncio.Task[Ending]) -> Ending:
    """How a call that is over ended. One that was cut off before its first step has no result, and never left."""
    return NotSent("cut off") if task.cancelled() else task.result()


def _reason(fault: Exception) -> str:
    """The kind of a failure, in words without any content from outside."""
    number = getattr(fault, "errno", None)
    code = errno.errorcode.get(number) if isinstance(number, int) else None
    return f"{type(fault).__name__} ({code})" if code else type(fault).__name__
