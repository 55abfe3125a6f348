"""One gateway in virtual time: the real stories, stores, gate, breaker and outbox, before the sandbox wallet.

What is not real: sockets, time, and the thread of the journal's writer. `post` is what a provider's connection does.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import gateway.edge.outbox
from gateway.dialect.dialect import Role
from gateway.dialect.keys import Keys
from gateway.edge.breaker import Breaker
from gateway.edge.budget import Budget
from gateway.edge.carry import carry
from gateway.edge.gate import Gate
from gateway.edge.metrics import Metrics
from gateway.edge.outbox import Outbox
from gateway.exchange.callback import callback
from gateway.exchange.errand import Errand
from gateway.exchange.journey import Journey
from gateway.exchange.parties import Provider
from gateway.exchange.parties import Wallet as WalletParty
from gateway.exchange.recovery import recovery
from gateway.exchange.wishes import Delivery
from gateway.journal.states import Policy
from gateway.journal.wishes import Leased
from gateway.sandbox.server import SandboxServer
from gateway.sandbox.wallet import Wallet
from gateway.wire.message import Request, Response
from tests.seeds.stage import WALLET_SECRET, dialect, keys
from tests.storm.hop import Hop
from tests.storm.stores import Journal
from tests.storm.virtual_time import Clock
from tests.torture.providers.drivers import Closed, Timeout

ALL = frozenset({"idempotent", "tombstones", "status", "references"})
#: The accounts, by the dialect that each speaks.
SPEAKS = {"marbles": "155io", "scorpio": "scorpio", "evenbet": "evenbet", "field": "evenbet"}
CONNECTIONS = 100


class Connection:
    """One callback's connection, as the provider has it."""

    def __init__(self) -> None:
        self.open = True
        self.heard: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

    async def deliver(self, response: Response | None) -> Delivery:
        """What the edge does with an answer."""
        if not self.open:
            return Delivery(None)
        if response is None:
            self.heard.set_exception(Closed("without an answer"))
            return Delivery(None)
        self.heard.set_result(response)
        return Delivery(asyncio.get_running_loop().time())


class House:
    """*promises*: of the wallet, and what the gateway was told of them. *file*: the journal's; None: in memory.

    *rng* decides of milliseconds and jitter. *bugs* holds what broke in our own code; *journeys* every callback's.
    """

    def __init__(
        self, rng: Random, promises: frozenset[str] = ALL, file: Path | None = None, *,
        connections: int = CONNECTIONS, accounts: Mapping[str, str] = SPEAKS, quarantine: float = 60.0,
        wallet: Wallet | None = None, keyed: Callable[[str, Role], Keys] = keys,
    ) -> None:  # fmt: skip
        loop = asyncio.get_running_loop()
        self.rng, self.clock, self.promises = rng, Clock(), promises
        self.wallet = wallet or Wallet(promises=promises, clock=self.clock.wall)
        self.server = SandboxServer(dialect("canonical"), WALLET_SECRET, wallet=self.wallet, clock=self.clock.wall)
        self.bugs: list[BaseException] = []
        self.journeys: list[Journey] = []
        self.errands: list[Errand] = []
        self.on_errand: Callable[[Errand], None] = lambda errand: None
        self.policy = Policy(promises, quarantine, chance=rng.random)
        self.file, self.lives = file, 1
        self.journal = Journal(self.policy, self.clock, file)
        self.hop = Hop(self.server, rng, connections=connections, on_bug=self.bugs.append)
        self.metrics = Metrics(dict.fromkeys(accounts, ()))
        self.breaker = Breaker(loop.time)
        self.gate = Gate(
            self.hop, self.breaker, self.metrics, connections=connections, accounts=len(accounts),
            budget=Budget(loop.time), clock=loop.time,
        )  # fmt: skip
        self.party = WalletParty(dialect("canonical"), keys("canonical", "sender"), promises)
        self.accounts = accounts
        self.providers = {name: self._account(name, spoken, keyed) for name, spoken in accounts.items()}
        self.width = max(2, connections // 10)
        self.outbox = self._outbox()
        self._callbacks: set[asyncio.Task[None]] = set()

    def _account(self, name: str, spoken: str, keyed: Callable[[str, Role], Keys]) -> Provider:
        account = Provider(name, name, f"/{name}", dialect(spoken), keyed(spoken, "receiver"))
        return account.prepared(self.clock.wall())

    def _outbox(self) -> Outbox:
        def start(leased: Leased, errand: Errand) -> Any:
            return recovery(leased, self.party, errand, self.clock)

        def width() -> int:
            return self.width if self.breaker.closed else int(self.breaker.admits)

        return Outbox(self.journal.store, self.gate, start, width=width, done=self._done, failed=self.bugs.append)

    def _done(self, errand: Errand, seconds: float) -> None:
        self.errands.append(errand)
        if errand.bug is not None:
            self.bugs.append(errand.bug)
        self.on_errand(errand)

    # -- from start to stop

    @asynccontextmanager
    async def open(self, *, outbox: bool = True) -> AsyncIterator["House"]:
        """Serve."""
        jitter = gateway.edge.outbox.uniform
        gateway.edge.outbox.uniform = self.rng.uniform
        await self.journal.store.start()
        await self.gate.start()
        if outbox:
            self.outbox.begin()
        try:
            yield self
        finally:
            gateway.edge.outbox.uniform = jitter
            await self.outbox.stop(20.0)
            if self._callbacks:
                await asyncio.wait(self._callbacks)
            await self.gate.stop(20.0)
            self.server.late.cancel()
            await self.journal.store.stop()
            self.wallet.close()

    # -- what a provider's connection does

    async def post(
        self, path: str, headers: Mapping[str, str], body: bytes, timeout: float, method: str = "POST"
    ) -> tuple[int, bytes]:
        """A callback, and its answer if it comes in time; see `drivers.Transport`."""
        connection = Connection()
        path, _, query = path.partition("?")
        _, name, below = path.split("/", 2) if path.count("/") > 1 else (*path.split("/"), "")
        request = Request(method, f"/{below}", query, tuple(headers.items()), body)
        task = asyncio.create_task(self._tell(self.providers[name], request, connection))
        self._callbacks.add(task)
        task.add_done_callback(self._callbacks.discard)
        try:
            async with asyncio.timeout(timeout):
                response = await asyncio.shield(connection.heard)
        except TimeoutError:
            raise Timeout(f"nothing in {timeout:g} s") from None
        finally:
            connection.open = False
            if not connection.heard.done():
                connection.heard.cancel()
        return response.status, response.body

    async def _tell(self, provider: Provider, request: Request, connection: Connection) -> None:
        now = self.clock.monotonic()
        journey = Journey(provider.name, provider.dialect.name, now, float("inf"), id=f"j{len(self.journeys)}")
        self.journeys.append(journey)
        flow = callback(request, provider, self.party, journey, self.clock)
        await carry(flow, self.journal.store, self.gate, connection.deliver, journey)
        if not connection.heard.done():
            connection.heard.set_exception(Closed("without an answer"))
            connection.heard.exception()
        if journey.bug is not None:
            self.bugs.append(journey.bug)
