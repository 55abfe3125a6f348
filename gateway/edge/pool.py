"""Connections to one server: made when there is none to spare, kept for a while, never more than so many lent.

Whoever is lent one gives it back, in whatever state. The one that was used last is lent first.
"""

import asyncio
import socket
import ssl
from collections import deque
from time import monotonic

from aiohappyeyeballs import start_connection

from gateway.edge.connection import Connection
from gateway.edge.lag import LATE

#: Seconds after which the next address of a name is tried beside the first.
_NEXT_ADDRESS = 0.1


class NoneFree(Exception):
    """Every connection that may be lent is lent."""


class Pool:
    """Times are seconds. *free_within* bounds the wait for a free connection, *made_within* the making of one (DNS,
    TCP, TLS); *keepalive*: how long one may lie idle. *answer_limit*: see `Connection`."""

    def __init__(
        self, host: str, port: int, tls: ssl.SSLContext | None, *, most: int, free_within: float, made_within: float,
        keepalive: float, answer_limit: int,
    ) -> None:  # fmt: skip
        self._host, self._port = host, port
        self._tls = tls
        self._most, self._free_within, self._made_within = most, free_within, made_within
        self._keepalive, self._answer_limit = keepalive, answer_limit
        self._open: set[Connection] = set()
        self._idle: deque[tuple[float, Connection]] = deque()
        self._lent = 0
        self._turns: deque[asyncio.Future[None]] = deque()
        self._sweep: asyncio.TimerHandle | None = None

    def spare(self) -> Connection | None:
        """An idle connection, lent at once; None where one must be made or waited for."""
        idle = self._left_idle() if self._idle and self._lent < self._most else None
        if idle is not None:
            self._lent += 1
        return idle

    async def one(self) -> Connection:
        """A connection, lent. Raises NoneFree; TimeoutError and OSError where none could be made."""
        if (spare := self.spare()) is not None:
            return spare
        if self._lent < self._most:
            self._lent += 1
        else:
            await self._turn()
        try:
            # Whoever gave one back has left it idle, and us the leave to take it.
            return self._left_idle() or await self._made()
        except BaseException:
            self._give_leave()
            raise

    def back(self, connection: Connection) -> None:
        """It is not needed any more. One that is not ready is closed already."""
        if connection.ready:
            self._idle.append((monotonic(), connection))
            if self._sweep is None:
                self._sweep = asyncio.get_running_loop().call_later(self._keepalive, self._swept)
        if self._turns:
            self._give_leave()
        else:
            self._lent -= 1

    def secure(self, tls: ssl.SSLContext) -> None:
        """Make connections with *tls* from now on; those that are open end with what they are asked."""
        self._tls = tls
        for connection in self._open:
            connection.last = True
        # One that is lent may be about to be asked: closing it now would make a doubt of that.
        while self._idle:
            self._idle.popleft()[1].abort()

    def close(self) -> None:
        """Close all of them."""
        if self._sweep is not None:
            self._sweep.cancel()
        for connection in [*self._open]:
            connection.abort()

    # -- leave to have one

    async def _turn(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        try:
            async with asyncio.timeout(self._free_within):
                await turn
        except BaseException as fault:
            if not turn.cancelled():  # it came in the moment of giving up
                self._give_leave()
            raise NoneFree if isinstance(fault, TimeoutError) else fault from None

    def _give_leave(self) -> None:
        while self._turns:
            if not (turn := self._turns.popleft()).done():
                turn.set_result(None)
                return
        self._lent -= 1

    # -- connections

    def _left_idle(self) -> Connection | None:
        while self._idle:
            _, connection = self._idle.pop()
            if connection.ready:
                return connection
        return None

    async def _made(self) -> Connection:
        """A new one. Where we are late ourselves when time is over, it begins anew: a loop that looks too late has
        missed what came meanwhile, which says nothing of the server. Whoever waits for it has a time of his own."""
        making = asyncio.create_task(self._make())
        try:
            while not making.done():
                over = monotonic() + self._made_within
                await asyncio.wait({making}, timeout=self._made_within)
                if not making.done() and monotonic() - over < LATE:
                    raise TimeoutError
        except BaseException:
            making.cancel()
            making.add_done_callback(_unwanted)
            raise
        return making.result()

    async def _make(self) -> Connection:
        loop = asyncio.get_running_loop()
        addresses = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        plain, tls = await start_connection(addresses, happy_eyeballs_delay=_NEXT_ADDRESS, loop=loop), self._tls
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(self._answer_limit, self._open.discard),
                sock=plain, ssl=tls, server_hostname=self._host if tls else None,
            )  # fmt: skip
        except BaseException:
            plain.close()
            raise
        connection.last = tls is not self._tls
        self._open.add(connection)
        return connection

    def _swept(self) -> None:
        """Close what lay idle for too long; look again when the next one may have."""
        oldest = monotonic() - self._keepalive
        while self._idle and (self._idle[0][0] <= oldest or not self._idle[0][1].ready):
            self._idle.popleft()[1].abort()
        self._sweep = None
        if self._idle:
            wait = self._idle[0][0] - oldest
            self._sweep = asyncio.get_running_loop().call_later(wait, self._swept)


def _unwanted(making: "asyncio.Task[Connection]") -> None:
    """Who wanted it has gone in the moment in which it was there."""
    if not making.cancelled() and making.exception() is None:
        making.result().abort()
