"""Waiting until a row is in nobody's hands: whoever ends a call in this process wakes at once those who wait for it."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from time import monotonic

from gateway.journal.wishes import Wait

#: How often somebody who waits for a row looks again, in seconds: the call may be another process's.
LOOK_AGAIN = 0.25


class Waiting:
    """Everybody who waits for rows of one store, the first of a row woken first; *again*: seconds until each looks."""

    def __init__(self, again: Callable[[], float] = lambda: LOOK_AGAIN) -> None:
        self._again = again
        self._waiting: dict[str, dict[asyncio.Future[None], None]] = defaultdict(dict)

    async def wait(self, wish: Wait, held: Callable[[], Awaitable[bool]]) -> None:
        """Until *held* says no, or the wish's time is over."""
        loop = asyncio.get_running_loop()
        while (left := wish.until - monotonic()) > 0:
            woken = loop.create_future()
            self._waiting[wish.key][woken] = None
            try:
                if not await held():
                    return
                await asyncio.wait([woken], timeout=min(self._again(), left))
            finally:
                if waiting := self._waiting.get(wish.key):
                    waiting.pop(woken, None)
                    if not waiting:
                        del self._waiting[wish.key]

    def wake(self, keys: Iterable[str]) -> None:
        """The calls of these rows have ended."""
        for key in keys:
            for woken in self._waiting.pop(key, ()):
                if not woken.done():
                    woken.set_result(None)
