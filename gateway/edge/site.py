"""A listener for our own people and machines: one aiohttp application on one address.

A head has as long as on the public listener, and one address a number of connections: they are files of the process,
and without one left no callback is taken.
"""

import asyncio
from typing import Any, cast

from aiohttp import web

from gateway.edge.clients import Clients
from gateway.edge.listener import HEAD_WITHIN, Connection, ServerOf

#: Connections of one address at one listener; twice as many are closed unread.
MOST = 250


class _Own(Connection):
    """Our own people are told what is wrong, in aiohttp's words."""

    __slots__ = ()
    handle_error = web.RequestHandler.handle_error


class _Runner(web.AppRunner):
    async def _make_server(self) -> web.Server:
        made: Any = await super()._make_server()
        return ServerOf(
            _Own,
            made.request_handler,
            made.request_factory,
            garbled=lambda: None,
            clients=Clients(most=MOST),
            head_within=HEAD_WITHIN,
            **made._kwargs,
        )


class Site:
    """*app* on *host*:*port* (port 0: any free one). *options*: those of aiohttp's AppRunner."""

    def __init__(self, app: web.Application, host: str, port: int, *, reuse_port: bool = False, **options: Any) -> None:
        self._runner = _Runner(app, access_log=None, **options)
        self._host, self._port, self._reuse_port = host, port, reuse_port

    async def start(self) -> tuple[str, int]:
        """Listen; returns the address taken. Raises OSError when the port is not free."""
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port, reuse_port=self._reuse_port).start()
        host, port = self._runner.addresses[0][:2]
        return str(host), int(port)

    async def close(self) -> None:
        """Take no new connection, close the idle ones; what is under way goes on, and ends its connection."""
        for site in self._runner.sites:
            await site.stop()
        if (server := self._runner.server) is not None:
            await asyncio.sleep(0)  # whoever has connected before may have begun to ask
            # This alone leaves an idle connection open and deaf: what was then sent would never be answered.
            server.pre_shutdown()
            for connection in server.connections:
                if cast(Any, connection)._current_request is None:
                    connection.force_close()

    async def stop(self) -> None:
        """Close the listener; what is under way has its `shutdown_timeout` to end."""
        await self._runner.cleanup()
