"""From the first signal to the exit code: a stop that loses no callback.

1. `/readyz` says 503. 2. For *accept_grace* seconds callbacks are still taken, each answer closes its connection, so a
balancer has time to notice. 3. The listener closes, the internal one too, idle connections with them. 4. Callbacks,
errands and the platform's requests at work end, *timeout* seconds at most, and their calls with their late stories.
5. The journal is written and closed, and with it the rest; what is left of *timeout* is for the last spans. The exit
code is 0. A service manager hears when it may count on us, and when no longer (`sd_notify`).
A second signal stops at once; the exit code is 1. A signal before the start is done ends it there, with 0.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any, TypeVar

from gateway.edge.admin import Admin, Readiness
from gateway.edge.companions import Companions
from gateway.edge.gate import Gate
from gateway.edge.internal import Internal
from gateway.edge.logs import Log
from gateway.edge.outbox import Outbox
from gateway.edge.probes import Probes
from gateway.edge.sd_notify import READY, STOPPING, sd_notify
from gateway.edge.server import Server
from gateway.edge.spans import Spans
from gateway.edge.upstream import Upstream
from gateway.journal.store import Store

Result = TypeVar("Result")

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Lifecycle:
    """Starts the parts, waits for a signal (or `stop()`), and drains them. Works on asyncio and uvloop.

    *accept_grace* and *timeout* are seconds; *timeout* must exceed the longest deadline of any dialect. *companions*
    are at work from the start to the first signal.
    """

    def __init__(
        self,
        server: Server,
        admin: Admin,
        upstream: Upstream | Gate,
        journal: Store,
        outbox: Outbox,
        readiness: Readiness,
        log: Log,
        *,
        accept_grace: float = 5.0,
        timeout: float = 10.0,
        internal: Internal | None = None,
        probes: Probes | None = None,
        companions: Companions | None = None,
        spans: Spans | None = None,
    ) -> None:
        self._server, self._admin, self._upstream = server, admin, upstream
        self._journal, self._outbox = journal, outbox
        self._readiness, self._log = readiness, log
        self.drain(accept_grace, timeout)
        self._internal, self._probes, self._companions, self._spans = internal, probes, companions, spans
        self._give_up = 0.0
        self._first, self._second = asyncio.Event(), asyncio.Event()

    def drain(self, accept_grace: float, timeout: float) -> None:
        """Drain so from now on; a drain under way goes on as it began."""
        self._accept_grace, self._timeout = accept_grace, timeout

    def stop(self) -> None:
        """What a signal does: the first call drains, the second stops at once."""
        (self._second if self._first.is_set() else self._first).set()

    async def run(self, started: Callable[[tuple[str, int], tuple[str, int]], None] | None = None) -> int:
        """Start, serve, drain; returns the exit code. *started* hears the public and the admin address.

        Raises OSError when a port is taken, JournalRefused when the journal is; what had started is stopped then.
        """
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.stop)
        try:
            starting = await _unless(self._first, self._start())
            if starting.cancelled():
                sd_notify(STOPPING)
                self._log.event("stopped", callbacks_left=0)
                return 0
            public, admin = starting.result()
            self._outbox.begin()
            self._readiness.loaded = True
            self._log.event("started", public=_show(public), admin=_show(admin))
            if started is not None:
                started(public, admin)
            sd_notify(READY)
            if self._companions is not None:
                self._companions.begin()
            await self._first.wait()
            await self._no_companions()
            return await self._drain()
        finally:
            await self._no_companions()
            await self._server.stop()
            await self._outbox.stop(0.0)
            await self._upstream.stop(0.0)
            if self._internal is not None:
                await self._internal.stop(0.0)
            if self._probes is not None:
                await self._probes.stop()
            await self._admin.stop()
            await self._journal.stop()
            if self._spans is not None:
                await _unless(self._second, self._spans.close(self._remaining()))
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    async def _start(self) -> tuple[tuple[str, int], tuple[str, int]]:
        """Start the journal, and listen; the public and the admin address."""
        await self._journal.start()
        await self._upstream.start()
        admin = await self._admin.start()
        if self._probes is not None:
            self._log.event("listening", probes=_show(await self._probes.start()))
        if self._internal is not None:
            self._log.event("listening", internal=_show(await self._internal.start()))
        return await self._server.start(), admin

    async def _no_companions(self) -> None:
        if self._companions is not None:
            await self._companions.stop()

    async def _drain(self) -> int:
        """Steps 1 to 4; a second signal breaks them off."""
        self._readiness.draining = self._server.draining = True
        sd_notify(STOPPING)
        self._log.event("draining", accept_grace=self._accept_grace, timeout=self._timeout)
        self._give_up = monotonic() + self._accept_grace + self._timeout
        steps = await _unless(self._second, self._steps())
        if steps.cancelled():
            self._log.event("stopped at once")
            return 1
        self._log.event("stopped", callbacks_left=steps.result())
        return 0

    def _remaining(self) -> float:
        """Seconds that the drain still has."""
        return max(0.0, self._give_up - monotonic())

    async def _steps(self) -> int:
        await asyncio.sleep(self._accept_grace)
        await self._server.close()
        work = [self._server.finish(self._remaining()), self._outbox.stop(self._remaining())]
        if self._internal is not None:
            await self._internal.close()
            work.append(self._internal.finish(self._remaining()))
        left, *_ = await asyncio.gather(*work)
        # Only now: a callback at work may be about to ask the wallet, or a provider.
        calls = [self._upstream.stop(self._remaining())]
        if self._internal is not None:
            calls.append(self._internal.stop(self._remaining()))
        await asyncio.gather(*calls)
        # Calls that were cut off are Silence to their stories, which still have something safe to say.
        return await self._server.finish(1.0) if left else 0


async def _unless(event: asyncio.Event, work: Coroutine[Any, Any, Result]) -> "asyncio.Task[Result]":
    """*work* as a task that has ended: cancelled, where *event* came before its end."""
    task, come = asyncio.create_task(work), asyncio.create_task(event.wait())
    try:
        await asyncio.wait({task, come}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        come.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
    return task


def _show(address: tuple[str, int]) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
