"""Playing the provider: canonical calls become signed requests of a dialect, over real sockets; answers are read."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import aiohttp
from yarl import URL

from gateway.canon.calls import AMOUNTS, CALL_FIELDS, Call, Reply, Shape
from gateway.canon.faults import Fault
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.dialect import Dialect
from gateway.dialect.keys import Keys
from gateway.dialect.requestform import RequestForm
from gateway.wire.message import Request, Response
from gateway.wire.values import Text

#: What a call carries wherever its dialect has a place for it; other optional fields are left out.
WANTED = frozenset(
    {"request_id", "player", "session", "transaction", "reference", "round", "round_end", "game", "currency"}
    | {"amount", "bet_amount", "win_amount", "time"}
)
#: Seconds after which nobody waits for an answer any more; longer than any dialect's deadline.
PATIENCE = 30.0


@dataclass(frozen=True)
class Exchange:
    """One call and what came back. *response* is None when the connection was closed or refused; *why* says it."""

    form: RequestForm
    call: Call
    request: Request
    response: Response | None
    reply: Reply
    why: str
    seconds: float


@dataclass(frozen=True)
class Caller:
    """One account, seen from the provider's side. *url* is the gateway's, with the account's mount."""

    dialect: Dialect
    keys: Keys
    url: str
    client: aiohttp.ClientSession
    settings: Mapping[str, Any] = field(default_factory=dict)

    def call(self, operation: Operation, variant: str | None = None, **facts: Any) -> Call:
        """A call with *facts*, and fresh values for what this dialect wants beside them.

        Fault unsupported_operation when the dialect does not have the operation.
        """
        form = self.form(operation, variant)
        fields = {each.name: each for each in form.fields}
        given = {name: value for name, value in facts.items() if value is not None and name in CALL_FIELDS}
        for name, each in fields.items():
            wanted = name in WANTED or not each.optional
            if name not in given and name not in form.derive and wanted:
                given[name] = fresh(name, operation, whole=each.converter == Text(integer=True))
        if fields.keys() & AMOUNTS:
            given.setdefault("currency", fresh("currency", operation))  # what the amounts are spelled by
        return Call(operation, **{**form.set, **given})

    def form(self, operation: Operation, variant: str | None = None) -> RequestForm:
        """The variant that says *operation*. Fault unsupported_operation."""
        names = self.dialect.operations().get(operation, [])
        if variant is not None and variant in self.dialect.variants:
            return self.dialect.variants[variant]
        if not names:
            raise Fault(Outcome.UNSUPPORTED_OPERATION, f"this dialect has no {operation}")
        return self.dialect.variants[names[0]]

    def written(self, call: Call, keys: Keys | None = None) -> tuple[RequestForm, Request]:
        """The signed request, with its path below the gateway's root. Fault when the dialect cannot say it."""
        return self.dialect.write_call(call, keys or self.keys, time.time(), self.settings)

    async def send(self, call: Call, keys: Keys | None = None) -> Exchange:
        """Send *call* and read the answer. With *keys*, they sign in place of the account's own: a forgery."""
        form, request = self.written(call, keys)
        began = time.perf_counter()
        try:
            response = await self._post(request)
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            said = type(fault).__name__
            if isinstance(fault, aiohttp.ClientConnectorError):
                said = f"nobody there at {fault.host}:{fault.port} ({os.strerror(fault.os_error.errno or 0)})"
            return Exchange(form, call, request, None, Reply(Outcome.UNKNOWN), said, time.perf_counter() - began)
        seconds = time.perf_counter() - began
        reply, why = self.dialect.read_reply(form.name, call, response, self.keys, time.time())
        return Exchange(form, call, request, response, reply, why, seconds)

    async def _post(self, request: Request) -> Response:
        path = request.path if request.path != "/" else ""
        query = f"?{request.query}" if request.query else ""
        async with self.client.request(
            request.method,
            URL(self.url.rstrip("/") + path + query, encoded=True),
            headers=dict(request.headers),
            data=request.body,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=PATIENCE),
        ) as answer:
            return Response(answer.status, tuple(answer.headers.items()), await answer.read())


def fresh(name: str, operation: Operation, *, whole: bool = False) -> Any:
    """A value for field *name* that nobody has used before, where that matters; *whole*: an id of digits."""
    shape = CALL_FIELDS[name]
    if shape is Shape.AMOUNT:
        return Decimal("1.00")
    if shape is Shape.FLAG:
        return operation is Operation.WIN if name == "round_end" else False
    if shape is Shape.TIME:
        return datetime.now(UTC).replace(microsecond=0)
    if shape is Shape.BAG:
        return {}
    if whole:
        return str(uuid4().int % 10**12)
    words = {"currency": "EUR", "game": "demo-game", "player": "1001", "session": "session-1001"}
    text = words.get(name) or f"{name.replace('_', '-')}-{uuid4().hex[:12]}"
    return (text,) if shape is Shape.TEXTS else text
