"""What an operator may change of a running gateway, by a POST to the admin listener."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from gateway.edge.logs import LEVELS, Log
from gateway.edge.reload import Reload

Action = Callable[[web.Request], Awaitable[web.Response]]


def reload_now(reload: Reload) -> Action:
    """`POST /-/reload`: 200 with what has changed; 400 with the complaints, as `gateway check` has them."""

    async def reloaded(request: web.Request) -> web.Response:
        read = await reload.reload("POST /-/reload")
        return web.Response(status=400 if read.complaints else 200, text=read.text)

    return reloaded


def log_level(log: Log) -> Action:
    """`POST /-/log-level?level=warning`: less grave lines are not written from now on."""

    async def levelled(request: web.Request) -> web.Response:
        level = request.query.get("level", "")
        if level not in LEVELS:
            return web.Response(status=400, text=f"level is one of {', '.join(LEVELS)}; it is {log.level}\n")
        before, log.level = log.level, level
        log.warning("log level", level=level, before=before)
        return web.Response(text=f"{before} -> {level}\n")

    return levelled
