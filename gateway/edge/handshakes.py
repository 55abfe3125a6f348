"""TLS before HTTP: who connects is counted from the accept on, and not only once a handshake has ended well.

An event loop that listens with TLS shows us a connection when its handshake is over; until then it has a file, memory
and nobody's name. So the accepting is done here, and each connection is known before the first byte of a handshake.
"""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, cast

from aiohttp import web

#: Handshakes at one time, whoever they are of: about 50 KiB each. The oldest makes room, since an honest one is short.
MOST = 1000
#: Connections taken in one turn of the loop; and seconds until the next try where no file is left.
_AT_ONCE, _AGAIN = 64, 0.5


class Arrival(Protocol):
    """A connection of which only the address is known."""

    @property
    def transport(self) -> asyncio.Transport | None:
        """None until the handshake is over, and again after the end."""

    def arrived(self, address: Any) -> bool:
        """Count it for the *address*, as the socket tells it. False: one too many, not to be talked to."""

    def gone(self) -> None:
        """Count it no more; to be said once or more often."""


class TlsSite(web.TCPSite):
    """An address where nothing but TLS is spoken. *made* makes a connection; *failed* hears of every handshake that
    ended badly, took longer than *within* seconds, or made room.
    """

    def __init__(
        self, runner: web.BaseRunner, host: str, port: int, *, made: Callable[[], Arrival],
        failed: Callable[[], None], within: float, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(runner, host, port, **options)
        self._made, self._failed, self._within = made, failed, within
        self._accepting: list[asyncio.Task[None]] = []
        self._listening: list[socket.socket] = []
        self._shaking: dict[socket.socket, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Listen. Raises OSError when the port is not free."""
        loop = asyncio.get_running_loop()
        self._runner._reg_site(self)
        # It binds, as for any other site, and is never told to serve.
        self._server = await loop.create_server(
            asyncio.Protocol, self._host, self._port, start_serving=False,
            reuse_address=self._reuse_address, reuse_port=self._reuse_port,
        )  # fmt: skip
        for bound in cast(Any, self._server).sockets:
            listening = socket.socket(fileno=os.dup(bound.fileno()))
            self._listening.append(listening)
            listening.setblocking(False)
            listening.listen(self._backlog)
            self._accepting.append(loop.create_task(self._accept(listening)))

    async def stop(self) -> None:
        """Take no new connection; handshakes under way go on."""
        for task in self._accepting:
            task.cancel()
        if self._accepting:
            await asyncio.wait(self._accepting)
        for listening in self._listening:
            listening.close()
        await super().stop()

    async def give_up(self) -> None:
        """End the handshakes under way."""
        under_way = [*self._shaking.values()]
        while self._shaking:
            self._end_oldest()
        if under_way:
            await asyncio.wait(under_way)

    async def _accept(self, listening: socket.socket) -> None:
        loop, taken = asyncio.get_running_loop(), 0
        while True:
            try:
                sock, address = await loop.sock_accept(listening)
            except OSError:
                await asyncio.sleep(_AGAIN)
                continue
            connection = self._made()
            if not connection.arrived(address):
                connection.gone()
                sock.close()
            else:
                self._shaking[sock] = loop.create_task(self._shake(sock, connection))
                if len(self._shaking) > MOST:
                    self._end_oldest()
            taken += 1
            if taken % _AT_ONCE == 0:
                await asyncio.sleep(0)  # who is waiting is taken without a pause, and others would never have a turn

    def _end_oldest(self) -> None:
        oldest = next(iter(self._shaking))
        del self._shaking[oldest]
        # Its handshake hears that the other end has gone, whether it has begun or not.
        with suppress(OSError):
            oldest.shutdown(socket.SHUT_RDWR)

    async def _shake(self, sock: socket.socket, connection: Arrival) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: cast(asyncio.Protocol, connection), sock, ssl=self._ssl_context,
                ssl_handshake_timeout=self._within,
            )  # fmt: skip
        except OSError:
            self._failed()
        finally:
            self._shaking.pop(sock, None)
            if connection.transport is None:
                connection.gone()
