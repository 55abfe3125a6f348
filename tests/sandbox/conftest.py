"""A wallet in memory with a clock that a test turns, a wallet on a port, and short ways to call either."""

import time
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from gateway.canon.calls import Call, Reply
from gateway.canon.operations import Operation
from gateway.dialect.shelf import Shelf
from gateway.sandbox.server import SandboxServer
from gateway.sandbox.wallet import Wallet
from gateway.wire.message import Request, Response

AMOUNTS = ("amount", "bet_amount", "win_amount", "required_balance")


class Desk:
    """The wallet, its clock, and `desk("bet", "key", amount="1.00", ...)`; the player is ann unless said otherwise."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.wallet = Wallet(clock=lambda: self.now, session_life=100.0)
        self.wallet.open_player("ann", "EUR", Decimal("100.00"), nickname="Ann", country="DE")

    def __call__(self, operation: str, key: str | None = None, **fields: Any) -> Reply:
        """Apply one call; amounts may be texts, *refs* is one reference or several divided by blanks."""
        for name in AMOUNTS:
            if isinstance(fields.get(name), str):
                fields[name] = Decimal(fields[name])
        if "refs" in fields:
            fields["reference"] = tuple(fields.pop("refs").split())
        if "session" not in fields:
            fields.setdefault("player", "ann")
        return self.wallet.apply(Call(Operation(operation), transaction=key, provider="p", **fields))

    @property
    def ann(self) -> str:
        """Ann's balance as text, two decimals."""
        return f"{self.wallet.balance('ann'):.2f}"

    @property
    def held(self) -> int:
        """What is held of Ann's money, in cents."""
        player = self.wallet.ledger.player("ann")
        assert player is not None
        return self.wallet.ledger.balance(player, "hold")


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A fresh wallet with ann's 100.00 EUR; whatever a test did, the books are sound in the end."""
    desk = Desk()
    yield desk
    assert desk.wallet.audit() == ()
    desk.wallet.close()


class Line:
    """A line to a wallet that listens: signed calls as a gateway would send them, and the admin's own."""

    def __init__(self, server: SandboxServer, client: aiohttp.ClientSession) -> None:
        self.server = server
        self.client = client
        self.patience = 5.0  # seconds
        self.dialect = Shelf().dialect("canonical")
        self.keys = self.dialect.bind(SECRETS, "sender")

    def written(self, operation: str, key: str | None = None, **fields: Any) -> tuple[Call, Request]:
        """A signed call and its bytes; *amount* as text, the player is ann unless said otherwise."""
        if "amount" in fields:
            fields["amount"] = Decimal(fields["amount"])
            fields.setdefault("currency", "EUR")
        fields.setdefault("player", "ann")
        call = Call(Operation(operation), transaction=key, request_id=key or "read", provider="p", **fields)
        return call, self.dialect.write_call(call, self.keys, time.time())[1]

    async def post(self, request: Request) -> Response:
        """Send it as it is, without following redirects; raises what aiohttp raises."""
        url = self.server.url + request.path
        async with self.client.request(
            request.method,
            url,
            headers=dict(request.headers),
            data=request.body,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=self.patience),
        ) as answer:
            return Response(answer.status, tuple(answer.headers.items()), await answer.read())

    async def __call__(self, operation: str, key: str | None = None, **fields: Any) -> Reply:
        """Call, and read the reply as a gateway does."""
        call, request = self.written(operation, key, **fields)
        response = await self.post(request)
        return self.dialect.read_reply(operation, call, response, self.keys, time.time())[0]

    async def admin(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """One admin call: status and JSON."""
        async with self.client.request(method, self.server.url + path, json=body) as answer:
            return answer.status, await answer.json()

    def booked(self, key: str) -> bool:
        """Did the call of that key move money?"""
        record = self.server.wallet.records.find(key)
        return record is not None and record.state != "declined"


SECRETS = {"signing": [b"whsec_c2FuZGJveC13YWxsZXQtc2VjcmV0LTAwMDE="]}


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    """A listening wallet with ann's 100.00 EUR; the books are sound in the end, whatever the mood was."""
    server = SandboxServer(Shelf().dialect("canonical"), SECRETS, slow_seconds=0.2)
    server.wallet.open_player("ann", "EUR", 100, nickname="Ann", country="DE")
    await server.start()
    async with aiohttp.ClientSession() as client:
        yield Line(server, client)
    await server.stop()
    assert server.wallet.audit() == ()
    server.wallet.close()
