"""A wallet in memory with a clock that a test turns, a wallet on a port, and short ways to call either."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from gateway.canon.calls import Call, Reply
from gateway.canon.operations import Operation
from gateway.dialect.shelf import Shelf
from gateway.sandbox.promises import ALL
from gateway.sandbox.server import SandboxServer
from gateway.sandbox.wallet import Wallet
from gateway.wire.message import Request, Response

AMOUNTS = ("amount", "bet_amount", "win_amount", "required_balance")


class Desk:
    """The wallet, its clock, and `desk("bet", "key", amount="1.00", ...)`; the player is ann unless said otherwise."""

    def __init__(self, *without: str) -> None:
        self.now = 1_800_000_000.0
        self.wallet = Wallet(promises=ALL - {*without}, clock=lambda: self.now, session_life=100.0)
        self.wallet.open_player("ann", "EUR", Decimal("100.00"), nickname="Ann", country="DE")

    def __call__(self, operation: str, key: str | None = None, **fields: Any) -> Reply:
        """Apply one call; amounts may be texts, *refs* is one reference or several divided by blanks.

        *without*: promises that are broken for this call.
        """
        for name in AMOUNTS:
            if isinstance(fields.get(name), str):
                fields[name] = Decimal(fields[name])
        if "refs" in fields:
            fields["reference"] = tuple(fields.pop("refs").split())
        if "session" not in fields:
            fields.setdefault("player", "ann")
        without = fields.pop("without", ())
        return self.wallet.apply(Call(Operation(operation), transaction=key, provider="p", **fields), without=without)

    @property
    def ann(self) -> str:
        """Ann's balance as text, two decimals."""
        return f"{self.wallet.balance('ann'):.2f}"

    def copies(self, key: str) -> list[tuple[str, str, str]]:
        """What an auditor's SQL finds under *key*: state, taken and given of each copy."""
        question = "SELECT state, taken, given FROM operations WHERE key = ? ORDER BY copy"
        return self.wallet.ledger.connection.execute(question, (key,)).fetchall()

    @property
    def tombstones(self) -> list[str]:
        """The keys that are buried."""
        return [key for (key,) in self.wallet.ledger.connection.execute("SELECT key FROM tombstones ORDER BY key")]

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


@pytest.fixture
def less() -> Iterator[Callable[..., Desk]]:
    """`less("status", ...)`: a desk at a wallet that does not promise these; its books too are sound in the end."""
    desks: list[Desk] = []

    def make(*without: str) -> Desk:
        desks.append(Desk(*without))
        return desks[-1]

    yield make
    for desk in desks:
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
async def wallet_line() -> AsyncIterator[Callable[..., Any]]:
    """`await wallet_line("status", ...)`: a listening wallet that does not promise these, with ann's 100.00 EUR.

    Late calls come 0.2 seconds late. The books are sound in the end, whatever the mood was.
    """
    lines: list[Line] = []

    async def make(*without: str) -> Line:
        wallet = Wallet(promises=ALL - {*without})
        wallet.open_player("ann", "EUR", 100, nickname="Ann", country="DE")
        server = SandboxServer(Shelf().dialect("canonical"), SECRETS, wallet=wallet, slow_seconds=0.2, late_seconds=0.2)
        await server.start()
        lines.append(Line(server, aiohttp.ClientSession()))
        return lines[-1]

    yield make
    for line in lines:
        await line.client.close()
        await line.server.stop()
        assert line.server.wallet.audit() == ()
        line.server.wallet.close()


@pytest.fixture
async def line(wallet_line: Callable[..., Any]) -> Line:
    """A listening wallet that keeps its promises."""
    made: Line = await wallet_line()
    return made
