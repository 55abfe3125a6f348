"""A provider to be asked, made of a table: it checks our signature, keeps payments by our reference, refuses on demand.

Every answer that the table documents can be called for, and every trouble of the wire. It stands in for the real one in
tests and on a developer's machine; it knows no more than the table does.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from time import time
from typing import Any

from aiohttp import web

from gateway.canon.faults import Fault
from gateway.canon.requests import ASKED_BY, CREATES, Ask, Result
from gateway.dialect.answerform import Unfilled
from gateway.dialect.outbound import AskForm, AskKeys, AskRow, Outbound
from gateway.wire.message import Garbled, Request, Response
from gateway.wire.opened import Opened
from gateway.wire.signatures import Forged


class Trouble(StrEnum):
    """What a wire, or a server behind it, can do instead of answering. *_after*: the request is carried out first."""

    SILENCE = "silence"
    SILENCE_AFTER = "silence_after"
    RESET = "reset"
    RESET_AFTER = "reset_after"
    HALF = "half"
    HALF_AFTER = "half_after"
    GARBAGE = "garbage"
    GARBAGE_AFTER = "garbage_after"
    HTML = "html"
    FAILURE = "failure"
    FAILURE_AFTER = "failure_after"


@dataclass(slots=True)
class Books:
    """What the provider holds: payments by (request, our reference), the number of the next one, requests so far."""

    payments: dict[tuple[Ask, str], dict[str, Any]] = field(default_factory=dict)
    seen: list[tuple[str, Ask, dict[str, Any]]] = field(default_factory=list)
    forged: int = 0


class SandboxProvider:
    """Serves every named URL of *outbound* at `/{url}`. *next* holds what the coming requests meet, one each."""

    def __init__(self, outbound: Outbound, keys: AskKeys, facts: Mapping[str, Any] | None = None) -> None:
        self.outbound, self.keys = outbound, keys
        self.facts = dict(facts or {})
        self.books = Books()
        self.next: deque[AskRow | Trouble] = deque()
        self._release = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{url}{rest:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> dict[str, str]:
        """Listen; gives the named URLs as settings take them."""
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        taken = self._runner.addresses[0][1]
        return {word: f"http://{host}:{taken}/{word}" for word in self.outbound.urls}

    async def stop(self) -> None:
        """Close everything; who is kept waiting hears nothing."""
        self._release.set()
        await self._runner.cleanup()

    def meets(self, *what: AskRow | Trouble) -> None:
        """What the next requests meet, in order; after them all is well again."""
        self.next.extend(what)

    def documented(self, name: Ask) -> Iterable[AskRow]:
        """Every answer that the table lists for a request."""
        return self.outbound.forms[name].rows

    async def _serve(self, web_request: web.Request) -> web.StreamResponse:
        url = web_request.match_info["url"]
        path, _, query = web_request.raw_path.partition("?")
        path = path.removeprefix(f"/{url}")
        body = await web_request.read()
        request = Request(web_request.method, path, query, tuple(web_request.headers.items()), body)
        meets = self.next.popleft() if self.next else None
        if isinstance(meets, Trouble) and not meets.endswith("_after"):
            return await self._trouble(web_request, meets, b"{}")
        response = self._answer(url, request, meets if isinstance(meets, AskRow) else None)
        if isinstance(meets, Trouble):
            return await self._trouble(web_request, meets, response.body)
        return web.Response(status=response.status, body=response.body, headers=dict(response.headers))

    def _answer(self, url: str, request: Request, row: AskRow | None) -> Response:
        recognised = self.outbound.recognise(url, request)
        if recognised is None:
            return Response(404)
        form, opened = recognised
        facts, fault = self._read(form, opened)
        if fault is not None:
            return self._refused(form, fault, facts)
        self.books.seen.append((request.method, form.name, facts))
        if row is not None:
            return form.say(row, self._told(form, facts), row.answer.message_starts or "")
        return self._done(form, facts)

    def _read(self, form: AskForm, opened: Opened) -> tuple[dict[str, Any], Result | None]:
        headers = {name: opened.header(name) for name in form.headers if name in self.keys.headers}
        if any(value != self.keys.headers[name] for name, value in headers.items()):
            return {}, Result.UNAUTHORIZED
        try:
            self.keys.of(form.name).check(opened, time())
        except (Forged, Garbled):
            self.books.forged += 1
            return {}, Result.SIGNATURE_INVALID
        try:
            return form.read(opened), None
        except (Fault, Garbled):
            return {}, Result.REQUEST_INVALID

    def _refused(self, form: AskForm, result: Result, facts: Mapping[str, Any]) -> Response:
        """The documented refusal of that kind, or the plainest one there is."""
        kinds = [result, Result.UNAUTHORIZED, Result.REQUEST_INVALID, Result.PROVIDER_FAILED]
        for kind in kinds:
            for row in form.rows:
                if row.result is kind:
                    return form.say(row, facts)
        return Response(400)

    def _done(self, form: AskForm, facts: dict[str, Any]) -> Response:
        if form.name in CREATES:
            return self._created(form, facts)
        creates = [each for each, status in ASKED_BY.items() if status is form.name]
        if creates:
            held = self.books.payments.get((creates[0], facts.get("reference", "")))
            return self._refused(form, Result.NOT_FOUND, facts) if held is None else self._said(form, Result.OK, held)
        return self._said(form, Result.OK, self._told(form, facts))

    def _created(self, form: AskForm, facts: dict[str, Any]) -> Response:
        key = (form.name, facts["reference"])
        if (held := self.books.payments.get(key)) is not None:
            return self._said(form, Result.ALREADY_EXISTS, held)
        number = str(len(self.books.payments) + 1)
        held = self.books.payments[key] = {**self._told(form, facts), "provider_transaction": number}
        return self._said(form, Result.OK, held)

    def _said(self, form: AskForm, result: Result, facts: Mapping[str, Any]) -> Response:
        wanted = [row for row in form.rows if row.result is result and row.answer.code is None]
        wanted += [row for row in form.rows if row.result is Result.OK and row.answer.code is None]
        try:
            return form.say(wanted[0], facts)
        except Unfilled as lacking:
            raise web.HTTPInternalServerError(text=f"nothing to say for {lacking}") from None

    def _told(self, form: AskForm, facts: Mapping[str, Any]) -> dict[str, Any]:
        """What it tells of a request: what was asked, and something for every other name."""
        made = {
            "url": "https://provider.example/session/1", "state": "pending", "games": [], "session": "session-1",
            "provider_transaction": "1", "balance": Decimal("1000.00"), "available": Decimal("900.00"),
            "amount": Decimal("1.00"), "time": datetime.now(UTC), "currency": "EUR",
        }  # fmt: skip
        return {**made, **self.facts, **facts}

    async def _trouble(self, request: web.Request, trouble: Trouble, body: bytes) -> web.StreamResponse:
        kind = trouble.removesuffix("_after")
        if kind == "failure":
            return web.Response(status=503, body=b"upstream failure")
        if kind in ("garbage", "html"):
            text = b"<html>bad gateway</html>" if kind == "html" else b'{"half": '
            return web.Response(status=200, body=text)
        if kind == "silence":
            with suppress(asyncio.CancelledError):
                await self._release.wait()
        transport = request.transport
        if kind == "half" and transport is not None:
            whole = body or b"{}"
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(whole) + 50}\r\n\r\n"
            transport.write(head.encode() + whole)
            await asyncio.sleep(0)
            transport.close()
        elif transport is not None:
            transport.abort()
        return web.Response(status=500)
