"""What goes on beside the callbacks while they are served: reloads on SIGHUP, watching files, secrets that end."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from gateway.edge.ending import Endings
from gateway.edge.logs import Log
from gateway.edge.reload import Reload
from gateway.edge.sd_notify import READY, WATCHDOG, reloading, sd_notify, watchdog_seconds
from gateway.edge.watching import Watch

#: Seconds until a companion that failed is begun again.
_AGAIN = 5.0


class Companions:
    """*reload* on SIGHUP, and where *watch* says so, whenever *config* or what it names has changed."""

    def __init__(self, reload: Reload, config: Path, log: Log, *, watch: bool = False) -> None:
        self._reload, self._log = reload, log
        self._watch = (
            Watch(config, lambda: (reload.live.settings, reload.asked), lambda: self._again("watch")) if watch else None
        )
        self._endings = Endings(lambda: reload.live, reload.put, log)
        self._tasks: set[asyncio.Task[object]] = set()
        self._signalled = asyncio.Event()

    def begin(self) -> None:
        """Until `stop`."""
        if hasattr(signal, "SIGHUP"):
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGHUP, self._signalled.set)
            self._keep(self._guarded("SIGHUP", self._on_signals))
        self._keep(self._guarded("secrets that end", self._endings.run))
        if self._watch is not None:
            self._keep(self._guarded("watch", self._watch.run))
        if seconds := watchdog_seconds():
            self._keep(_alive(seconds / 2))

    async def stop(self) -> None:
        """No more; a reload under way is not waited for, and changes nothing any more."""
        if hasattr(signal, "SIGHUP") and self._tasks:
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, lambda: None)  # not what would kill us
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)
        self._tasks = set()

    def _keep(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _on_signals(self) -> None:
        """However many come while one is read for: one more, which reads what all of them mean."""
        while True:
            await self._signalled.wait()
            self._signalled.clear()
            await self._again("SIGHUP")

    async def _again(self, why: str) -> None:
        sd_notify(reloading())
        try:
            await self._reload.reload(why)
        except Exception as bug:  # whatever it is: what is served is not touched by it
            self._log.bug(bug, "reload")
        finally:
            sd_notify(READY)

    async def _guarded(self, where: str, run: Callable[[], Awaitable[None]]) -> None:
        """A companion that fails is begun again, a little later."""
        while True:
            try:
                await run()
            except Exception as bug:
                self._log.bug(bug, where)
            await asyncio.sleep(_AGAIN)


async def _alive(every: float) -> None:
    """Tell the service manager that the loop turns."""
    while True:
        sd_notify(WATCHDOG)
        await asyncio.sleep(every)
