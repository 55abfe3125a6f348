"""The listener for probes and scrapes from other machines: what changes nothing and tells no secret, and no more.

The admin listener is on loopback, where neither a kubelet nor Prometheus reaches it. This one needs no token, since it
has only `/healthz`, `/readyz` and `/metrics`, which are the admin listener's own. Keep it on a network of your own all
the same: who your providers are, and how much they play, is in the metrics.
"""

from aiohttp import web

from gateway.edge.admin import Admin
from gateway.edge.site import Site


class Probes:
    """The three paths of *admin* on *host*:*port* (port 0: any free one); everything else is 404."""

    def __init__(self, host: str, port: int, admin: Admin) -> None:
        app = web.Application()
        admin.answer_probes(app)
        self._site = Site(app, host, port, shutdown_timeout=1.0, keepalive_timeout=75.0)

    async def start(self) -> tuple[str, int]:
        """Listen; returns the address taken. Raises OSError when the port is not free."""
        return await self._site.start()

    async def stop(self) -> None:
        """Close the listener; a scrape under way has a second to end."""
        await self._site.stop()
