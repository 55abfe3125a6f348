"""One attempt to ask, from the asking to its real end: a story waits for it, and may stop waiting before."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any

from gateway.exchange.wishes import Send
from gateway.wire.message import Ending, NotSent, Silence

Finished = Callable[[Ending], None]


class Attempt:
    """*ended* hears the real end, once; so does *follow*, where the story did not wait for it.

    *message* is what leaves. `left` is the bit: true from just before the first byte is handed to the socket.
    `ending`: how it really ended. `release` gives its connection back; `task` is at work until it has one.
    """

    __slots__ = (
        "_ended", "_follow", "_loop", "_parted", "_story", "_timer",
        "ending", "left", "message", "release", "task", "wish",
    )  # fmt: skip

    def __init__(
        self,
        wish: Send,
        ended: Callable[["Attempt", Ending], None],
        follow: Callable[["Attempt", Ending], None],
        message: bytes = b"",
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.wish, self._ended, self._follow, self.message = wish, ended, follow, message
        self._loop = loop or asyncio.get_running_loop()
        self._story: asyncio.Future[Ending] = self._loop.create_future()
        self._timer: asyncio.TimerHandle | None = None
        self._parted = False
        self.left = False
        self.ending: Ending | None = None
        self.release: Callable[[Ending], None] | None = None
        self.task: asyncio.Task[Any] | None = None

    async def heard(self, now: float) -> Ending:
        """What its story hears, at the latest at `until`. Raises CancelledError alone."""
        if self.ending is None:
            self._timer = self._loop.call_later(self.wish.until - now, self._part)
        try:
            return await self._story
        except asyncio.CancelledError:
            self._part()
            raise

    def ends(self, ending: Ending) -> None:
        """The real end; what comes after the first is not heard."""
        if self.ending is not None:
            return
        self.ending = ending
        if self._timer is not None:
            self._timer.cancel()
        if self.task is not None:
            self.task.cancel()
        if self.release is not None:
            self.release(ending)
        if self._parted:
            self._follow(self, ending)
        elif not self._story.done():
            self._story.set_result(ending)
        self._ended(self, ending)

    def cancel(self) -> None:
        """Cut it off."""
        self.ends(Silence("cut off") if self.left else NotSent("cut off"))

    def _part(self) -> None:
        """Its story waits no longer: what has not left never leaves; what has left goes on, and its end is told."""
        if self._timer is not None:
            self._timer.cancel()
        if not self.left:
            self.ends(NotSent("it could not be sent in time"))
            return
        self._parted = True
        if not self._story.done():
            self._story.set_result(Silence("no whole answer in time", running=self.wish.late is not None))
        if self.ending is not None:  # it ended while its story was being cancelled
            self._follow(self, self.ending)
            return
        never = Silence("no whole answer, ever")
        self._timer = self._loop.call_later(self.wish.patience - monotonic(), self.ends, never)
