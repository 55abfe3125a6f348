"""Who may do what at the admin listener: a token where one is set, and no change that a web page could ask for.

`/healthz` and `/readyz` tell nothing and are for probes, which hold no secrets: they never need the token. A change is
a POST (or anything else than GET and HEAD). It needs a Host that no foreign name can be made to point at, an address or
a name of ours, and no Origin but that of the listener itself: a browser that a page sent here has the page's.
"""

import hmac
from collections.abc import Awaitable, Callable, Collection, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_FREE = frozenset({"/healthz", "/readyz"})
_READING = frozenset({"GET", "HEAD"})


class Guard:
    """*tokens*: any of them is taken; None: nothing is asked for. *hosts*: names by which changes may be asked for."""

    def __init__(self, tokens: Sequence[bytes] | None = None, hosts: Collection[str] = ()) -> None:
        self.demand(tokens)
        self._hosts = frozenset({"localhost", *(host.lower() for host in hosts)})

    def demand(self, tokens: Sequence[bytes] | None) -> None:
        """Ask for one of these from now on; where all of them have ended, nobody has one."""
        self._tokens = None if tokens is None else tuple(tokens)

    @property
    def has_token(self) -> bool:
        """Whether anything is asked for."""
        return self._tokens is not None

    @property
    def middleware(self) -> Middleware:
        """For an application: every request is judged before its handler is called."""

        @web.middleware
        async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
            if self._tokens is not None and request.path not in _FREE and not bears(request, self._tokens):
                return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})
            if request.method not in _READING and (why := self.suspicion(request)):
                return web.Response(status=403, text=f"{why}\n")
            return await handler(request)

        return guarded

    def suspicion(self, request: web.Request) -> str:
        """Why a change is not made; empty where nothing is wrong. It tells no byte of what was sent."""
        host = request.headers.get("Host", "")
        if not self._known(host):
            return "the Host of a change is an address, localhost, or one of admin.hosts"
        origins = request.headers.getall("Origin", [])
        if any(origin.lower() not in (f"http://{host}".lower(), f"https://{host}".lower()) for origin in origins):
            return "a change is not made for a page of another origin"
        return ""

    def _known(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in self._hosts:
            return True
        try:
            return bool(ip_address(name))
        except ValueError:
            return False


def bears(request: web.BaseRequest, tokens: Sequence[bytes]) -> bool:
    """Whether it shows one of *tokens*, as one `Authorization: Bearer`; every token is compared, in constant time."""
    shown = request.headers.getall("Authorization", [])
    scheme, _, token = shown[0].partition(" ") if len(shown) == 1 else ("", "", "")
    given = token.encode("utf-8", "surrogateescape")
    found = [hmac.compare_digest(given, each) for each in tokens]
    return scheme.lower() == "bearer" and any(found)
