"""A listener for our own people and machines: one aiohttp application on one address.

A head has as long as on the public listener, and one address a number of connections: they are files of the process,
and without one left no callback is taken.
"""

from typing import Any

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

    async def stop(self) -> None:
        """Close the listener; what is under way has its `shutdown_timeout` to end."""
        await self._runner.cleanup()
