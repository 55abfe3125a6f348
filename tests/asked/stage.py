"""A platform, a gateway's internal listener and a provider made of a table, on real sockets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp

from gateway.canon.requests import Ask
from gateway.dialect.asked import AskedExamples
from gateway.dialect.outbound import Outbound
from gateway.dialect.shelf import Shelf
from gateway.edge.app import SystemClock
from gateway.edge.callees import Callees, hop_to
from gateway.edge.internal import Internal
from gateway.exchange.outbound import Account, Inquiry, outbound
from gateway.journal.memory import Memory
from gateway.journal.states import Row
from gateway.sandbox.provider import SandboxProvider

TOKEN = "not-a-real-token-of-anybody"
#: What each dialect's fake provider must know beside what it is asked.
FACTS: dict[str, dict[str, Any]] = {"payfield": {"currency": "BDT"}}
PAYOUT = {"reference": "po-1", "amount": "5000.00", "currency": "BDT", "account": "01700000000", "player": "1001"}


def examples(dialect: str) -> AskedExamples:
    """The requests' examples of one table."""
    found = AskedExamples.load(Shelf(), dialect)
    assert found is not None
    return found


def table(dialect: str) -> Outbound:
    """The compiled requests of one table."""
    found = Shelf().dialect(dialect).outbound
    assert found is not None
    return found


def given(dialect: str, name: Ask) -> dict[str, Any]:
    """Facts of the first example that asks *name*, as JSON has them."""
    asked = next(each for each in examples(dialect).file.asked if each.request == name)
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in asked.given.items()}


@dataclass
class Stage:
    """To be entered with `async with`. *seconds*: how long an answer is waited for."""

    dialect: str
    seconds: float = 2.0
    journal: Any = field(default_factory=Memory)
    inquiries: list[Inquiry] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        requests = table(self.dialect)
        self.outbound = Outbound(requests.forms, requests.recipes, {"default": int(self.seconds * 1000)})
        made = examples(self.dialect)
        self.provider = SandboxProvider(requests, made.keys(requests, playing=True), FACTS.get(self.dialect))
        urls = await self.provider.start()
        account = Account("acme", "acme", self.outbound, made.keys(requests, playing=False), made.file.settings)
        self.internal = Internal(
            [account], "127.0.0.1", 0, tokens=[b"an-older-token-of-nobody", TOKEN.encode()],
            start=lambda inquiry: outbound(inquiry, SystemClock()), memory=self.journal,
            callees=Callees({("acme", word): hop_to(url) for word, url in urls.items()}),
            done=lambda inquiry, seconds: self.inquiries.append(inquiry),
        )  # fmt: skip
        await self.journal.start()
        host, port = await self.internal.start()
        self.url = f"http://{host}:{port}"
        self.client = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()
        await self.provider.stop()
        await self.internal.stop(0.5)
        await self.journal.stop()

    async def ask(self, name: str, facts: Mapping[str, Any], token: str = TOKEN) -> dict[str, Any]:
        """What the platform hears; `http` is the status."""
        headers = {"Authorization": f"Bearer {token}"}
        async with self.client.post(f"{self.url}/requests/acme/{name}", json=facts, headers=headers) as answer:
            return {"http": answer.status, **await answer.json()}

    def row(self, name: Ask, reference: str) -> Row | None:
        """What the journal holds of a payment, where it is in memory."""
        row: Row | None = self.journal.rows.get(f"acme:={name}:{reference}")
        return row

    @property
    def payments(self) -> int:
        """How many the provider holds."""
        return len(self.provider.books.payments)
