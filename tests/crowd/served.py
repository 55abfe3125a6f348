"""One gateway, or several on one journal, in this process: real sockets, a real store, a sandbox wallet behind them.

One provider, of the dialect that says the most by itself (an id for everything, no log-in): Scorpio.
"""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import aiohttp

from gateway.cli.caller import Caller, Exchange
from gateway.cli.madeup import made_up
from gateway.dialect.shelf import Shelf
from gateway.edge.app import App
from gateway.edge.journals import policy_of
from gateway.edge.logs import Log
from gateway.edge.preparing import prepare
from gateway.edge.settings import load
from gateway.journal.states import Policy
from gateway.journal.store import Store
from gateway.sandbox.server import SandboxServer

PROMISES = ["idempotent", "tombstones", "status", "references"]


@dataclass
class Crowd:
    """*callers*: one per gateway; *wallet*: what all of them ask; *token*: with which the provider signs."""

    wallet: SandboxServer
    callers: list[Caller]
    apps: list[App]
    token: bytes

    def effects(self, key: str) -> int:
        """How many operations the wallet's books hold under a key, declined ones left out."""
        found = self.wallet.wallet.ledger.connection.execute(
            "SELECT count(*) FROM operations WHERE key = ? AND state <> 'declined'", (key,)
        ).fetchone()
        return int(found[0]) if found else 0


@asynccontextmanager
async def crowd(
    folder: Path, journal: str, gateways: int = 1, balance: str = "100000.00",
    store: Callable[[Policy], Store] | None = None,
) -> AsyncIterator[Crowd]:  # fmt: skip
    """Serve *gateways* instances over the journal of that url; *store* makes another one of it."""
    shelf = Shelf()
    signing = made_up(shelf.dialect("canonical"))["signing"]
    token = made_up(shelf.dialect("scorpio"))["api_token"]
    (folder / "signing").write_bytes(signing)
    (folder / "token").write_bytes(token)
    wallet = SandboxServer(shelf.dialect("canonical"), {"signing": [signing]})
    wallet.wallet.open_player("1001", "EUR", Decimal(balance), session="session-1001")
    await wallet.start()
    path = folder / "gateway.toml"
    path.write_text(
        f'public.listen = "127.0.0.1:0"\nadmin.listen = "127.0.0.1:0"\ndrain.accept_grace = 0\n'
        f'journal.url = "{journal}"\n[wallet]\nurl = "{wallet.url}"\npromises = {PROMISES}\nqueue = 2000\n'
        'secrets.signing = [{ file = "signing" }]\n'
        '[providers.slots]\ndialect = "scorpio"\nsecrets.api_token = [{ file = "token" }]\n'
    )
    settings = load(path)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(wallet.stop)
        connector = aiohttp.TCPConnector(limit=0)
        client = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        apps, callers = [], []
        for _ in range(gateways):
            parties = prepare(settings, path)
            made = None if store is None else store(policy_of(settings))
            app = App(settings, parties, Log(io.BytesIO(), "json"), made)
            url = await _running(app, stack)
            dialect = parties.providers[0].dialect
            callers.append(Caller(dialect, dialect.bind({"api_token": [token]}, "sender"), f"{url}/slots", client))
            apps.append(app)
        yield Crowd(wallet, callers, apps, token)


async def _running(app: App, stack: AsyncExitStack) -> str:
    """Its public address; stopped when *stack* is unwound."""
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    run = asyncio.create_task(app.run(lambda public, admin: started.set_result(public[1])))

    async def stop() -> None:
        app.lifecycle.stop()
        assert await run == 0

    stack.push_async_callback(stop)
    await asyncio.wait({started, run}, return_when=asyncio.FIRST_COMPLETED)
    return f"http://127.0.0.1:{await started}"


async def at_once(*calls: "asyncio.Future[Exchange] | object") -> list[Exchange]:
    """All of them together."""
    return list(await asyncio.gather(*calls))  # type: ignore[call-overload]
