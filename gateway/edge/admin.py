"""The operator's listener: is it alive, is it ready, what does it count. Beyond loopback only with a token.

`/healthz` says that the loop turns, also while draining. `/readyz` says whether callbacks should come here; the
wallet being down is no reason to send them away, since then every instance would leave at once.
"""

import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.aiohttp import make_aiohttp_handler

from gateway.edge.admin_guard import Guard
from gateway.edge.site import Site

_INDEX = """gateway

/healthz  the process turns
/readyz   it wants callbacks
/metrics  for Prometheus
/drift    what came and stands in no row

POST /-/reload                  read the settings, the tables and the secrets again
POST /-/log-level?level=LEVEL   info, warning or error
"""


class ListenRefused(ValueError):
    """The admin listener would be open to others."""


@dataclass(slots=True)
class Readiness:
    """Whether callbacks should come here; the composition root and the drain write it, `/readyz` reads it."""

    loaded: bool = False
    draining: bool = False

    def reasons(self) -> list[str]:
        """Why not; empty when ready."""
        return ([] if self.loaded else ["not loaded"]) + (["draining"] if self.draining else [])


def is_loopback(host: str) -> bool:
    """Whether a listen address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Admin:
    """The admin listener on *host*:*port* (port 0: any free one). Raises ListenRefused beyond loopback without a token.

    *drift*: what `/drift` tells, JSON-ready. *guard* judges every request before it is served. *actions*: what changes
    something, by its path; by POST only.
    """

    def __init__(
        self, host: str, port: int, registry: CollectorRegistry, readiness: Readiness,
        drift: Callable[[], list[dict[str, Any]]] = list, guard: Guard | None = None,
        actions: Mapping[str, Callable[[web.Request], Awaitable[web.Response]]] | None = None,
    ) -> None:  # fmt: skip
        guard = guard or Guard()
        if not is_loopback(host) and not guard.has_token:
            raise ListenRefused(
                f"admin.listen: {host} is not a loopback address, and no token protects it; set admin.secrets.token,"
                " or listen on 127.0.0.1, [::1] or localhost only"
            )
        self._registry, self._readiness, self._drift = registry, readiness, drift
        app = web.Application(middlewares=[guard.middleware])
        app.router.add_get("/", self._index)
        self.answer_probes(app)
        app.router.add_get("/drift", self._drifted)
        for path, action in (actions or {}).items():
            app.router.add_post(path, action)
        self._site = Site(app, host, port, shutdown_timeout=1.0, keepalive_timeout=75.0)

    def answer_probes(self, app: web.Application) -> None:
        """Give *app* the paths that anybody may read: `/healthz`, `/readyz`, `/metrics`."""
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", make_aiohttp_handler(self._registry))

    async def start(self) -> tuple[str, int]:
        """Listen; returns the address taken. Raises OSError when the port is not free."""
        return await self._site.start()

    async def stop(self) -> None:
        """Close the listener; a scrape under way has a second to end."""
        await self._site.stop()

    async def _index(self, request: web.Request) -> web.Response:
        return web.Response(text=_INDEX)

    async def _healthz(self, request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, request: web.Request) -> web.Response:
        reasons = self._readiness.reasons()
        body = orjson.dumps({"ready": not reasons, "reasons": reasons})
        return web.Response(status=503 if reasons else 200, body=body, content_type="application/json")

    async def _drifted(self, request: web.Request) -> web.Response:
        return web.Response(body=orjson.dumps(self._drift()), content_type="application/json")
