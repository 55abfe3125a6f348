"""One attempt to ask, from the asking to its real end: a story waits for it, and may stop waiting before."""

import asyncio
import errno
import ssl
from collections.abc import Callable
from time import monotonic
from typing import Any

from msgspec import Struct

from gateway.edge.carry import CarryLate
from gateway.edge.connection import Broken, Connection
from gateway.edge.lag import LATE
from gateway.exchange.wishes import Send
from gateway.wire.message import Ending, Heard, NotSent, Response, Silence

Finished = Callable[[Ending], None]


class Attempt(Struct, eq=False):
    """*ended* hears the real end, once; so does *follow*, where the story did not wait for it.

    *message* is what leaves; *finished* and *carry_late*: who asked. `left` is the bit: true from just before the first
    byte is handed to the socket. `ending`: how it really ended. `connection`: on which it left; `task` is at work until
    it has one.
    """

    wish: Send
    _ended: Callable[["Attempt", Ending], None]
    _follow: Callable[["Attempt", Ending], None]
    message: bytes = b""
    finished: Finished | None = None
    carry_late: CarryLate | None = None
    left: bool = False
    ending: Ending | None = None
    connection: Connection | None = None
    task: asyncio.Task[Any] | None = None
    _story: asyncio.Future[Ending] | None = None
    _timer: asyncio.Handle | None = None
    _loop: Any = None  # an AbstractEventLoop, once a story waits
    _parted: bool = False

    def story(self, now: float, loop: asyncio.AbstractEventLoop) -> asyncio.Future[Ending]:
        """What its story waits for, which ends at the latest at `until`; who stops waiting says so by `part`."""
        self._loop, self._story = loop, loop.create_future()
        self._timer = loop.call_later(self.wish.until - now, self._until)
        return self._story

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
        elif self._story is not None and not self._story.done():
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
            self.part()
        else:
            self._timer = self._loop.call_soon(self._soon)

    def _soon(self) -> None:
        self._timer = self._loop.call_soon(self.part)

    def part(self) -> None:
        """Its story waits no longer: what has not left never leaves; what has left goes on, and its end is told."""
        if self._timer is not None:
            self._timer.cancel()
        if not self.left:
            self.ends(NotSent("it could not be sent in time"))
            return
        self._parted = True
        if self._story is not None and not self._story.done():
            self._story.set_result(Silence("no whole answer in time", running=self.wish.late is not None))
        if self.ending is not None:  # it ended while its story was being cancelled
            self._follow(self, self.ending)
            return
        never = Silence("no whole answer, ever")
        self._timer = self._loop.call_later(self.wish.patience - monotonic(), self.ends, never)


def reason(fault: Exception) -> str:
    """The kind of a failure, in words without any content from outside."""
    if isinstance(fault, ssl.SSLCertVerificationError):  # its errno says nothing
        return f"{type(fault).__name__} ({fault.verify_message})"
    number = getattr(fault, "errno", None)
    code = errno.errorcode.get(number) if isinstance(number, int) else None
    return f"{type(fault).__name__} ({code})" if code else type(fault).__name__
