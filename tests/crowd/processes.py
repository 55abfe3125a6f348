"""Two `gateway serve` as an operator starts them, before a wallet in a process of its own and on one PostgreSQL."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from time import monotonic

import aiohttp

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.cli.caller import Caller, Exchange
from gateway.dialect.shelf import Shelf
from tests.cli.process import free_port
from tests.journal.postgres_server import fresh_database
from tests.simulated.stand import TOKEN, Process, Stand

AT_ONCE = 24
#: Scorpio's words: done, and "nobody knows"; the latter while the machine is too busy to make a claim durable in time.
NEVER_A_NO = {Outcome.OK, Outcome.UNKNOWN}
SECRET = "whsec_" + base64.b64encode(b"processes on one port, a secret").decode()
SETTINGS = """
public.listen = "{public}"
journal.url = "{journal}"
drain.accept_grace = {grace}
[wallet]
url = "http://{wallet}"
secrets.signing = [{{ env = "STAND_WALLET" }}]
promises = ["idempotent", "tombstones", "status", "references"]
[providers.slots]
dialect = "scorpio"
secrets.api_token = [{{ env = "STAND_TOKEN" }}]
"""


@dataclass
class Pair:
    """Both processes with their logs, the wallet they share, and a provider in front of the one port."""

    stand: Stand
    processes: list[Process]
    logs: list[Path]
    caller: Caller
    journal: str
    #: starts the gateway of this number (again), as it was started first; does not wait until it serves
    begin: Callable[[int], Process]

    def bets(self, count: int) -> list[Call]:
        """So many, of 1.00 each."""
        facts = {"amount": Decimal("1.00"), "player": "1001"}
        return [self.caller.call(Operation.BET, round=f"r{number}", **facts) for number in range(count)]

    async def send(self, calls: list[Call]) -> list[Exchange]:
        """All of them, some at once."""
        gang = asyncio.Semaphore(AT_ONCE)

        async def one(call: Call) -> Exchange:
            async with gang:
                return await self.caller.send(call)

        return list(await asyncio.gather(*map(one, calls)))

    async def settle(self, calls: list[Call]) -> list[Exchange]:
        """As a provider does: what is not answered, or with "unknown", comes again; the last answer to each."""
        told: dict[int, Exchange] = {}
        left = list(enumerate(calls))
        for _ in range(100):
            for (at, _), heard in zip(left, await self.send([call for _, call in left]), strict=True):
                told[at] = heard
            left = [(at, call) for at, call in left if told[at].reply.outcome is Outcome.UNKNOWN]
            if not left:
                break
            await asyncio.sleep(0.2)
        return [told[at] for at in range(len(calls))]

    def served(self) -> list[list[str]]:
        """By each process, the transactions of the callbacks that it has answered; the log is written behind."""
        lines = [[json.loads(line) for line in log.read_text().splitlines() if line[:1] == "{"] for log in self.logs]
        return [[line["transaction"] for line in each if line["event"] == "callback"] for each in lines]

    def asked(self) -> dict[str, int]:
        """How often the wallet was asked for each bet."""
        return {line["key"]: line["count"] for line in self.stand.ask("calls")["calls"] if line["path"] == "/bet"}

    def balance(self) -> Decimal:
        """What the wallet's books say."""
        (player,) = (each for each in self.stand.ask("ledger")["players"] if each["player"] == "1001")
        return Decimal(player["balance"])


@asynccontextmanager
async def pair(
    folder: Path, *, ports: tuple[int, int] | None = None, probes: tuple[int, int] | None = None, grace: float = 0
) -> AsyncIterator[Pair]:
    """Two processes that serve: on one port and one internal port, or each on its own of *ports*; each on *probes*."""
    public, wallet = (f"127.0.0.1:{free_port()}" for _ in range(2))
    journal = await fresh_database()
    (folder / "gateway.toml").write_text(SETTINGS.format(public=public, wallet=wallet, journal=journal, grace=grace))
    books = folder / "wallet-books.db"
    async with AsyncExitStack() as stack:
        purse = Process("wallet", "--listen", wallet, "--secret", SECRET, "--books", str(books), cwd=folder)
        stack.callback(purse.stop)
        purse.until("Ctrl+C stops it")
        stand = Stand(f"http://{public}", f"http://{wallet}", books, None)  # type: ignore[arg-type] - 155.io's key
        stand.ask("players", {"player": "1001", "currency": "EUR", "balance": "10000.00", "session": "session-1001"})
        processes, logs = [], []
        internal = {
            "GATEWAY_INTERNAL__LISTEN": f"127.0.0.1:{free_port()}",
            "GATEWAY_INTERNAL__SECRETS__TOKEN": '[{"env": "STAND_TOKEN"}]',
        }

        def begin(number: int) -> Process:
            name = ("one", "other")[number]
            (folder / name).mkdir(exist_ok=True)
            env = {"STAND_WALLET": SECRET, "STAND_TOKEN": TOKEN.decode(), "GATEWAY_ADMIN__LISTEN": "127.0.0.1:0"}
            own = {"GATEWAY_PUBLIC__LISTEN": f"127.0.0.1:{ports[number]}"} if ports else {}
            env |= {"GATEWAY_PROBES__LISTEN": f"127.0.0.1:{probes[number]}"} if probes else {}
            env |= own or {"GATEWAY_PUBLIC__REUSE_PORT": "true", **internal}
            words = ("serve", "--config", "../gateway.toml", "--log-format", "json")
            process = Process(*words, cwd=folder / name, **env)
            stack.callback(process.stop)
            return process

        for number, name in enumerate(("one", "other")):
            processes.append(begin(number))
            logs.append(folder / name / "serve.log")
        for process in processes:
            process.until("  admin  ")
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        client = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        dialect = Shelf().dialect("scorpio")
        caller = Caller(dialect, dialect.bind({"api_token": [TOKEN]}, "sender"), f"http://{public}/slots", client)
        yield Pair(stand, processes, logs, caller, journal, begin)


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for it; AssertionError when it does not come."""
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end, "it did not happen"
        await asyncio.sleep(0.1)
