"""One attempt to ask, from the asking to its real end: a story waits for it, and may stop waiting before."""

import asyncio
import errno
from collections.abc import Callable
from time import monotonic
from typing import Any

from gateway.edge.carry import CarryLate
from gateway.edge.connection import Broken, Connection
from gateway.edge.lag import LATE
from gateway.exchange.wishes import Send
from gateway.wire.message import Ending, Heard, NotSent, Response, Silence

Finished = Callable[[Ending], None]


class Attempt:
    """*ended* hears the real end, once; so does *follow*, where the story did not wait for it.

    *message* is what leaves; *finished* and *carry_late*: who asked. `left` is the bit: true from just before the first
    byte is handed to the socket. `ending`: how it really ended. `connection`: on which it left; `task` is at work until
    it has one.
    """

    __slots__ = (
        "_ended", "_follow", "_loop", "_parted", "_story", "_timer",
        "carry_late", "connection", "ending", "finished", "left", "message", "task", "wish",
    )  # fmt: skip

    def __init__(
        self,
        wish: Send,
        ended: Callable[["Attempt", Ending], None],
        follow: Callable[["Attempt", Ending], None],
        message: bytes = b"",
        loop: asyncio.AbstractEventLoop | None = None,
        finished: Finished | None = None,
        carry_late: CarryLate | None = None,
    ) -> None:
        self.wish, self._ended, self._follow, self.message = wish, ended, follow, message
        self.finished, self.carry_late = finished, carry_late
        self._loop = loop or asyncio.get_running_loop()
        self._story: asyncio.Future[Ending] = self._loop.create_future()
        self._timer: asyncio.Handle | None = None
        self._parted = False
        self.left = False
        self.ending: Ending | None = None
        self.connection: Connection | None = None
        self.task: asyncio.Task[Any] | None = None

    async def heard(self, now: float) -> Ending:
        """What its story hears, at the latest at `until`. Raises CancelledError alone."""
        if self.ending is None:
            self._timer = self._loop.call_later(self.wish.until - now, self._until)
        try:
            return await self._story
        except asyncio.CancelledError:
            self._part()
            raise

    def hear(self, told: Response | Exception) -> None:
        """What its connection says of it."""
        if isinstance(told, Response):
            self.ends(Heard(told))
        else:
            self.ends(Silence(str(told) if isinstance(told, Broken) else reason(told)))

    def ends(self, ending: Ending) -> None:
        """The real end; what comes after the first is not heard."""
        if self.ending is not None:
            return
        self.ending = ending
        if self._timer is not None:
            self._timer.cancel()
        if self.task is not None:
            self.task.cancel()
        if self._parted:
            self._follow(self, ending)
        elif not self._story.done():
            self._story.set_result(ending)
        self._ended(self, ending)

    def cancel(self) -> None:
        """Cut it off."""
        self.ends(Silence("cut off") if self.left else NotSent("cut off"))

    def _until(self) -> None:
        """Time is over. Where we are late ourselves, what has come meanwhile is looked at first.

        A loop may look at its clock before its sockets; between two calls put off to "soon" it looks at these.
        """
        if monotonic() - self.wish.until < LATE:
            self._part()
        else:
            self._timer = self._loop.call_soon(self._soon)

    def _soon(self) -> None:
        self._timer = self._loop.call_soon(self._part)

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


def reason(fault: Exception) -> str:
    """The kind of a failure, in words without any content from outside."""
    number = getattr(fault, "errno", None)
    code = errno.errorcode.get(number) if isinstance(number, int) else None
    return f"{type(fault).__name__} ({code})" if code else type(fault).__name__
