"""The other direction: every request that a shipped table documents, asked of a fake provider made of that table.

Real sockets all the way: the platform's request, the internal listener, the signed message, the provider's answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from gateway.canon.requests import CREATES
from gateway.cli.demo.stage import HOST
from gateway.cli.sheet import Sheet
from gateway.dialect.asked import Asked, AskedExamples
from gateway.dialect.compiler.outbound import ASKS
from gateway.dialect.outbound import Outbound
from gateway.dialect.shelf import Shelf
from gateway.edge.app import SystemClock
from gateway.edge.callees import Callees, hop_to
from gateway.edge.internal import Internal
from gateway.exchange.outbound import Account, outbound
from gateway.journal.memory import Memory
from gateway.sandbox.provider import SandboxProvider

TOKEN = "made-up-for-this-run"


@dataclass(frozen=True)
class Row:
    """One request that was played. *due*: the result that it must have."""

    dialect: str
    request: str
    message: str
    told: dict[str, Any]
    due: str

    @property
    def differs(self) -> bool:
        """Is it not as it must be?"""
        return bool(self.told.get("result") != self.due)


async def play_requests(shelf: Shelf) -> list[Row]:
    """The first documented request of each kind, and what pays a player a second time."""
    rows = []
    for name in shelf.names:
        requests, examples = shelf.dialect(name).outbound, AskedExamples.load(shelf, name)
        if requests is not None and examples is not None:
            rows += await _played(name, requests, examples)
    return rows


async def _played(name: str, requests: Outbound, examples: AskedExamples) -> list[Row]:
    first: dict[str, Asked] = {}
    for each in examples.file.asked:
        if not each.options:
            first.setdefault(each.request, each)
    known = {key: value for each in first.values() for key, value in each.given.items() if key == "currency"}
    provider = SandboxProvider(requests, examples.keys(requests, playing=True), known)
    urls = await provider.start()
    keys, settings = examples.keys(requests, playing=False), examples.file.settings
    internal = Internal(
        [Account(name, name, requests, keys, settings)], HOST, 0, tokens=[TOKEN.encode()],
        start=lambda inquiry: outbound(inquiry, SystemClock()), memory=(journal := Memory()),
        callees=Callees({(name, word): hop_to(url) for word, url in urls.items()}),
        done=lambda inquiry, seconds: None,
    )  # fmt: skip
    await journal.start()
    host, port = await internal.start()
    rows = []
    try:
        async with aiohttp.ClientSession(trust_env=False) as client:
            for word, asked in first.items():
                form = requests.forms[ASKS[word]]
                message = f"{form.method} {form.path or '/'}"
                dues = ("ok", "already_exists") if form.name in CREATES else ("ok",)
                for due in dues:
                    told = await _asked(client, f"http://{host}:{port}/requests/{name}/{word}", asked)
                    rows.append(Row(name, word, message, told, due))
    finally:
        await provider.stop()
        await internal.stop(0.5)
        await journal.stop()
    return rows


async def _asked(client: aiohttp.ClientSession, url: str, asked: Asked) -> dict[str, Any]:
    given = {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in asked.given.items()}
    async with client.post(url, json=given, headers={"Authorization": f"Bearer {TOKEN}"}) as answer:
        told: dict[str, Any] = await answer.json()
        return told


def show_requests(rows: Sequence[Row]) -> None:
    """One row for each, and under them whatever is not as it must be."""
    sheet = Sheet()
    sheet.table(
        ("dialect", "platform asked", "provider was asked", "provider said", "platform heard"),
        [(row.dialect, row.request, row.message, _said(row.told), str(row.told.get("result", ""))) for row in rows],
    )
    for row in rows:
        if row.differs:
            sheet.say(f"DIFFERS  {row.dialect}, {row.request}: {row.told.get('result')}, not {row.due}")
    sheet.show()


def _said(told: dict[str, Any]) -> str:
    theirs = told.get("theirs")
    return "-" if theirs is None else f"HTTP {theirs['status']} {theirs['code'] or ''}".rstrip()
