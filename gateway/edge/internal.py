"""The internal listener: the operator's platform asks providers, in canonical JSON, with a bearer token.

`POST /requests/{provider}/{name}` with the facts as one JSON object; `GET /requests` says what can be asked of whom.
What came of a request is in the body, with HTTP 200; any other status says that nothing was asked.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import orjson
from aiohttp import web

from gateway.canon.faults import Fault
from gateway.canon.requests import Ask
from gateway.dialect.askfacts import read_facts
from gateway.dialect.problems import suggest
from gateway.edge.admin_guard import bears
from gateway.edge.callees import Callees
from gateway.edge.carry import Memory, carry
from gateway.edge.site import Site
from gateway.exchange.outbound import Account, Inquiry
from gateway.exchange.wishes import Delivery, Flow
from gateway.wire.jsontext import read_json
from gateway.wire.message import Garbled, Response

_LIMIT = 64 * 1024
#: A token that can be guessed is none.
SHORTEST_TOKEN = 16


class Internal:
    """The listener on *host*:*port* (port 0: any free one).

    *tokens*: any of them is taken. *start* tells the story of an Inquiry; *done* hears each one and its seconds.
    *reuse_port*: others may listen there too.
    """

    def __init__(
        self, accounts: Sequence[Account], host: str, port: int, *, tokens: Sequence[bytes],
        start: Callable[[Inquiry], Flow], memory: Memory, callees: Callees, done: Callable[[Inquiry, float], None],
        reuse_port: bool = False,
    ) -> None:  # fmt: skip
        self.serve(accounts, tokens)
        self._start, self._memory, self._callees, self._done = start, memory, callees, done
        self._running: set[asyncio.Task[web.Response]] = set()
        app = web.Application(client_max_size=_LIMIT)
        app.router.add_get("/requests", self._list)
        app.router.add_post("/requests/{provider}/{name}", self._ask)
        self._site = Site(app, host, port, reuse_port=reuse_port, shutdown_timeout=1.0)

    def serve(self, accounts: Sequence[Account], tokens: Sequence[bytes]) -> None:
        """Ask these from now on, for whoever has one of *tokens*; requests at work go on."""
        self._accounts = {account.name: account for account in accounts}
        self._tokens = tuple(tokens)

    async def start(self) -> tuple[str, int]:
        """Listen; returns the address taken. Raises OSError when the port is not free."""
        await self._callees.start()
        return await self._site.start()

    async def close(self) -> None:
        """Take no new connection, close the idle ones; requests at work go on."""
        await self._site.close()

    async def finish(self, timeout: float) -> None:
        """Wait for the requests at work, *timeout* seconds at most."""
        if self._running:
            await asyncio.wait(self._running, timeout=timeout)

    async def stop(self, timeout: float) -> None:
        """Let calls and their late stories end, *timeout* seconds at most, then cut them off; and close everything."""
        await self._callees.stop(timeout)
        # After the calls: whose request was cut off is told so.
        await self._site.stop()

    async def _list(self, request: web.Request) -> web.Response:
        if not bears(request, self._tokens):
            return _refused(401, "a bearer token is due")
        listed = {
            account.name: {str(name): form.names for name, form in account.outbound.forms.items()}
            for account in self._accounts.values()
        }
        return _json(200, listed)

    async def _ask(self, request: web.Request) -> web.Response:
        if not bears(request, self._tokens):
            return _refused(401, "a bearer token is due")
        account = self._accounts.get(request.match_info["provider"])
        if account is None:
            return _refused(404, "no provider of this name is asked anything" + _near(request, self._accounts))
        forms = {str(name): name for name in account.outbound.forms}
        word = request.match_info["name"]
        if word not in forms:
            near = suggest(word, forms)
            return _refused(404, f"{account.name} is not asked this: {near or ', '.join(forms)}")
        try:
            facts = _facts(await request.read())
        except web.HTTPRequestEntityTooLarge:
            return _refused(413, f"more than {_LIMIT} bytes")
        except (Fault, Garbled) as fault:
            return _refused(400, getattr(fault, "why", str(fault)))
        asking = asyncio.create_task(self._carried(account, forms[word], facts))
        self._running.add(asking)
        asking.add_done_callback(self._running.discard)
        return await asking

    async def _carried(self, account: Account, name: Ask, facts: Mapping[str, Any]) -> web.Response:
        began = monotonic()
        if facts.get("time") is None and "time" in account.outbound.forms[name].names:
            facts = {**facts, "time": datetime.now(UTC)}
        inquiry = Inquiry(account, name, facts, began + account.outbound.deadline_s(name))
        told: list[Response] = []

        async def deliver(response: Response | None) -> Delivery:
            if response is not None:
                told.append(response)
            return Delivery(monotonic())

        await carry(self._start(inquiry), self._memory, self._callees, deliver)
        self._done(inquiry, monotonic() - began)
        response = told[0]
        return web.Response(status=response.status, body=response.body, headers=dict(response.headers))


def _facts(raw: bytes) -> dict[str, Any]:
    """Fault, Garbled."""
    given = read_json(raw or b"{}")
    if not isinstance(given, dict):
        raise Garbled("a JSON object of our fields is due")
    return read_facts(given)


def _near(request: web.Request, names: Mapping[str, Any]) -> str:
    near = suggest(request.match_info["provider"], names)
    return f": {near}" if near else f"; there are {', '.join(names)}" if names else ""


def _refused(status: int, why: str) -> web.Response:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return _json(status, {"ending": "not_sent", "why": why}, headers)


def _json(status: int, body: Any, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status, body=orjson.dumps(body), headers=headers, content_type="application/json"
    )  # fmt: skip
